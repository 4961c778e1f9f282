// GetFederationToken: credentials of a federated user, signed with the long-term keys of the broker's own IAM user.
import type { IssuedCredentials, Session } from '../../core/types.js';
import type { Sts, StsCallOptions } from '../sts/sts.js';
import { sessionParameters, tagParameters, toIssuedCredentials } from './sts-response.js';

export async function getFederationToken(
  sts: Pick<Sts, 'getFederationToken'>,
  session: Session,
  options: StsCallOptions,
): Promise<IssuedCredentials> {
  const input = {
    Name: session.name,
    ...sessionParameters(session),
    ...tagParameters(Object.entries(session.tags ?? {})),
  };
  return toIssuedCredentials(await sts.getFederationToken(input, options));
}
