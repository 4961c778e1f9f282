// The error that refuses a SAML proof. Reasons are fixed; no value of the request and no message of a library gets into it.
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { ReasonSuffix } from '../../core/reasons.js';

/** Why a SAML proof is refused, without the prefix `saml.`: `signature.missing`. */
export type SamlReason = ReasonSuffix<'saml'>;

/** `reason` is without the prefix `saml.`; `detail` is public. */
export function rejectAssertion(
  reason: SamlReason,
  code: ErrorCode = 'proof_invalid',
  detail?: string,
): never {
  throw new SallyportError(code, { reason: `saml.${reason}`, ...(detail !== undefined && { detail }) });
}
