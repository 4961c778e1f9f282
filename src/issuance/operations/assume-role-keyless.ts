// AssumeRoleWithWebIdentity with a token that the broker signed. If STS does not take it, the caller's proof is not to
// blame, and a new one would not help.

import type { Secret } from '@sallyport/client/internal/secret';
import { SallyportError } from '../../core/errors.js';
import type { IssuedCredentials, Session, Target } from '../../core/types.js';
import type { StsClient } from '../sts/client.js';
import { assumeRoleWithWebIdentity } from './assume-role-with-web-identity.js';

export async function assumeRoleKeyless(
  sts: StsClient,
  target: Extract<Target, { operation: 'AssumeRoleWithWebIdentity' }>,
  session: Session,
  signed: Secret,
): Promise<IssuedCredentials> {
  try {
    return await assumeRoleWithWebIdentity(sts, target, session, signed);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    if (error.code !== 'sts_rejected_proof' && error.code !== 'proof_expired') throw error;
    const { reason, sts: failure, cause } = error;
    throw new SallyportError('web_identity_rejected', { reason, sts: failure, cause });
  }
}
