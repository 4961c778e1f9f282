// Redis with replicas under Sentinel and as a Cluster: what survives a failover, and what is refused meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { StoreConfig } from '../../src/config/schema/store.js';
import { CONFORMANCE_LIMITS, consume, rateLimiterConformance } from '../conformance/rate-limiter.js';
import { replayStoreConformance } from '../conformance/replay-store.js';
import { BACK, LOST, type OpenStores, openStores } from '../support/open-stores.js';
import { type RedisServer, redisPeer, startRedis } from '../support/redis-server.js';

const inAnHour = () => Date.now() / 1000 + 3600;

async function startPair(t: Test): Promise<{ primary: RedisServer; replica: RedisServer }> {
  const primary = await startRedis(t, { config: ['repl-diskless-sync-delay 0'] });
  const replica = await startRedis(t, { config: [`replicaof 127.0.0.1 ${primary.port}`] });
  await inSync(primary);
  return { primary, replica };
}

const inSync = (primary: RedisServer) => primary.cli('wait', '1', '10000');

/** On a busy machine a replica may acknowledge too late: the store then rejects the claim, and the test retries. */
async function inReach(replay: OpenStores['replay']): Promise<void> {
  while (!(await replay.check())) await delay(50);
}

t.test('minReplicas requires replicas to acknowledge a claim', async (t) => {
  if (!redisPeer(t)) return;
  const { primary, replica } = await startPair(t);
  const { replay } = await openStores(t, {
    type: 'redis',
    url: `redis://127.0.0.1:${primary.port}`,
    minReplicas: 1,
  });
  await inReach(replay);
  t.ok(await replay.claim('a', inAnHour()));
  t.notOk(await replay.claim('a', inAnHour()));
  t.equal((await replica.cli('keys', '*')).split('\n').length, 2, 'it is there, with the mark');

  await replica.kill();
  await t.rejects(replay.claim('b', inAnHour()));
  t.notOk(await replay.check());

  await replica.start();
  await inSync(primary);
  await inReach(replay);
  t.notOk(await replay.claim('b', inAnHour()), 'the refused claim was made: the proof is used up');
  t.ok(await replay.claim('c', inAnHour()));
});

t.test(
  'a primary that was a replica in between gets a new marker, though its process is the same',
  async (t) => {
    if (!redisPeer(t)) return;
    const { primary, replica } = await startPair(t);
    const url = `redis://127.0.0.1:${primary.port}`;
    const { replay } = await openStores(t, { type: 'redis', url });
    t.ok(await replay.claim('before', inAnHour()));
    const since = replay.remembersSince;
    await inSync(primary);

    // Nothing is claimed at the other server in the meantime, so it leaves no mark.
    const follow = (server: RedisServer, other: RedisServer) =>
      server.cli('replicaof', '127.0.0.1', String(other.port));
    await replica.cli('replicaof', 'no', 'one');
    await follow(primary, replica);
    await inSync(replica);
    await primary.cli('replicaof', 'no', 'one');
    await follow(replica, primary);
    await inSync(primary);

    await t.rejects(replay.claim('after', inAnHour()), 'the mark is of another replication');
    t.ok(replay.remembersSince > since);
    t.ok(await replay.claim('after', inAnHour()));
  },
);

t.test('Sentinel fails over from a server that hangs', async (t) => {
  if (!redisPeer(t)) return;
  const { primary, replica } = await startPair(t);
  const sentinel = await startRedis(t, {
    sentinel: true,
    config: [
      `sentinel monitor claims 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds claims 300',
      'sentinel failover-timeout claims 3000',
    ],
  });
  await sentinel.printed(/\+slave slave/);
  const store: StoreConfig = {
    type: 'redis-sentinel',
    master: 'claims',
    sentinels: [`redis://127.0.0.1:${sentinel.port}`],
  };
  t.test('conformance', async (t) => conformance(t, 'sentinel', store));

  t.test('failover', async (t) => {
    const { replay, limiter, logged } = await openStores(t, store, { limits: CONFORMANCE_LIMITS });
    const careful = await openStores(t, { ...store, minReplicas: 1 });
    const idle = await openStores(t, store);
    t.ok(await careful.replay.claim('before', inAnHour()), 'the replica has this one');
    const since = replay.remembersSince;

    const switched = sentinel.printed(/\+switch-master/);
    const lost = logged(LOST);
    primary.signal('SIGSTOP');
    await t.rejects(replay.claim('during', inAnHour()));
    for (let used = 0; used < 5; used++) await limiter.consume('address', 'a');
    t.match(await consume(limiter, 'address', 'a'), { code: 'rate_limited' });
    await lost;
    const back = logged(BACK);
    await Promise.all([switched, back]);

    t.ok(await replay.check());
    t.ok(
      replay.remembersSince > since,
      'claims may have been lost on the way: proofs from before are refused',
    );
    t.notOk(await replay.claim('before', inAnHour()));
    t.ok(await replay.claim('after', inAnHour()));
    t.match(await replica.cli('role'), /^master/);
    await t.rejects(careful.replay.claim('careful', inAnHour()), 'there is no replica now');
    for (let claimed = false; !claimed; ) {
      const from = performance.now();
      claimed = await idle.replay.claim('idle', inAnHour()).catch(() => false);
      t.ok(performance.now() - from < 250, 'who sent nothing meanwhile has left the hung server too');
      if (!claimed) await delay(20);
    }

    primary.signal('SIGCONT');
    const late = await openStores(t, store);
    t.notOk(await late.replay.claim('after', inAnHour()), 'the old server is not used');
    t.ok(await replay.claim('later', inAnHour()));
    t.notOk(await late.replay.claim('later', inAnHour()));
  });
});

t.test('Cluster works with any start node; a lost node refuses its slots', async (t) => {
  if (!redisPeer(t)) return;
  const config = ['cluster-enabled yes', 'cluster-node-timeout 1000'];
  const nodes = await Promise.all([0, 1, 2].map(() => startRedis(t, { config })));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const [first] = nodes;
  await first?.cli('--cluster', 'create', ...addresses, '--cluster-yes');
  await Promise.all(nodes.map((node) => node.printed(/Cluster state changed: ok/)));
  const store: StoreConfig = { type: 'redis-cluster', nodes: [`redis://${addresses[0]}`] };
  t.test('conformance', async (t) => conformance(t, 'cluster', store));

  t.test('a node that returns without its claims refuses earlier proofs', async (t) => {
    const { replay, limiter } = await openStores(t, store, { limits: CONFORMANCE_LIMITS });
    t.ok(await replay.claim('a', inAnHour()));
    const since = replay.remembersSince;
    const sizes = await Promise.all(nodes.map((node) => node.cli('keys', 'sallyport:*')));
    const holder = nodes[sizes.findIndex((keys) => keys.includes('since'))];
    await holder?.kill();
    await t.rejects(replay.claim('b', inAnHour()));
    for (let used = 0; used < 5; used++) t.equal(await consume(limiter, 'address', 'a'), undefined);
    await holder?.start();
    await ready({ replay });
    t.ok(replay.remembersSince > since, 'it has lost claims, and detects it');
    t.ok(await replay.claim('c', inAnHour()));
  });
});

function conformance(t: Test, name: string, store: StoreConfig): void {
  let opened = 0;
  const open = (t: Test, now?: () => Date) =>
    openStores(t, { ...store, keyPrefix: `test${opened++}:` } as StoreConfig, {
      limits: CONFORMANCE_LIMITS,
      ...(now && { now }),
    });
  replayStoreConformance(t, name, async (t, now) => (await open(t, now)).replay);
  rateLimiterConformance(t, name, async (t) => (await open(t)).limiter);
}

/** A cluster emits no event when a node is back, so the test polls. */
async function ready({ replay }: Pick<OpenStores, 'replay'>): Promise<void> {
  while (!(await replay.check())) await delay(50);
}
