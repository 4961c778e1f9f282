// Translates any error of an STS call to a `SallyportError`. STS's own code becomes the reason. Its message may quote
// secrets that were sent, so only what a pattern extracts from it leaves this file.
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { StsErrorCode } from '../../core/reasons/sts.js';
import type { Reason } from '../../core/reasons.js';
import { STS_ERROR_MAP } from './error-map.js';
import { TransportError } from './http-handler.js';
import type { StsErrorMapping } from './proof-error-map.js';

/** For an expired proof of the caller. `ExpiredToken` is about the broker's own credentials. */
const PROOF_EXPIRED = 'ExpiredTokenException';

const ENCODED_MESSAGE = /Encoded authorization failure message: ([\w+/=-]{1,10240})/;

interface StsError {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly requestId?: unknown; readonly httpStatusCode?: unknown };
}

/**
 * Errors without a code of STS (network, timeout, unreadable response) become `sts_unavailable`, client errors with an
 * unknown code `sts_rejected_request`.
 */
export function translateStsError(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  if (error instanceof TransportError) {
    const sent = error.code !== 'connect';
    return new SallyportError('sts_unavailable', {
      reason: `sts.${error.code}`,
      cause: error,
      sts: { sent },
    });
  }
  const { name, Code, message, $metadata = {} } = (error ?? {}) as StsError;
  const { requestId, httpStatusCode: status } = $metadata;
  const stsCode = toSafeCode(typeof Code === 'string' ? Code : String(name ?? ''));
  const text = typeof message === 'string' ? message : '';
  const [, encodedMessage] = ENCODED_MESSAGE.exec(text) ?? [];
  const refused = typeof Code === 'string' && typeof status === 'number' && status < 500;
  const { code, detail, variant } = lookUp(
    stsCode,
    text,
    refused ? 'sts_rejected_request' : 'sts_unavailable',
  );
  return new SallyportError(code, {
    reason: reasonOf(stsCode, variant),
    ...(detail !== undefined && { detail }),
    cause: error,
    sts: {
      sent: status !== undefined,
      ...(typeof Code === 'string' && { code: stsCode }),
      ...(typeof requestId === 'string' && { requestId: requestId.slice(0, 64) }),
      ...(encodedMessage !== undefined && { encodedMessage }),
    },
  });
}

interface Translation {
  readonly code: ErrorCode;
  readonly variant?: string;
  readonly detail?: string;
}

function lookUp(stsCode: string, text: string, fallback: ErrorCode): Translation {
  const mapping: StsErrorMapping | undefined = STS_ERROR_MAP.get(
    stsCode === PROOF_EXPIRED ? stsCode : stsCode.replace(/Exception$/, ''),
  );
  if (!mapping) return { code: fallback };
  for (const variant of mapping.variants ?? []) {
    const match = variant.text.exec(text);
    if (!match) continue;
    const { code = mapping.code, reason } = variant;
    return { code, variant: reason, detail: variant.detail.replace('$1', match[1] ?? '') };
  }
  const { code, detail } = mapping;
  return { code, ...(detail !== undefined && { detail }) };
}

/** STS's code, and the variant of its message. */
function reasonOf(code: StsErrorCode | 'unknown', variant: string | undefined): Reason {
  if (code === 'unknown') return 'sts.unknown';
  return variant === undefined ? `sts.${code}` : `sts.${code}.${variant}`;
}

/** The code comes from the network and goes to log and metrics. */
const toSafeCode = (code: string): StsErrorCode | 'unknown' =>
  /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(code) ? (code as StsErrorCode) : 'unknown';

/**
 * For signed calls, which carry no proof of the caller: a token that STS refuses is then the one by which the SDK gets
 * the broker's own credentials, e.g. that of a Kubernetes service account.
 */
export function translateSignedError(error: unknown): SallyportError {
  const translated = translateStsError(error);
  if (!isAboutProof(translated)) return translated;
  const { reason, sts, cause } = translated;
  return new SallyportError('broker_credentials_invalid', { reason, sts, cause });
}

const hasCode = (error: unknown, codes: readonly ErrorCode[]) =>
  error instanceof SallyportError && codes.includes(error.code);

/** STS could not be called or did not respond in time; it has not refused anything. */
export const isOutage = (error: unknown): boolean =>
  hasCode(error, ['sts_unavailable', 'sts_throttled', 'overloaded']);

/** STS refused the caller's proof. It may accept another one of the same caller. */
export const isAboutProof = (error: unknown): boolean =>
  hasCode(error, ['sts_rejected_proof', 'proof_expired']);
