// Clients of Redis or Valkey: a single server, Sentinel or Cluster. Each command is sent once and fails fast: no command
// waits for an unavailable server, and none that the server may have executed is retried.
import { readFile } from 'node:fs/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisStore } from '../config/schema/store.js';
import type { Log } from '../core/ports.js';

export type RedisClient = Redis | Cluster;

/** Milliseconds. `socketTimeout`: for a server that does not reply. */
const TIMEOUTS = { commandTimeout: 300, connectTimeout: 2000, socketTimeout: 1000 };

/** Milliseconds before the next connection attempt: 100 at first, up to 1000, with jitter of a quarter. */
const retryDelay = (attempt: number) => Math.min(100 * attempt, 1000) * (0.75 + Math.random() / 2);

/** What a client is used for, for the log. */
export type RedisUse = 'claims' | 'limits';

/** Resolves after the first connection attempt, successful or not. The client keeps retrying in the background. */
export async function connectRedis(store: RedisStore, use: RedisUse, log: Log): Promise<RedisClient> {
  const client = createClient(store, await readCa(store));
  logState(client, use, log);
  await new Promise<void>((resolve) => {
    client.once('ready', resolve);
    client.once('error', () => resolve());
  });
  if (client instanceof Cluster) await Promise.all(client.nodes('master').map(ping));
  return client;
}

function createClient(store: RedisStore, ca: string | undefined): RedisClient {
  const { username, password } = store;
  const tls = urlsOf(store).some((url) => url.startsWith('rediss:')) && { ...(ca !== undefined && { ca }) };
  const shared = {
    ...TIMEOUTS,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    maxRetriesPerRequest: 0,
    // The server has become a replica: reconnect to find the new primary.
    reconnectOnError: ({ message }: Error) => message.includes('READONLY'),
  } satisfies RedisOptions;
  const single = { ...shared, enableOfflineQueue: false, retryStrategy: retryDelay } satisfies RedisOptions;
  switch (store.type) {
    case 'redis':
      return new Redis({ ...single, ...addressOf(store.url, 6379) });
    case 'redis-sentinel':
      return new Redis({
        ...single,
        name: store.master,
        sentinels: store.sentinels.map((url) => addressOf(url, 26_379)),
        sentinelCommandTimeout: TIMEOUTS.commandTimeout,
        sentinelRetryStrategy: retryDelay,
        failoverDetector: true,
        ...(store.sentinelUsername !== undefined && { sentinelUsername: store.sentinelUsername }),
        ...(store.sentinelPassword !== undefined && { sentinelPassword: store.sentinelPassword }),
        ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
      });
    case 'redis-cluster':
      return new Cluster(
        store.nodes.map((url) => addressOf(url, 6379)),
        {
          redisOptions: shared,
          enableOfflineQueue: false,
          // The check may pick a node that is not connected yet, and then restarts. Failing commands show the same.
          enableReadyCheck: false,
          clusterRetryStrategy: retryDelay,
          // 0: no retry after a lost connection. Redirected commands were not executed, so they are still followed.
          retryDelayOnFailover: 0,
          // Host names are not resolved to addresses: certificates are issued for names.
          dnsLookup: (name, callback) => callback(null, name),
        },
      ).on('+node', ping);
  }
}

/** A cluster client connects to a node with the first command and rejects others until then: this is that command. */
async function ping(node: Redis): Promise<void> {
  await node.ping().catch(() => undefined);
}

function urlsOf(store: RedisStore): readonly string[] {
  if (store.type === 'redis') return [store.url];
  return store.type === 'redis-sentinel' ? store.sentinels : store.nodes;
}

function addressOf(url: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) };
}

async function readCa({ tls }: RedisStore): Promise<string | undefined> {
  return tls && (await readFile(tls.ca, 'utf8'));
}

/** Logs one line when Redis becomes unavailable and one when it is back, not one per attempt. */
function logState(client: RedisClient, use: RedisUse, log: Log): void {
  let reachable = true;
  client.on('ready', () => {
    if (!reachable) log.info({ use }, 'Redis is available again');
    reachable = true;
  });
  client.on('error', (err: unknown) => {
    if (reachable) log.warn({ use, err }, 'Redis is unavailable');
    reachable = false;
  });
}
