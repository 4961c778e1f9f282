// AssumeRoleWithWebIdentity: a JWT goes to STS, the caller's own or one that the broker signed; no AWS key signs the
// call. Tags and source identity are claims of the token.
import type { Secret } from '@sallyport/client/internal/secret';
import type { IssuedCredentials, Session, Target } from '../../core/types.js';
import type { StsClient } from '../sts/client.js';
import { sharedParameters, toIssuedCredentials } from './sts-response.js';

export async function assumeRoleWithWebIdentity(
  sts: StsClient,
  target: Extract<Target, { operation: 'AssumeRoleWithWebIdentity' }>,
  session: Session,
  token: Secret,
): Promise<IssuedCredentials> {
  const answer = await sts.assumeRoleWithWebIdentity({
    RoleArn: target.roleArn,
    RoleSessionName: session.name,
    WebIdentityToken: token.reveal(),
    ...sharedParameters(session),
  });
  const { SubjectFromWebIdentityToken, Provider, Audience } = answer;
  return toIssuedCredentials(answer, { SubjectFromWebIdentityToken, Provider, Audience });
}
