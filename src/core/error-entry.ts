// A row of the error table, and the kinds of rows that many codes share.

export interface ErrorEntry {
  readonly status: number;
  /** RFC 6749 section 5.2 / RFC 8693 section 2.2.2 error. */
  readonly oauth: string;
  /** The code AWS STS would send for the like. */
  readonly sts: string;
  /** Says what is wrong and what to do. Never holds a value from the request. */
  readonly text: string;
  /** Seconds for `Retry-After`, where trying again later can help. */
  readonly retryAfter?: number;
}

export const table = <const T extends Record<string, ErrorEntry>>(entries: T): T => entries;

export const invalidRequest = (status: number, text: string) => ({
  status,
  oauth: 'invalid_request',
  sts: 'ValidationError',
  text,
});
export const invalidProof = (text: string) => ({
  status: 401,
  oauth: 'invalid_grant',
  sts: 'InvalidIdentityToken',
  text,
});
export const refused = (status: number, text: string) => ({
  status,
  oauth: 'invalid_target',
  sts: 'AccessDenied',
  text,
});
/** IAM and the config disagree: nothing the caller could mend. */
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
