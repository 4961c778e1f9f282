// Keeps claims of single-use proofs in Redis or Valkey, for all replicas. A marker in Redis holds the time from which on all
// claims are known, and the run of the server and its replication that it applies to. A server that was restarted, or a
// replica that was promoted, may have lost claims: the marker then does not match, a new one is set, and proofs issued
// before it are refused.
import { createHash } from 'node:crypto';
import type { Log, ReplayStore } from '../core/ports.js';
import { CLOCK_SKEW_SECONDS } from '../core/time.js';
import type { RedisClient } from '../redis/client.js';
import { retainedUntil } from './memory-replay-store.js';

/** Milliseconds to wait for replicas to acknowledge a claim. Less than the command timeout. */
const REPLICATION_TIMEOUT = 200;

/**
 * Reads the marker if it matches this run of the server and its replication. A primary that becomes a replica and then a
 * primary again keeps its run ID, but the replication ID changes with each failover.
 */
const READ_MARKER = `
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
run = run .. ':' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local mark = redis.call('GET', KEYS[1])
if mark and string.match(mark, '^[%x:]+') ~= run then mark = false end`;

/**
 * Sets a marker unless one matches, and returns it. On a server that may evict claims it deletes the marker instead: a new
 * one is set when eviction is off. It always writes, so that it fails if the server is read-only. KEYS: marker. ARGV: epoch
 * seconds for a new marker.
 */
const SET_MARKER = `
local memory = redis.call('INFO', 'memory')
if string.match(memory, 'maxmemory:(%d+)') ~= '0' and string.match(memory, 'maxmemory_policy:([%w-]+)') ~= 'noeviction' then
  redis.call('DEL', KEYS[1])
  return 'evicting'
end
${READ_MARKER}
mark = mark or run .. ' ' .. ARGV[1]
redis.call('SET', KEYS[1], mark)
return mark`;

/** KEYS: marker, claim. ARGV: the expected marker, milliseconds to keep the claim. */
const CLAIM = `
${READ_MARKER}
if mark ~= ARGV[1] then return 'forgotten' end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 'first' end
return 'again'`;

export interface RedisReplayStoreOptions {
  readonly now: () => Date;
  readonly log: Log;
  readonly keyPrefix: string;
  /** Number of replicas that must acknowledge a claim. 0 for a cluster. */
  readonly minReplicas: number;
}

export class RedisReplayStore implements ReplayStore {
  readonly forgetsAtRestart = false;
  readonly #client: RedisClient;
  readonly #options: RedisReplayStoreOptions;
  readonly #prefix: string;
  readonly #markerKey: string;
  /** `<run ID>:<replication ID> <epoch seconds>`. */
  #marker = '';
  #mayEvict = false;

  /** Takes over the client and closes it. */
  constructor(client: RedisClient, options: RedisReplayStoreOptions) {
    this.#client = client;
    this.#options = options;
    // The braces keep marker and claims in one hash slot, so that one script can read both in a cluster.
    this.#prefix = `${options.keyPrefix}{replay}:`;
    this.#markerKey = `${this.#prefix}since`;
    client.on('ready', () => this.check());
  }

  get remembersSince(): number {
    return Number(this.#marker.split(' ')[1] ?? 0);
  }

  async claim(key: string, expiresAt: number): Promise<boolean> {
    const now = this.#seconds();
    const claimKey = this.#prefix + createHash('sha256').update(key).digest('base64url');
    const retention = Math.ceil((retainedUntil(expiresAt, now) - now) * 1000);
    const reply = await this.#run(CLAIM, [this.#markerKey, claimKey], this.#marker, String(retention));
    if (reply === 'forgotten') {
      await this.#setMarker();
      throw new Error('the server has restarted or failed over and may have lost claims');
    }
    return reply === 'first';
  }

  async check(): Promise<boolean> {
    try {
      await this.#setMarker();
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    this.#client.disconnect();
  }

  #seconds(): number {
    return this.#options.now().getTime() / 1000;
  }

  async #setMarker(): Promise<void> {
    // Earlier claims may be for proofs that are dated ahead by as much as clocks may differ.
    const since = this.#seconds() + CLOCK_SKEW_SECONDS;
    const reply = String(await this.#run(SET_MARKER, [this.#markerKey], String(since)));
    if (reply !== 'evicting') {
      this.#mayEvict = false;
      this.#marker = reply;
      return;
    }
    if (!this.#mayEvict) {
      this.#options.log.error(
        { use: 'claims' },
        'Redis may evict claims: set maxmemory-policy to noeviction',
      );
    }
    this.#mayEvict = true;
    throw new Error('the server may evict claims');
  }

  async #run(script: string, keys: readonly string[], ...args: readonly string[]): Promise<unknown> {
    const { minReplicas } = this.#options;
    if (minReplicas === 0) return this.#client.eval(script, keys.length, ...keys, ...args);
    const replies = await this.#client
      .pipeline()
      .eval(script, keys.length, ...keys, ...args)
      .wait(minReplicas, REPLICATION_TIMEOUT)
      .exec();
    const [[error, reply] = [], [waitError, acknowledged] = []] = replies ?? [];
    if (error ?? waitError) throw error ?? waitError;
    if (Number(acknowledged) < minReplicas) throw new Error('too few replicas acknowledged the claim');
    return reply;
  }
}
