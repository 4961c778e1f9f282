// When the sidecar refreshes credentials, and when it retries after an error. Both have jitter, so that sidecars that
// started at the same time do not call the broker at the same time.

/** Milliseconds. */
const MINUTE = 60_000;

/**
 * Remaining lifetime at which credentials are refreshed, in milliseconds. With less than 20 minutes left, the broker
 * issues new credentials instead of cached ones. With more than 15 minutes left, no SDK refetches them at each use.
 */
const REFRESH_AT_REMAINING = { max: 20 * MINUTE, min: 16 * MINUTE };

/** Milliseconds. The delay doubles with each consecutive error. */
const INITIAL_RETRY_DELAY = 1000;
const MAX_RETRY_DELAY = 30_000;

/** Seconds. Upper bound for Retry-After, which a proxy or a wrong clock can make too large. */
const MAX_RETRY_AFTER = 300;

/**
 * Returns milliseconds until credentials with this remaining lifetime are refreshed, at least a third of it. `jitter`:
 * from 0 to 1.
 */
export function refreshDelay(remaining: number, jitter: number): number {
  const { max, min } = REFRESH_AT_REMAINING;
  return Math.max(remaining - (max - (max - min) * jitter), remaining / 3);
}

/** Returns milliseconds until the next attempt after so many consecutive errors. `retryAfter`: seconds. */
export function retryDelay(failures: number, jitter: number, retryAfter?: number): number {
  const backoff = Math.min(INITIAL_RETRY_DELAY * 2 ** (failures - 1), MAX_RETRY_DELAY);
  return Math.max(backoff, onDemandRetryDelay(retryAfter)) * (1 + jitter / 2);
}

/** The same if a client waits and there are no usable credentials. */
export const onDemandRetryDelay = (retryAfter = 0): number =>
  Math.max(INITIAL_RETRY_DELAY, Math.min(retryAfter, MAX_RETRY_AFTER) * 1000);
