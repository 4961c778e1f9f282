// Credentials shared by many callers: one request at a time, in the background before they expire. While a refresh
// fails, the current credentials are used until they expire.

/** Milliseconds before expiration at which the AWS SDK for JavaScript starts to refresh. */
const REFRESH_BEFORE_EXPIRY_MS = 5 * 60_000;
/** Milliseconds. Credentials that expire sooner are not returned. */
const MIN_REMAINING_MS = 30_000;
/** Milliseconds between two background refreshes. */
const MIN_REFRESH_INTERVAL_MS = 10_000;

interface Expiring {
  readonly expiration: Date;
}

export interface ProviderRequest {
  /** Call the broker even if the current credentials are fresh. */
  readonly forceRefresh?: boolean;
}

/** Returns a function that calls `fetchNew` only if needed. No caller waits for a background refresh. */
export function refreshingProvider<T extends Expiring>(
  fetchNew: () => Promise<T>,
  now: () => number = Date.now,
): (request?: ProviderRequest) => Promise<T> {
  let current: T | undefined;
  let pending: Promise<T> | undefined;
  let nextRefreshAt = 0;

  const refresh = () => {
    nextRefreshAt = now() + MIN_REFRESH_INTERVAL_MS;
    pending ??= fetchNew()
      .then((fetched) => {
        current = fetched;
        return fetched;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };

  return async ({ forceRefresh = false } = {}) => {
    const remaining = current ? current.expiration.getTime() - now() : 0;
    if (!current || forceRefresh || remaining < MIN_REMAINING_MS) return refresh();
    // A failed background refresh is retried later. Once the credentials have expired, the caller gets the error.
    if (remaining < REFRESH_BEFORE_EXPIRY_MS && now() >= nextRefreshAt) refresh().catch(() => {});
    return current;
  };
}
