// Counts requests in this process. Memory is bounded: where there are too many keys, the longest silent are forgotten.
import { LRUCache } from 'lru-cache';
import type { RateLimiter, RateLimitScope } from '../core/ports.js';
import { enforce, type Limits } from './limits.js';

/** Of each scope, so that addresses cannot crowd out principals. */
const MAX_KEYS = 100_000;

interface Window {
  readonly used: number;
  /** Epoch milliseconds. */
  readonly endsAt: number;
}

export function createLocalRateLimiter(limits: Limits, now: () => Date, maxKeys = MAX_KEYS): RateLimiter {
  const windows: Record<RateLimitScope, LRUCache<string, Window>> = {
    address: new LRUCache({ max: maxKeys }),
    principal: new LRUCache({ max: maxKeys }),
  };
  return {
    consume: async (scope, key) => {
      const time = now().getTime();
      const held = windows[scope].get(key);
      const { used, endsAt } =
        held && held.endsAt > time ? held : { used: 0, endsAt: time + limits[scope].window };
      windows[scope].set(key, { used: used + 1, endsAt });
      enforce(scope, limits[scope], used + 1, endsAt - time);
    },
  };
}
