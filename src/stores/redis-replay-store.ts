// Remembers single-use proofs in Redis or Valkey, for all replicas. A mark says since when the data is there: a server
// that comes back empty has lost the mark too, and proofs from before are refused instead of accepted again.
// What the mark cannot show: claims that a failover loses on the way to a replica (see `minReplicas`).
import { createHash } from 'node:crypto';
import type { ReplayStore } from '../core/ports.js';
import type { RedisClient } from './redis-client.js';
import { retainedUntil } from './retention.js';

/** Milliseconds that replicas get to acknowledge a claim; less than a command may take. */
const REPLICATION_TIMEOUT = 200;

/** Leaves the mark unless there is one, and gives it. KEYS: mark. ARGV: now. */
const MARK = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])`;

/** KEYS: mark, claim. ARGV: the mark expected, milliseconds to keep the claim. */
const CLAIM = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'forgotten' end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 'first' end
return 'again'`;

export interface RedisReplayStoreOptions {
  readonly now: () => Date;
  readonly keyPrefix: string;
  /** Replicas that must have a claim before it counts. Not for a cluster. */
  readonly minReplicas: number;
}

/** The client is the store's own: it closes it. */
export function createRedisReplayStore(
  client: RedisClient,
  { now, keyPrefix, minReplicas }: RedisReplayStoreOptions,
): ReplayStore {
  // The braces keep mark and claims in one hash slot, so that in a cluster too one script sees both.
  const prefix = `${keyPrefix}{replay}:`;
  const mark = `${prefix}since`;
  const seconds = () => now().getTime() / 1000;
  /** Epoch seconds, as the mark has them. */
  let since = '';

  const run = async (script: string, keys: readonly string[], ...args: readonly string[]) => {
    if (minReplicas === 0) return client.eval(script, keys.length, ...keys, ...args);
    const replies = await client
      .pipeline()
      .eval(script, keys.length, ...keys, ...args)
      .wait(minReplicas, REPLICATION_TIMEOUT)
      .exec();
    const [[failure, answer] = [], [waitFailure, acknowledged] = []] = replies ?? [];
    if (failure ?? waitFailure) throw failure ?? waitFailure;
    if (Number(acknowledged) < minReplicas) throw new Error('too few replicas acknowledge');
    return answer;
  };

  const remember = async () => {
    since = String(await run(MARK, [mark], String(seconds())));
  };
  const check = () =>
    remember().then(
      () => true,
      () => false,
    );
  client.on('ready', check);

  return {
    get remembersSince() {
      return Number(since);
    },
    claim: async (key, expiresAt) => {
      const time = seconds();
      const name = prefix + createHash('sha256').update(key).digest('base64url');
      const keep = Math.ceil((retainedUntil(expiresAt, time) - time) * 1000);
      const answer = await run(CLAIM, [mark, name], since, String(keep));
      if (answer === 'forgotten') {
        await remember();
        throw new Error('the store began to remember anew');
      }
      return answer === 'first';
    },
    check,
    close: async () => client.disconnect(),
  };
}
