// AssumeRoleWithWebIdentity: sends a JWT to STS, unsigned. It is the caller's own, or in keyless mode one that the broker
// signed. Tags and source identity are claims of the token.
import type { Secret } from '@sallyport/client/internal/secret';
import { SallyportError } from '../../core/errors.js';
import type { IssuedCredentials, Session, Target } from '../../core/types.js';
import type { Sts, StsCallOptions } from '../sts/sts.js';
import { isAboutProof } from '../sts/translate-error.js';
import { sessionParameters, toIssuedCredentials } from './sts-response.js';

export async function assumeRoleWithWebIdentity(
  sts: Pick<Sts, 'assumeRoleWithWebIdentity'>,
  target: Extract<Target, { operation: 'AssumeRoleWithWebIdentity' }>,
  session: Session,
  token: Secret,
  options: StsCallOptions,
): Promise<IssuedCredentials> {
  const output = await sts.assumeRoleWithWebIdentity(
    {
      RoleArn: target.roleArn,
      RoleSessionName: session.name,
      WebIdentityToken: token.reveal(),
      ...sessionParameters(session),
    },
    options,
  );
  const { SubjectFromWebIdentityToken, Provider, Audience } = output;
  return toIssuedCredentials(output, { SubjectFromWebIdentityToken, Provider, Audience });
}

/** With a token that the broker signed: if STS refuses it, a new proof of the caller would not help. */
export async function assumeRoleKeyless(
  ...[sts, target, session, signedToken, options]: Parameters<typeof assumeRoleWithWebIdentity>
): Promise<IssuedCredentials> {
  try {
    return await assumeRoleWithWebIdentity(sts, target, session, signedToken, options);
  } catch (error) {
    if (!(error instanceof SallyportError) || !isAboutProof(error)) throw error;
    const { reason, sts: failure, cause } = error;
    throw new SallyportError('web_identity_rejected', { reason, sts: failure, cause });
  }
}
