// STS error -> ours. The caller reads what to do; STS's own code goes on as the reason, its text only to the log.
import { type ErrorCode, SallyportError } from '../core/errors.js';

/** By the code on the wire or the SDK's name for it, without the `Exception` some have. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries({
    AccessDenied: 'sts_access_denied',
    ExpiredToken: 'broker_credentials_invalid',
    IDPCommunicationError: 'sts_unavailable',
    IDPRejectedClaim: 'sts_rejected_proof',
    InvalidAuthorizationMessage: 'encoded_message_invalid',
    InvalidClientTokenId: 'broker_credentials_invalid',
    InvalidIdentityToken: 'sts_rejected_proof',
    InvalidParameterValue: 'sts_rejected_request',
    MalformedPolicyDocument: 'policy_malformed',
    MissingAuthenticationToken: 'broker_credentials_invalid',
    PackedPolicyTooLarge: 'packed_policy_too_large',
    RegionDisabled: 'sts_rejected_request',
    SignatureDoesNotMatch: 'broker_credentials_invalid',
    RequestLimitExceeded: 'sts_throttled',
    Throttling: 'sts_throttled',
    TooManyRequests: 'sts_throttled',
    ValidationError: 'sts_rejected_request',
    // The SDK's own
    CredentialsProviderError: 'broker_credentials_invalid',
  } as const),
);

/** The modelled exception for a caller's expired proof; `ExpiredToken` on the wire is about the broker's own keys. */
const PROOF_EXPIRED = 'ExpiredTokenException';

interface StsError {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly $metadata?: { readonly requestId?: unknown };
}

/** Any error of an STS call -> SallyportError. What has no STS code (network, timeout, unreadable answer) is `sts_unavailable`. */
export function translateStsError(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  const { name, Code } = (error ?? {}) as StsError;
  const code = typeof Code === 'string' ? Code : String(name ?? 'unknown');
  const ours = code === PROOF_EXPIRED ? 'proof_expired' : CODES.get(code.replace(/Exception$/, ''));
  return new SallyportError(ours ?? 'sts_unavailable', { reason: `sts.${safeWord(code)}`, cause: error });
}

/** A code that came over the network, fit for log and metric. */
const safeWord = (code: string) => (/^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(code) ? code : 'unknown');

const hasCode = (error: unknown, codes: readonly ErrorCode[]) =>
  error instanceof SallyportError && codes.includes(error.code);

/** STS could not be asked, or did not answer: it has not refused anything. */
export const isOutage = (error: unknown): boolean => hasCode(error, ['sts_unavailable', 'sts_throttled']);

/** STS has refused the caller's proof: another one of the same caller might do. */
export const isAboutProof = (error: unknown): boolean =>
  hasCode(error, ['sts_rejected_proof', 'proof_expired']);
