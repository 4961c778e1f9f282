// When kept credentials are renewed, and when a renewal that failed is tried again. Each time has a share of chance in
// it, so that sidecars which started together do not ask together for ever after.

/** Milliseconds. */
const MINUTE = 60_000;

/**
 * Milliseconds of life at which to renew: under 20 minutes the broker gives new credentials and not those it has
 * cached, and over 15 minutes no SDK asks anew at each use.
 */
const RENEW_AT = { most: 20 * MINUTE, least: 16 * MINUTE };

/** Milliseconds: doubled with each failure in a row. */
const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

/** Seconds: whatever a proxy or a wrong clock says, it is tried again after that. */
const LONGEST_RETRY_AFTER = 300;

/** Milliseconds from now until credentials with so much life left are renewed; after a third of it at the soonest. */
export function refreshDelay(left: number, chance: number): number {
  const renewAt = RENEW_AT.most - (RENEW_AT.most - RENEW_AT.least) * chance;
  return Math.max(left - renewAt, left / 3);
}

/** Milliseconds until the next try after so many failures in a row; `retryAfter`: seconds before which none can help. */
export function retryDelay(failures: number, chance: number, retryAfter?: number): number {
  const backoff = Math.min(FIRST_RETRY * 2 ** (failures - 1), LAST_RETRY);
  return Math.max(backoff, onDemandRetryDelay(retryAfter)) * (1 + chance / 2);
}

/** The same where a client waits and there is nothing to give it. */
export const onDemandRetryDelay = (retryAfter = 0): number =>
  Math.max(FIRST_RETRY, Math.min(retryAfter, LONGEST_RETRY_AFTER) * 1000);
