// AssumeRoleWithSAML: the caller's own SAML response goes to STS; no AWS key signs the call. Session name, tags and
// source identity are attributes of the assertion.
import type { Secret } from '@sallyport/client/internal/secret';
import type { IssuedCredentials, Session, Target } from '../../core/types.js';
import type { StsClient } from '../sts/client.js';
import { sharedParameters, toIssuedCredentials } from './sts-response.js';

export async function assumeRoleWithSAML(
  sts: StsClient,
  target: Extract<Target, { operation: 'AssumeRoleWithSAML' }>,
  session: Session,
  response: Secret,
): Promise<IssuedCredentials> {
  const answer = await sts.assumeRoleWithSAML({
    RoleArn: target.roleArn,
    PrincipalArn: target.principalArn,
    SAMLAssertion: response.reveal(),
    ...sharedParameters(session),
  });
  const { Subject, SubjectType, Issuer, Audience, NameQualifier } = answer;
  return toIssuedCredentials(answer, { Subject, SubjectType, Issuer, Audience, NameQualifier });
}
