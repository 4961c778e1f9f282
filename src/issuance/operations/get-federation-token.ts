// GetFederationToken: a federated user, signed with the broker's own long-term IAM user keys.
import type { IssuedCredentials, Session } from '../../core/types.js';
import type { StsClient } from '../sts/client.js';
import { sharedParameters, tagList, toIssuedCredentials } from './sts-response.js';

export async function getFederationToken(sts: StsClient, session: Session): Promise<IssuedCredentials> {
  return toIssuedCredentials(
    await sts.getFederationToken({
      Name: session.name,
      ...sharedParameters(session),
      ...tagList(Object.entries(session.tags ?? {})),
    }),
  );
}
