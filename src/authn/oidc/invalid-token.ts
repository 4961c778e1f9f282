// The error that refuses a JWT: a code of the error table and a reason `jwt.*`. Neither holds a value of the token.
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { ReasonSuffix } from '../../core/reasons.js';

type InvalidTokenCode = Extract<
  ErrorCode,
  | 'proof_malformed'
  | 'proof_invalid'
  | 'issuer_unknown'
  | 'audience_mismatch'
  | 'proof_expired'
  | 'proof_not_yet_valid'
  | 'claim_missing'
>;

/** E.g. `invalidToken('proof_invalid', 'alg.refused')`; `detail` and `cause` as in `SallyportError`. */
export function invalidToken(
  code: InvalidTokenCode,
  reason: ReasonSuffix<'jwt'>,
  more: { readonly detail?: string; readonly cause?: unknown } = {},
): SallyportError {
  return new SallyportError(code, { reason: `jwt.${reason}`, ...more });
}
