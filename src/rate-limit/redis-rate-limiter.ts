// Counts requests in Redis or Valkey, for all replicas. While Redis is unavailable, the local limiter counts instead.
import { createHash } from 'node:crypto';
import type { RateLimiter, RateLimitScope } from '../core/ports.js';
import type { RedisClient } from '../redis/client.js';
import { enforceLimit, type Limits } from './limits.js';

/** KEYS: counter. ARGV: the window in milliseconds. Returns the count and the milliseconds until the window ends. */
const COUNT = `
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {used, redis.call('PTTL', KEYS[1])}`;

export interface RedisRateLimiterOptions {
  readonly limits: Limits;
  readonly keyPrefix: string;
  /** The fallback. */
  readonly local: RateLimiter;
}

export class RedisRateLimiter implements RateLimiter {
  readonly #client: RedisClient;
  readonly #options: RedisRateLimiterOptions;

  constructor(client: RedisClient, options: RedisRateLimiterOptions) {
    this.#client = client;
    this.#options = options;
  }

  async consume(scope: RateLimitScope, key: string): Promise<void> {
    const { limits, keyPrefix, local } = this.#options;
    const limit = limits[scope];
    const counter = `${keyPrefix}limit:${scope}:${createHash('sha256').update(key).digest('base64url')}`;
    const counted = await this.#count(counter, limit.window).catch(() => undefined);
    if (!counted) return local.consume(scope, key);
    enforceLimit(scope, limit, ...counted);
  }

  async #count(counter: string, window: number): Promise<readonly [count: number, remainingMs: number]> {
    const reply = await this.#client.eval(COUNT, 1, counter, String(window));
    const [count, remainingMs] = (reply as readonly unknown[]).map(Number);
    if (count === undefined || remainingMs === undefined)
      throw new Error('the counter script returned an unexpected reply');
    return [count, remainingMs];
  }
}
