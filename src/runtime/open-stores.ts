// Opens the stores that replicas share, as configured: in memory for one replica, Redis or Valkey for several.
import type { LimitsConfig } from '../config/schema/limits.js';
import type { StoreConfig } from '../config/schema/store.js';
import type { Log, RateLimiter, ReplayStore } from '../core/ports.js';
import { toLimits } from '../rate-limit/limits.js';
import { LocalRateLimiter } from '../rate-limit/local-rate-limiter.js';
import { RedisRateLimiter } from '../rate-limit/redis-rate-limiter.js';
import { connectRedis } from '../redis/client.js';
import { MemoryReplayStore } from '../replay/memory-replay-store.js';
import { RedisReplayStore } from '../replay/redis-replay-store.js';

export interface Stores {
  readonly replay: ReplayStore;
  readonly limiter: RateLimiter;
  close(): Promise<void>;
}

const DEFAULT_PREFIX = 'sallyport:';

/** Resolves even if Redis is unavailable. Rejects if `tls.ca` cannot be read. */
export async function openStores(
  { store, limits: configured }: { readonly store?: StoreConfig; readonly limits?: LimitsConfig },
  { now, log }: { readonly now: () => Date; readonly log: Log },
): Promise<Stores> {
  const limits = toLimits(configured);
  const local = new LocalRateLimiter(limits, now);
  if (!store || store.type === 'memory') {
    const replay = new MemoryReplayStore(now);
    return { replay, limiter: local, close: () => replay.close() };
  }
  // Two connections: a claim that waits for replicas blocks later commands on its connection.
  const [claims, counters] = await Promise.all([
    connectRedis(store, 'claims', log),
    connectRedis(store, 'limits', log),
  ]);
  const { keyPrefix = DEFAULT_PREFIX } = store;
  const minReplicas = store.type === 'redis-cluster' ? 0 : (store.minReplicas ?? 0);
  const replay = new RedisReplayStore(claims, { now, log, keyPrefix, minReplicas });
  await replay.check();
  return {
    replay,
    limiter: new RedisRateLimiter(counters, { limits, keyPrefix, local }),
    close: async () => {
      await replay.close();
      counters.disconnect();
    },
  };
}
