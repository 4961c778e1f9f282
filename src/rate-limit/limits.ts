// The configured rate limits and the error beyond them, which both rate limiters share. Start reading here.
import type { LimitsConfig } from '../config/schema/limits.js';
import { seconds } from '../core/duration.js';
import { SallyportError } from '../core/errors.js';
import type { RateLimitScope } from '../core/ports.js';

export interface Limit {
  readonly requests: number;
  /** Length of the window in milliseconds. */
  readonly window: number;
}

export type Limits = Readonly<Record<RateLimitScope, Limit>>;

/** Enough for hundreds of pods that start together and share a node address or a service account. */
const DEFAULTS = {
  address: { requests: 3000, per: '1m' },
  principal: { requests: 1500, per: '1m' },
};

export function toLimits({ perAddress, perPrincipal }: LimitsConfig = {}): Limits {
  const limit = ({ requests, per }: { requests: number; per: string }): Limit => ({
    requests,
    window: seconds(per) * 1000,
  });
  return {
    address: limit(perAddress ?? DEFAULTS.address),
    principal: limit(perPrincipal ?? DEFAULTS.principal),
  };
}

const DETAIL = {
  address: 'Too many requests from your address. Retry after the time in Retry-After.',
  principal:
    'Too many requests from your identity. Retry after the time in Retry-After, with a new proof if yours is single-use.',
};

/**
 * `count` requests have been made in the window, including this one; `remainingMs` until the window ends.
 * @throws SallyportError `rate_limited` if that is above the limit.
 */
export function enforceLimit(
  scope: RateLimitScope,
  { requests }: Limit,
  count: number,
  remainingMs: number,
): void {
  if (count <= requests) return;
  throw new SallyportError('rate_limited', {
    reason: `limit.${scope}`,
    detail: DETAIL[scope],
    retryAfter: Math.max(1, Math.ceil(remainingMs / 1000)),
  });
}
