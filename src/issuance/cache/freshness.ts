// How much lifetime cached credentials must have left to be served, and when to refresh them ahead of that. SDKs
// refresh some 5 to 15 minutes before expiry: credentials with less left would make them refresh in a loop.
import type { Decision } from '../../core/types.js';

/** Seconds. */
const MAX_REQUIRED = 20 * 60;
const MIN_WHEN_STALE = 60;

type LifetimeLimits = Pick<Decision, 'notAfter'> & {
  readonly session: Pick<Decision['session'], 'durationSeconds'>;
};

/** Seconds that every response has left: a third of the lifetime, 20 minutes at most. */
const requiredSeconds = ({ session }: LifetimeLimits) => Math.min(MAX_REQUIRED, session.durationSeconds / 3);

/** Whether credentials with this expiry may be served in place of new ones. Times are epoch seconds. */
export const isFresh = (decision: LifetimeLimits, expiresAt: number, now: number): boolean =>
  expiresInTime(decision, expiresAt) && expiresAt - now >= requiredSeconds(decision);

/** The same while STS is unavailable: a minute is enough. */
export const isUsableWhenStale = (decision: LifetimeLimits, expiresAt: number, now: number): boolean =>
  expiresInTime(decision, expiresAt) && expiresAt - now >= MIN_WHEN_STALE;

/**
 * Whether to refresh ahead: 1.25 to 1.5 times the required lifetime before expiry. The jitter comes from the key, so
 * that credentials issued together are not refreshed together.
 */
export const isDueForRefresh = (
  decision: LifetimeLimits,
  key: string,
  expiresAt: number,
  now: number,
): boolean => expiresAt - now <= requiredSeconds(decision) * (1.25 + jitterOf(key) / 4);

const expiresInTime = ({ notAfter = Infinity }: LifetimeLimits, expiresAt: number) => expiresAt <= notAfter;

/** A base64url digest -> 0 to 1, evenly distributed. */
const jitterOf = (key: string) => Buffer.from(key.slice(0, 4), 'base64url').readUIntBE(0, 3) / 0xffffff;
