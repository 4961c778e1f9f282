// Counts requests in this process. Memory is bounded: beyond the maximum, the least recently used keys are dropped.
import { LRUCache } from 'lru-cache';
import type { RateLimiter, RateLimitScope } from '../core/ports.js';
import { enforceLimit, type Limits } from './limits.js';

/** Per scope, so that addresses cannot push out principals. */
const MAX_KEYS = 100_000;

interface Window {
  readonly count: number;
  /** Epoch milliseconds. */
  readonly endsAt: number;
}

export class LocalRateLimiter implements RateLimiter {
  readonly #limits: Limits;
  readonly #now: () => Date;
  readonly #windows: Record<RateLimitScope, LRUCache<string, Window>>;

  constructor(limits: Limits, now: () => Date, maxKeys = MAX_KEYS) {
    this.#limits = limits;
    this.#now = now;
    this.#windows = {
      address: new LRUCache({ max: maxKeys }),
      principal: new LRUCache({ max: maxKeys }),
    };
  }

  async consume(scope: RateLimitScope, key: string): Promise<void> {
    const now = this.#now().getTime();
    const limit = this.#limits[scope];
    const current = this.#windows[scope].get(key);
    const { count, endsAt } =
      current && current.endsAt > now ? current : { count: 0, endsAt: now + limit.window };
    this.#windows[scope].set(key, { count: count + 1, endsAt });
    enforceLimit(scope, limit, count + 1, endsAt - now);
  }
}
