// One way to refuse a SAML proof. Reasons are fixed words; nothing a caller sent, and no library's message about
// it, gets into an error.
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { ReasonSuffix } from '../../core/reasons.js';

/** Why a SAML proof is refused, without the prefix `saml.`: `signature.missing`. */
export type SamlReason = ReasonSuffix<'saml'>;

/** Refuses the proof under a reason such as `saml.signature.missing`. `detail` is public. */
export function rejectAssertion(
  reason: SamlReason,
  code: ErrorCode = 'proof_invalid',
  detail?: string,
): never {
  throw new SallyportError(code, { reason: `saml.${reason}`, ...(detail !== undefined && { detail }) });
}
