// AssumeRoleWithSAML: forwards the caller's SAML response to STS, unsigned. Session name, tags and source identity are
// attributes of the assertion.
import type { Secret } from '@sallyport/client/internal/secret';
import type { IssuedCredentials, Session, Target } from '../../core/types.js';
import type { Sts, StsCallOptions } from '../sts/sts.js';
import { sessionParameters, toIssuedCredentials } from './sts-response.js';

export async function assumeRoleWithSAML(
  sts: Pick<Sts, 'assumeRoleWithSAML'>,
  target: Extract<Target, { operation: 'AssumeRoleWithSAML' }>,
  session: Session,
  samlResponse: Secret,
  options: StsCallOptions,
): Promise<IssuedCredentials> {
  const output = await sts.assumeRoleWithSAML(
    {
      RoleArn: target.roleArn,
      PrincipalArn: target.principalArn,
      SAMLAssertion: samlResponse.reveal(),
      ...sessionParameters(session),
    },
    options,
  );
  const { Subject, SubjectType, Issuer, Audience, NameQualifier } = output;
  return toIssuedCredentials(output, { Subject, SubjectType, Issuer, Audience, NameQualifier });
}
