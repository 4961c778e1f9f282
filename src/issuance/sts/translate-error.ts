// STS error -> ours. The caller reads what to do; STS's own code goes on as the reason. Its text may quote what was
// sent, so of that only what a pattern picks out leaves this file.
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { StsErrorCode } from '../../core/reasons/sts.js';
import type { Reason } from '../../core/reasons.js';
import { STS_ERROR_MAP } from './error-map.js';
import { TransportError } from './http-handler.js';
import type { StsErrorMapping } from './proof-error-map.js';

/** The modelled exception for a caller's expired proof; `ExpiredToken` on the wire is about the broker's own keys. */
const PROOF_EXPIRED = 'ExpiredTokenException';

const ENCODED_MESSAGE = /Encoded authorization failure message: ([\w+/=-]{1,10240})/;

interface StsError {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly requestId?: unknown; readonly httpStatusCode?: unknown };
}

/**
 * Any error of an STS call -> SallyportError. What has no code of STS (network, timeout, unreadable answer) is
 * `sts_unavailable`: it says that the region is away. A refusal whose code is not known is `sts_rejected_request`.
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
  const word = safeWord(typeof Code === 'string' ? Code : String(name ?? ''));
  const text = typeof message === 'string' ? message : '';
  const [, encodedMessage] = ENCODED_MESSAGE.exec(text) ?? [];
  const refused = typeof Code === 'string' && typeof status === 'number' && status < 500;
  const { code, detail, reason } = meaningOf(
    word,
    text,
    refused ? 'sts_rejected_request' : 'sts_unavailable',
  );
  return new SallyportError(code, {
    reason: reasonOf(word, reason),
    ...(detail !== undefined && { detail }),
    cause: error,
    sts: {
      sent: status !== undefined,
      ...(typeof Code === 'string' && { code: word }),
      ...(typeof requestId === 'string' && { requestId: requestId.slice(0, 64) }),
      ...(encodedMessage !== undefined && { encodedMessage }),
    },
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly detail?: string;
}

function meaningOf(word: string, text: string, unknown: ErrorCode): Meaning {
  const refusal: StsErrorMapping | undefined = STS_ERROR_MAP.get(
    word === PROOF_EXPIRED ? word : word.replace(/Exception$/, ''),
  );
  if (!refusal) return { code: unknown };
  for (const variant of refusal.variants ?? []) {
    const match = variant.text.exec(text);
    if (!match) continue;
    const { code = refusal.code, reason } = variant;
    return { code, reason, detail: variant.detail.replace('$1', match[1] ?? '') };
  }
  return refusal;
}

/** The code of STS, and which variant of its message it is. */
function reasonOf(code: StsErrorCode | 'unknown', variant: string | undefined): Reason {
  if (code === 'unknown') return 'sts.unknown';
  return variant === undefined ? `sts.${code}` : `sts.${code}.${variant}`;
}

/** A code that came over the network, fit for log and metric. */
const safeWord = (code: string): StsErrorCode | 'unknown' =>
  /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(code) ? (code as StsErrorCode) : 'unknown';

/**
 * The same for what is signed and has no proof in it: a token that STS refuses is then the one by which the broker gets
 * its own credentials, e.g. that of a Kubernetes service account.
 */
export function translateSignedError(error: unknown): SallyportError {
  const translated = translateStsError(error);
  if (!isAboutProof(translated)) return translated;
  const { reason, sts, cause } = translated;
  return new SallyportError('broker_credentials_invalid', { reason, sts, cause });
}

const hasCode = (error: unknown, codes: readonly ErrorCode[]) =>
  error instanceof SallyportError && codes.includes(error.code);

/** STS could not be asked, or did not answer in time: it has not refused anything. */
export const isOutage = (error: unknown): boolean =>
  hasCode(error, ['sts_unavailable', 'sts_throttled', 'overloaded']);

/** STS has refused the caller's proof: another one of the same caller might do. */
export const isAboutProof = (error: unknown): boolean =>
  hasCode(error, ['sts_rejected_proof', 'proof_expired']);
