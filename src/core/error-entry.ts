// An entry of the error table, the kinds of entries that many codes share, and the details that an error adds.
import type { Reason } from './reasons.js';
import type { StsFailure } from './types.js';

export interface ErrorEntry {
  readonly status: number;
  /** `error` of the token endpoint: RFC 6749 section 5.2, RFC 8693 section 2.2.2. */
  readonly oauth: string;
  /** The closest error code of AWS STS. */
  readonly sts: string;
  /** Says what is wrong and what to do. Contains no value from the request. */
  readonly text: string;
  /** Seconds for `Retry-After`, where a retry can help. */
  readonly retryAfter?: number;
}

/** `Code`: the codes of the table; an error without a reason has its code in that place. */
export interface ErrorOptions<Code extends string> {
  /** Precise cause for log, audit log and tests, e.g. `saml.signature.missing`. */
  readonly reason?: Reason | Code;
  /** Public text, more specific than the table's. Without secrets, or anything the caller may not know. */
  readonly detail?: string;
  /** Public extra members of the problem document, e.g. the choices of a 409. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Whole seconds for `Retry-After`, instead of the table's. */
  readonly retryAfter?: number | undefined;
  readonly sts?: StsFailure | undefined;
  /** The underlying error; logged, never shown. */
  readonly cause?: unknown;
}

export const table = <const T extends Record<string, ErrorEntry>>(entries: T): T => entries;

export const invalidRequest = (status: number, text: string, sts = 'ValidationError') => ({
  status,
  oauth: 'invalid_request',
  sts,
  text,
});
/** For the token endpoint only. */
export const badTokenRequest = (oauth: string, text: string) => ({ ...invalidRequest(400, text), oauth });
/** RFC 8693 section 2.2.2: a subject_token that is not valid is an invalid request. */
export const invalidProof = (text: string, sts = 'InvalidIdentityToken') => invalidRequest(401, text, sts);
export const refused = (status: number, text: string) => ({
  status,
  oauth: 'invalid_target',
  sts: 'AccessDenied',
  text,
});
/** IAM and the config do not match, which only the operator can correct. */
export const misconfigured = (sts: string, text: string) => ({
  status: 502,
  oauth: 'server_error',
  sts,
  text,
});
export const unavailable = (text: string, retryAfter: number) => ({
  status: 503,
  oauth: 'temporarily_unavailable',
  sts: 'ServiceUnavailable',
  text,
  retryAfter,
});
