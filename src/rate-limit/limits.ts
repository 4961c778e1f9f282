// The limits on requests, and the refusal beyond them, whoever counts.
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

/** Hundreds of pods that start together fit, though they share a node's address, or a service account. */
const DEFAULTS = {
  address: { requests: 3000, per: '1m' },
  principal: { requests: 1500, per: '1m' },
};

export function limitsOf({ perAddress, perPrincipal }: LimitsConfig = {}): Limits {
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
  address: 'Too many requests came from your address. Wait as long as Retry-After says, then try again.',
  principal:
    'You have sent too many requests. Wait as long as Retry-After says, then try again; a single-use proof needs a new one.',
};

/** @throws SallyportError `rate_limited` if the `used`th request is beyond the limit; `rest`: milliseconds left of the window. */
export function enforce(scope: RateLimitScope, { requests }: Limit, used: number, rest: number): void {
  if (used <= requests) return;
  throw new SallyportError('rate_limited', {
    reason: `limit.${scope}`,
    detail: DETAIL[scope],
    retryAfter: Math.max(1, Math.ceil(rest / 1000)),
  });
}
