// GetFederationToken: a federated user, signed with the broker's own long-term IAM user keys.
import type { Issued, Session } from '../core/types.js';
import { issuedFrom, sharedParameters } from './answer.js';
import type { StsClient } from './sts-client.js';

export async function getFederationToken(sts: StsClient, session: Session): Promise<Issued> {
  const { name, tags } = session;
  return issuedFrom(
    await sts.getFederationToken({
      Name: name,
      ...sharedParameters(session),
      ...(tags && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    }),
  );
}
