// Credentials that many callers share: one request at a time, ahead of need, and while a renewal fails what is left of
// the last ones is used up.

/** Milliseconds before the end at which the AWS SDK for JavaScript begins to ask again. */
const RENEW_WITHIN = 5 * 60_000;
/** Milliseconds before the end from which on nobody is given them. */
const TOO_SHORT = 30_000;
/** Milliseconds between one renewal ahead of need and the next. */
const PAUSE = 10_000;

interface Expiring {
  readonly expiration: Date;
}

export interface ProviderRequest {
  /** Ask the broker, whatever is kept. */
  readonly forceRefresh?: boolean;
}

/** A function that gives what `obtain` gave last while it has life left. Nobody waits for a renewal ahead of need. */
export function refreshingProvider<T extends Expiring>(
  obtain: () => Promise<T>,
  now: () => number = Date.now,
): (asked?: ProviderRequest) => Promise<T> {
  let kept: T | undefined;
  let renewal: Promise<T> | undefined;
  let notBefore = 0;

  const renew = () => {
    notBefore = now() + PAUSE;
    renewal ??= obtain()
      .then((obtained) => {
        kept = obtained;
        return obtained;
      })
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  };

  return async ({ forceRefresh = false } = {}) => {
    const left = kept ? kept.expiration.getTime() - now() : 0;
    if (!kept || forceRefresh || left < TOO_SHORT) return renew();
    // If it fails there is time for another; the caller who finds nothing left is told why.
    if (left < RENEW_WITHIN && now() >= notBefore) renew().catch(() => {});
    return kept;
  };
}
