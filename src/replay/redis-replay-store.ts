// Remembers single-use proofs in Redis or Valkey, for all replicas. A mark says since when, and in which run of the
// server and of its replication: one that was restarted, whatever data it came back with, or that took over from another,
// may lack claims. It begins to remember anew, and proofs from before are refused instead of accepted again.
import { createHash } from 'node:crypto';
import type { Log, ReplayStore } from '../core/ports.js';
import { CLOCK_SKEW_SECONDS } from '../core/time.js';
import type { RedisClient } from '../redis/client.js';
import { retainedUntil } from './retention.js';

/** Milliseconds that replicas get to acknowledge a claim; less than a command may take. */
const REPLICATION_TIMEOUT = 200;

/**
 * The mark, if it is of this run of the server and its replication. A primary that was made a replica and then a primary
 * again is still the same run, but the replication has another ID after each failover.
 */
const READ_MARK = `
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
run = run .. ':' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local mark = redis.call('GET', KEYS[1])
if mark and string.match(mark, '^[%x:]+') ~= run then mark = false end`;

/**
 * Leaves a mark unless there is one of this run, and gives it. A server that may evict claims loses the mark instead, so
 * that all remembering begins anew once it no longer may. It always writes, to show that it can. KEYS: mark. ARGV: since
 * when it remembers if there is no mark.
 */
const MARK = `
local memory = redis.call('INFO', 'memory')
if string.match(memory, 'maxmemory:(%d+)') ~= '0' and string.match(memory, 'maxmemory_policy:([%w-]+)') ~= 'noeviction' then
  redis.call('DEL', KEYS[1])
  return 'evicting'
end
${READ_MARK}
mark = mark or run .. ' ' .. ARGV[1]
redis.call('SET', KEYS[1], mark)
return mark`;

/** KEYS: mark, claim. ARGV: the mark expected, milliseconds to keep the claim. */
const CLAIM = `
${READ_MARK}
if mark ~= ARGV[1] then return 'forgotten' end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 'first' end
return 'again'`;

export interface RedisReplayStoreOptions {
  readonly now: () => Date;
  readonly log: Log;
  readonly keyPrefix: string;
  /** Replicas that must have a claim before it counts. Not for a cluster. */
  readonly minReplicas: number;
}

/** The client is the store's own: it closes it. */
export function createRedisReplayStore(
  client: RedisClient,
  { now, log, keyPrefix, minReplicas }: RedisReplayStoreOptions,
): ReplayStore {
  // The braces keep mark and claims in one hash slot, so that in a cluster too one script sees both.
  const prefix = `${keyPrefix}{replay}:`;
  const markKey = `${prefix}since`;
  const seconds = () => now().getTime() / 1000;
  /** Run of the server and its replication, and epoch seconds. */
  let mark = '';
  let evicting = false;

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
    // Proofs that were claimed before may be dated as far ahead as clocks may be.
    const answer = String(await run(MARK, [markKey], String(seconds() + CLOCK_SKEW_SECONDS)));
    if (answer !== 'evicting') {
      evicting = false;
      mark = answer;
      return;
    }
    if (!evicting) {
      log.error({ use: 'claims' }, 'Redis may evict claims: set maxmemory-policy to noeviction');
    }
    evicting = true;
    throw new Error('the store may evict claims');
  };
  const check = () =>
    remember().then(
      () => true,
      () => false,
    );
  client.on('ready', check);

  return {
    get remembersSince() {
      return Number(mark.split(' ')[1] ?? 0);
    },
    forgetsAtRestart: false,
    claim: async (key, expiresAt) => {
      const time = seconds();
      const name = prefix + createHash('sha256').update(key).digest('base64url');
      const keep = Math.ceil((retainedUntil(expiresAt, time) - time) * 1000);
      const answer = await run(CLAIM, [markKey, name], mark, String(keep));
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
