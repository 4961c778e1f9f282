// Why a JWT is refused: a code from the table, and a fine reason under `jwt.` that holds no value of the token.
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { ReasonSuffix } from '../../core/reasons.js';

type RefusalCode = Extract<
  ErrorCode,
  | 'proof_malformed'
  | 'proof_invalid'
  | 'issuer_unknown'
  | 'audience_mismatch'
  | 'proof_expired'
  | 'proof_not_yet_valid'
  | 'claim_missing'
>;

/** E.g. `refusal('proof_invalid', 'alg.refused')`; `detail` and `cause` as in `SallyportError`. */
export function invalidToken(
  code: RefusalCode,
  reason: ReasonSuffix<'jwt'>,
  more: { readonly detail?: string; readonly cause?: unknown } = {},
): SallyportError {
  return new SallyportError(code, { reason: `jwt.${reason}`, ...more });
}
