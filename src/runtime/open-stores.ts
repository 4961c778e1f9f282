// Picks what replicas share, by the config: memory for one replica, Redis or Valkey for several.
import type { LimitsConfig } from '../config/schema/limits.js';
import type { StoreConfig } from '../config/schema/store.js';
import type { Log, RateLimiter, ReplayStore } from '../core/ports.js';
import { limitsOf } from '../rate-limit/limits.js';
import { createLocalRateLimiter } from '../rate-limit/local-rate-limiter.js';
import { createRedisRateLimiter } from '../rate-limit/redis-rate-limiter.js';
import { connectRedis } from '../redis/client.js';
import { createMemoryReplayStore } from '../replay/memory-replay-store.js';
import { createRedisReplayStore } from '../replay/redis-replay-store.js';

export interface Stores {
  readonly replay: ReplayStore;
  readonly limiter: RateLimiter;
  close(): Promise<void>;
}

const DEFAULT_PREFIX = 'sallyport:';

/** Does not need Redis to be up. Rejects if `tls.ca` cannot be read. */
export async function createStores(
  { store, limits: configured }: { readonly store?: StoreConfig; readonly limits?: LimitsConfig },
  { now, log }: { readonly now: () => Date; readonly log: Log },
): Promise<Stores> {
  const limits = limitsOf(configured);
  const local = createLocalRateLimiter(limits, now);
  if (!store || store.type === 'memory') {
    const replay = createMemoryReplayStore(now);
    return { replay, limiter: local, close: () => replay.close() };
  }
  // Two connections: a claim that waits for replicas holds up whatever comes behind it on the same one.
  const [claims, counters] = await Promise.all([
    connectRedis(store, 'claims', log),
    connectRedis(store, 'limits', log),
  ]);
  const { keyPrefix = DEFAULT_PREFIX } = store;
  const minReplicas = store.type === 'redis-cluster' ? 0 : (store.minReplicas ?? 0);
  const replay = createRedisReplayStore(claims, { now, log, keyPrefix, minReplicas });
  await replay.check();
  return {
    replay,
    limiter: createRedisRateLimiter(counters, { limits, keyPrefix, local }),
    close: async () => {
      await replay.close();
      counters.disconnect();
    },
  };
}
