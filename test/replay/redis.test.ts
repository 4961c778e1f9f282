// Redis as the shared store: conformance for each kind of connection, and behaviour while it is down, hung or empty.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@sallyport/client/internal/secret';
import { selfSignedCertificate } from '@sallyport/sandbox/internal/saml/certificate';
import t, { type Test } from 'tap';
import { Authenticator } from '../../src/authn/authenticate.js';
import type { StoreConfig } from '../../src/config/schema/store.js';
import type { ReplayStore } from '../../src/core/ports.js';
import { openStores as openConfiguredStores } from '../../src/runtime/open-stores.js';
import { CONFORMANCE_LIMITS, consume, rateLimiterConformance } from '../conformance/rate-limiter.js';
import { replayStoreConformance } from '../conformance/replay-store.js';
import { aMinuteAgo, BACK, LOST, openStores } from '../support/open-stores.js';
import { prepareRedis, type RedisServer, redisPeer, startRedis } from '../support/redis-server.js';

const inAnHour = () => Date.now() / 1000 + 3600;
const redis = ({ port }: { readonly port: number }) =>
  ({ type: 'redis', url: `redis://127.0.0.1:${port}` }) as const;

/** Each store has its own key prefix, so that one server serves the whole suite. */
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

/** Milliseconds a call took to reject. */
async function timeToRefuse(t: Test, call: Promise<unknown>): Promise<number> {
  const from = performance.now();
  await t.rejects(call);
  return performance.now() - from;
}

/** The code and reason of the pipeline for a proof issued at `issuedAt`. */
async function authenticateOnce(replay: ReplayStore, id: string, issuedAt: number, single = true) {
  const principal = {
    issuer: 'corp',
    type: 'oidc' as const,
    subject: 'alice',
    claims: {},
    issuedAt,
    expiresAt: inAnHour(),
  };
  const verifier = {
    verify: async () => ({
      principal,
      singleUseIds: single
        ? [{ issuer: 'https://login.corp.example', id, issuedAt, expiresAt: inAnHour() }]
        : [],
    }),
    close: async () => {},
  };
  const proof = { type: 'oidc', value: new Secret('x') } as const;
  return new Authenticator(replay).authenticate({ oidc: verifier, saml: verifier }, proof, new Date()).then(
    () => 'accepted',
    ({ code, reason, retryAfter }) => ({ code, reason, retryAfter }),
  );
}

t.test('Redis store on a single server', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t);
  conformance(t, 'redis', redis(server));

  t.test('two brokers share claims and counters', async (t) => {
    const store = { ...redis(server), keyPrefix: 'shared:' };
    const [a, b] = [
      await openStores(t, store, { limits: CONFORMANCE_LIMITS }),
      await openStores(t, store, { limits: CONFORMANCE_LIMITS }),
    ];
    t.equal(a.replay.remembersSince, b.replay.remembersSince, 'since the same time');
    t.ok(await a.replay.claim('a', inAnHour()));
    t.notOk(await b.replay.claim('a', inAnHour()));
    for (const { limiter } of [a, b, a, b, a]) await limiter.consume('address', '192.0.2.1');
    t.match(await consume(b.limiter, 'address', '192.0.2.1'), { code: 'rate_limited' });
  });

  t.test('keys are hashed and expire', async (t) => {
    const { replay, limiter } = await openStores(
      t,
      { ...redis(server), keyPrefix: 'look:' },
      { now: () => new Date() },
    );
    await replay.claim('["corp","_assertion-id"]', Date.now() / 1000 + 60);
    await limiter.consume('address', '192.0.2.1');
    await limiter.consume('principal', '["corp","alice"]');
    const keys = (await server.cli('keys', 'look:*')).split('\n').sort();
    t.equal(keys.length, 4);
    t.match(keys, [
      /^look:limit:address:[\w-]{43}$/,
      /^look:limit:principal:[\w-]{43}$/,
      /^look:\{replay\}:(?:since|[\w-]{43})$/,
      /^look:\{replay\}:(?:since|[\w-]{43})$/,
    ]);
    const ttl = async (pattern: RegExp) =>
      Number(await server.cli('ttl', keys.find((key) => pattern.test(key)) ?? ''));
    const stored = await ttl(/replay\}:[\w-]{43}$/);
    t.ok(stored > 340 && stored <= 360, 'a claim: as long as the proof is valid, and 5 minutes');
    t.ok((await ttl(/address/)) <= 60);
    t.equal(await ttl(/since/), -1, 'the mark stays');
  });
});

t.test('the store authenticates with a password or an ACL user', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t, {
    config: [
      'user default off',
      'user sallyport on >right ~sallyport:* +info +eval +get +set +del +incr +pexpire +pttl',
      'user blind on >right ~sallyport:* +@all -info',
    ],
  });
  const store = { ...redis(server), username: 'sallyport' };
  const good = await openStores(t, { ...store, password: 'right' });
  t.ok(await good.replay.check());
  t.ok(await good.replay.claim('a', inAnHour()));
  await good.limiter.consume('address', 'a');
  const counters = await server.cli('--user', 'blind', '--pass', 'right', 'keys', 'sallyport:limit:*');
  t.match(counters, /address/);
  const blind = await openStores(t, { ...redis(server), username: 'blind', password: 'right' });
  t.notOk(await blind.replay.check(), 'the run ID of the server is hidden');
  await t.rejects(blind.replay.claim('b', inAnHour()));
  for (const bad of [
    await openStores(t, { ...store, password: 'wrong' }),
    await openStores(t, redis(server)),
  ]) {
    t.notOk(await bad.replay.check());
    await t.rejects(bad.replay.claim('b', inAnHour()));
    t.equal(await consume(bad.limiter, 'address', 'a'), undefined, 'the local limiter');
  }
});

t.test('TLS requires the configured CA', async (t) => {
  if (!redisPeer(t)) return;
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-tls-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const certificate = async (name: string) => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const der = selfSignedCertificate(
      createPrivateKey(privateKey),
      'localhost',
      new Date('2020-01-01'),
      new Date('2049-01-01'),
    );
    const file = join(folder, name);
    const body = der.toString('base64').replace(/.{64}/g, '$&\n');
    await writeFile(`${file}.crt`, `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`);
    await writeFile(`${file}.key`, privateKey);
    return file;
  };
  const [own, other] = [await certificate('own'), await certificate('other')];
  const tls = await startRedis(t, {
    // `port 0` wins over the port above it: no clear text.
    config: (port) => [
      'port 0',
      `tls-port ${port}`,
      `tls-cert-file ${own}.crt`,
      `tls-key-file ${own}.key`,
      'tls-auth-clients no',
    ],
  });
  const url = `rediss://localhost:${tls.port}`;
  conformance(t, 'tls', { type: 'redis', url, tls: { ca: `${own}.crt` } });
  t.test('other CAs are not trusted', async (t) => {
    for (const store of [
      { type: 'redis' as const, url, tls: { ca: `${other}.crt` } },
      { type: 'redis' as const, url },
      { type: 'redis' as const, url: url.replace('rediss', 'redis') },
    ]) {
      const { replay } = await openStores(t, store);
      t.notOk(await replay.check());
      await t.rejects(replay.claim('a', inAnHour()));
    }
  });
  await t.rejects(openStores(t, { type: 'redis', url, tls: { ca: `${own}.missing` } }), { code: 'ENOENT' });
});

t.test('the store recovers if Redis starts after the broker', async (t) => {
  if (!redisPeer(t)) return;
  const server = await prepareRedis(t);
  const { replay, limiter, logged } = await openStores(t, redis(server));
  t.notOk(await replay.check());
  await t.rejects(replay.claim('a', inAnHour()));
  await limiter.consume('address', 'a');
  const back = logged(BACK);
  await server.start();
  await back;
  t.ok(await replay.check());
  t.ok(await replay.claim('a', inAnHour()));
});

t.test('without Redis, single-use proofs are refused and limits are local, until it is back', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t);
  const { replay, limiter, logged } = await openStores(t, redis(server), { limits: CONFORMANCE_LIMITS });
  const issued = Date.now() / 1000;
  t.equal(await authenticateOnce(replay, 'used', issued), 'accepted');
  const lost = [logged(LOST), logged(LOST, 'limits')];
  await server.kill();
  await Promise.all(lost);

  t.notOk(await replay.check());
  t.match(await authenticateOnce(replay, 'fresh', issued), {
    code: 'replay_store_unavailable',
    retryAfter: 5,
  });
  t.equal(await authenticateOnce(replay, 'fresh', issued, false), 'accepted', 'a reusable proof');
  t.ok((await timeToRefuse(t, replay.claim('fresh', inAnHour()))) < 200, 'without waiting');
  const refused = await Promise.all(Array.from({ length: 9 }, () => consume(limiter, 'address', 'a')));
  t.equal(refused.filter((refusal) => refusal?.code === 'rate_limited').length, 4);

  const back = [logged(BACK), logged(BACK, 'limits')];
  await server.start();
  await Promise.all(back);
  t.ok(await replay.check());
  t.match(
    await authenticateOnce(replay, 'used', issued),
    { code: 'proof_replayed', reason: 'replay.before_start' },
    'it has lost this claim, and detects it',
  );
  t.equal(await authenticateOnce(replay, 'new', Date.now() / 1000), 'accepted');
  t.match(await authenticateOnce(replay, 'new', Date.now() / 1000), { reason: 'proof_replayed' });
  t.equal(await consume(limiter, 'address', 'a'), undefined, 'counted by Redis again');
});

t.test('a flush during a connection is detected by the next claim', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t);
  const { replay } = await openStores(t, redis(server));
  const issued = Date.now() / 1000;
  t.equal(await authenticateOnce(replay, 'used', issued), 'accepted');
  await server.cli('flushall');
  t.match(await authenticateOnce(replay, 'used', issued), { code: 'replay_store_unavailable' });
  t.match(await authenticateOnce(replay, 'used', issued), { reason: 'replay.before_start' });
  t.equal(await authenticateOnce(replay, 'new', Date.now() / 1000), 'accepted');
});

t.test('a hung server fails fast, and no claim succeeds twice when it resumes', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t);
  const { replay, limiter, logged } = await openStores(t, redis(server), { limits: CONFORMANCE_LIMITS });
  t.ok(await replay.claim('before', inAnHour()));
  const lost = [logged(LOST), logged(LOST, 'limits')];
  server.signal('SIGSTOP');
  t.ok((await timeToRefuse(t, replay.claim('during', inAnHour()))) < 1000);
  t.notOk(await replay.check());
  for (let used = 0; used < 5; used++) await limiter.consume('address', 'a');
  t.match(await consume(limiter, 'address', 'a'), { code: 'rate_limited' }, 'the local limiter');
  await Promise.all(lost);
  t.ok((await timeToRefuse(t, replay.claim('later', inAnHour()))) < 200, 'immediately after detection');

  const back = logged(BACK);
  server.signal('SIGCONT');
  await back;
  t.ok(await replay.check());
  t.notOk(await replay.claim('before', inAnHour()));
  t.notOk(await replay.claim('during', inAnHour()), 'it was carried out after all: the proof is used up');
  t.ok(await replay.claim('after', inAnHour()));
});

t.test('a claim whose connection is lost is refused and not retried', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t);
  const { replay } = await openStores(t, redis(server));
  await server.cli('client', 'pause', '60000', 'write');
  const claim = t.rejects(replay.claim('a', inAnHour()));
  await server.cli('client', 'kill', 'type', 'normal');
  await claim;
  await server.cli('client', 'unpause');
  while (!(await replay.check())) await delay(20);
  t.ok(await replay.claim('a', inAnHour()));
});

t.test('a read-only server refuses claims', async (t) => {
  if (!redisPeer(t)) return;
  const primary = await startRedis(t);
  const replica = await startRedis(t, { config: [`replicaof 127.0.0.1 ${primary.port}`] });
  const { replay } = await openStores(t, redis(replica));
  t.notOk(await replay.check());
  await t.rejects(replay.claim('a', inAnHour()));
  const full: RedisServer = await startRedis(t, { config: ['maxmemory 1', 'maxmemory-policy noeviction'] });
  const filled = await openStores(t, redis(full));
  t.notOk(await filled.replay.check());
  await t.rejects(filled.replay.claim('a', inAnHour()));
});

t.test('a server restored from an old snapshot does not accept the claims it lost', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t);
  const { replay, logged } = await openStores(t, redis(server));
  const issued = Date.now() / 1000;
  t.equal(await authenticateOnce(replay, 'saved', issued), 'accepted');
  const since = replay.remembersSince;
  await server.cli('save');
  t.equal(await authenticateOnce(replay, 'lost', issued), 'accepted');

  const lost = logged(LOST);
  await server.kill();
  await lost;
  const back = logged(BACK);
  await server.start();
  t.equal((await server.cli('keys', '*')).split('\n').length, 2, 'the mark and one claim are back');
  await back;
  t.ok(await replay.check());
  t.ok(replay.remembersSince > since);
  for (const id of ['saved', 'lost']) {
    t.match(await authenticateOnce(replay, id, issued), { reason: 'replay.before_start' }, id);
  }
  const late = await openStores(t, redis(server));
  t.match(await authenticateOnce(late.replay, 'lost', issued), { reason: 'replay.before_start' });
  t.equal(await authenticateOnce(replay, 'new', Date.now() / 1000), 'accepted');
  t.match(await authenticateOnce(late.replay, 'new', Date.now() / 1000), { reason: 'proof_replayed' });
});

t.test('a marker of another server run is replaced', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t);
  const { replay } = await openStores(t, redis(server));
  t.ok(await replay.claim('a', inAnHour()));
  const since = replay.remembersSince;
  const [key = ''] = (await server.cli('keys', '*since')).split('\n');
  await server.cli('set', key, `${'0'.repeat(40)} ${since}`);
  await t.rejects(replay.claim('b', inAnHour()), 'without a new connection');
  t.ok(replay.remembersSince > since);
  t.ok(await replay.claim('b', inAnHour()));
});

t.test('a server that may evict claims refuses claims and logs the setting to change', async (t) => {
  if (!redisPeer(t)) return;
  const server = await startRedis(t, { config: ['maxmemory 50mb', 'maxmemory-policy volatile-lru'] });
  const errors: string[] = [];
  const quiet = () => undefined;
  const log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (_: object, line: string) => errors.push(line),
  };
  const stores = await openConfiguredStores({ store: redis(server) }, { now: aMinuteAgo, log });
  t.teardown(() => stores.close());
  const { replay } = stores;
  const issued = Date.now() / 1000;
  t.notOk(await replay.check());
  t.match(await authenticateOnce(replay, 'a', issued), { code: 'replay_store_unavailable' });
  t.match(errors, [/maxmemory-policy to noeviction/], 'once');

  await server.cli('config', 'set', 'maxmemory-policy', 'noeviction');
  t.ok(await replay.check());
  t.equal(await authenticateOnce(replay, 'a', Date.now() / 1000), 'accepted');

  await server.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru');
  t.notOk(await replay.check(), 'changed while it runs');
  await t.rejects(replay.claim('b', inAnHour()));
  t.equal(errors.length, 2);
  await server.cli('config', 'set', 'maxmemory', '0');
  t.ok(await replay.check(), 'nothing is evicted without a limit');
  t.match(
    await authenticateOnce(replay, 'a', issued),
    { reason: 'replay.before_start' },
    'what was evicted meanwhile is not accepted again',
  );
});
