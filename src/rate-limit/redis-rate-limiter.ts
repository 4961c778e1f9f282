// Counts requests in Redis or Valkey, for all replicas; while it is away, the local limiter takes over.
import { createHash } from 'node:crypto';
import type { RateLimiter } from '../core/ports.js';
import type { RedisClient } from '../redis/client.js';
import { enforce, type Limits } from './limits.js';

/** KEYS: counter. ARGV: the window in milliseconds. Gives the count and what is left of the window. */
const COUNT = `
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {used, redis.call('PTTL', KEYS[1])}`;

export interface RedisRateLimiterOptions {
  readonly limits: Limits;
  readonly keyPrefix: string;
  /** Asked when Redis does not answer. */
  readonly local: RateLimiter;
}

export function createRedisRateLimiter(
  client: RedisClient,
  { limits, keyPrefix, local }: RedisRateLimiterOptions,
): RateLimiter {
  const count = async (name: string, window: number): Promise<readonly [number, number]> => {
    const reply = await client.eval(COUNT, 1, name, String(window));
    const [used, rest] = (reply as readonly unknown[]).map(Number);
    if (used === undefined || rest === undefined) throw new Error('the counter has an unknown form');
    return [used, rest];
  };
  return {
    consume: async (scope, key) => {
      const limit = limits[scope];
      const name = `${keyPrefix}limit:${scope}:${createHash('sha256').update(key).digest('base64url')}`;
      const counted = await count(name, limit.window).catch(() => undefined);
      if (!counted) return local.consume(scope, key);
      enforce(scope, limit, ...counted);
    },
  };
}
