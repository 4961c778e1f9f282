// Clients of Redis or Valkey: one server, Sentinel or Cluster. A command is sent once, and answered soon or failed:
// nothing waits for a server that is away, and nothing is sent again that may already have been carried out.
import { readFile } from 'node:fs/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisStore } from '../config/schema/store.js';
import type { Log } from '../core/ports.js';

export type RedisClient = Redis | Cluster;

/** Milliseconds: for a command, for a TCP connection, for a server that has been sent something and is silent. */
const PATIENCE = { commandTimeout: 300, connectTimeout: 2000, socketTimeout: 1000 };

/** Milliseconds before the next attempt to connect: 100 at first, then up to a second, spread out. */
const retryDelay = (times: number) => Math.min(100 * times, 1000) * (0.75 + Math.random() / 2);

/** What a client is for; the log says it. */
export type RedisUse = 'claims' | 'limits';

/** Resolves once the first attempt to connect is over, whatever came of it; the client goes on trying by itself. */
export async function connectRedis(store: RedisStore, use: RedisUse, log: Log): Promise<RedisClient> {
  const client = createClient(store, await readCa(store));
  reportState(client, use, log);
  await new Promise<void>((resolve) => {
    client.once('ready', resolve);
    client.once('error', () => resolve());
  });
  if (client instanceof Cluster) await Promise.all(client.nodes('master').map(greet));
  return client;
}

function createClient(store: RedisStore, ca: string | undefined): RedisClient {
  const { username, password } = store;
  const tls = urlsOf(store).some((url) => url.startsWith('rediss:')) && { ...(ca !== undefined && { ca }) };
  const shared = {
    ...PATIENCE,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    maxRetriesPerRequest: 0,
    // A server that has become a replica: the primary is elsewhere now.
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
        sentinelCommandTimeout: PATIENCE.commandTimeout,
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
          // It would ask any node, also one that is not connected yet, and begin again. Commands tell as well.
          enableReadyCheck: false,
          clusterRetryStrategy: retryDelay,
          // 0: not again after a lost connection. A redirected command was not carried out, so that one goes on.
          retryDelayOnFailover: 0,
          // Names stay names: a certificate is for a name.
          dnsLookup: (name, found) => found(null, name),
        },
      ).on('+node', greet);
  }
}

/** A cluster connects to a node at the first command for it, and refuses the ones after it until then: so not to lose any. */
async function greet(node: Redis): Promise<void> {
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

/** One line when Redis goes away and one when it is back, not one for every attempt. */
function reportState(client: RedisClient, use: RedisUse, log: Log): void {
  let reachable = true;
  client.on('ready', () => {
    if (!reachable) log.info({ use }, 'Redis can be reached again');
    reachable = true;
  });
  client.on('error', (err: unknown) => {
    if (reachable) log.warn({ use, err }, 'Redis cannot be reached');
    reachable = false;
  });
}
