// The disk cache: who gets an entry, for how long, and which entries are not trusted.
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type CachedCredentials, isFresh } from '@sallyport/client/internal/cache-entry';
import { BrokerRefusal, BrokerUnreachable } from '@sallyport/client/internal/call-broker';
import { getCachedCredentials, proofCacheKey } from '@sallyport/client/internal/disk-cache';
import { withFileLock } from '@sallyport/client/internal/file-lock';
import type { BrokerCredentials } from '@sallyport/client/internal/request-credentials';
import { Secret } from '@sallyport/client/internal/secret';
import t, { type Test } from 'tap';

const START = new Date('2026-11-21T12:00:00Z');
const MINUTE = 60_000;

interface World {
  /** Lifetime of the next credentials, in minutes. */
  minutes: number;
  now: Date;
  failure: Error | undefined;
  requests: (number | undefined)[];
  reports: string[];
}

/** A cache folder, a broker that returns numbered credentials, and a clock. */
function openCache(t: Test, folder = join(t.testdir(), 'cache')) {
  const life: World = { minutes: 60, now: START, failure: undefined, requests: [], reports: [] };
  let ticks = 0;
  const after = (minutes: number) => {
    life.now = new Date(START.getTime() + minutes * MINUTE);
  };
  const received = (): BrokerCredentials => ({
    credentials: {
      accessKeyId: `ASIA${life.requests.length}`,
      secretAccessKey: new Secret('s'),
      sessionToken: new Secret('t'),
      expiration: new Date(life.now.getTime() + life.minutes * MINUTE),
    },
    role: 'deploy',
    accountId: '111122223333',
  });
  const get = async (...key: unknown[]) => {
    const { credentials } = await getCachedCredentials({
      folder,
      key,
      // Every call returns a later time.
      now: () => new Date(life.now.getTime() + ticks++),
      report: (sentence) => life.reports.push(sentence),
      request: async (timeout) => {
        life.requests.push(timeout);
        if (life.failure) throw life.failure;
        return received();
      },
    });
    return credentials.accessKeyId;
  };
  const entry = async () => {
    const name = (await readdir(folder)).find((file) => file.endsWith('.json'));
    return join(folder, name ?? 'none');
  };
  return { life, after, get, entry, folder };
}

const refusal = (status: number) =>
  new BrokerRefusal('Ask for the role.', {
    status,
    code: undefined,
    requestId: undefined,
    retryAfter: undefined,
  });

t.test('an entry is fresh until 16 minutes remain, or half of a short lifetime', async (t) => {
  for (const [minutes, fresh, due] of [
    [60, 43.9, 44],
    [15, 7.4, 7.5],
    [720, 703.9, 704],
  ] as const) {
    const { life, after, get } = openCache(t, join(t.testdir(), `${minutes}`));
    life.minutes = minutes;
    t.equal(await get('a'), 'ASIA1');
    after(fresh);
    t.equal(await get('a'), 'ASIA1', 'fresh');
    after(due);
    t.equal(await get('a'), 'ASIA2', 'due');
    t.same(life.reports, []);
  }
});

t.test('each key has its own entry, which only the owner can read', async (t) => {
  const { get, folder } = openCache(t);
  t.equal(await get('broker', { role: 'deploy' }, 'alice'), 'ASIA1');
  t.equal(await get('broker', { role: 'deploy' }, 'bob'), 'ASIA2');
  t.equal(await get('broker', { role: 'deploy' }, 'alice'), 'ASIA1');
  t.equal((await stat(folder)).mode & 0o777, 0o700);
  const files = await readdir(folder);
  t.equal(files.length, 2, 'no lock and no temporary file remains');
  for (const file of files) t.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
});

t.test('an entry that is damaged, open to others, or a link is ignored and replaced', async (t) => {
  const { get, entry, folder, life } = openCache(t);
  await get('a');
  const path = await entry();
  const whole = await readFile(path, 'utf8');
  const damages: [what: string, damage: () => Promise<void>][] = [
    ['empty', () => writeFile(path, '')],
    ['half', () => writeFile(path, whole.slice(0, 100))],
    ['null', () => writeFile(path, 'null')],
    ['another version', () => writeFile(path, whole.replace('"Version":1', '"Version":2'))],
    ['no key', () => writeFile(path, whole.replace('SecretAccessKey', 'Secret'))],
    ['no time', () => writeFile(path, whole.replace(/"Expiration":"[^"]*"/, '"Expiration":"soon"'))],
    ['too large', () => writeFile(path, whole + ' '.repeat(70_000))],
    ['open to others', () => chmod(path, 0o644)],
    [
      'a link',
      async () => {
        await writeFile(join(folder, 'elsewhere'), whole, { mode: 0o600 });
        await rm(path);
        await symlink(join(folder, 'elsewhere'), path);
      },
    ],
  ];
  let expected = 1;
  for (const [what, damage] of damages) {
    await damage();
    expected += 1;
    t.equal(await get('a'), `ASIA${expected}`, what);
    t.equal(await get('a'), `ASIA${expected}`, `${what}: replaced`);
  }
  t.equal(await readFile(join(folder, 'elsewhere'), 'utf8'), whole, 'the link was not followed');
  t.same(life.reports, []);
});

t.test('a folder that is open to others or a link is not used', async (t) => {
  const root = t.testdir({ file: '' });
  await mkdir(join(root, 'open'), { mode: 0o755 });
  await mkdir(join(root, 'own'), { mode: 0o700 });
  await symlink(join(root, 'own'), join(root, 'link'));
  for (const name of ['open', 'link', 'file', 'file/below']) {
    const { get, life } = openCache(t, join(root, name));
    t.equal(await get('a'), 'ASIA1', name);
    t.equal(await get('a'), 'ASIA2', name);
    t.match(life.reports, [/^Credentials are not cached: /], name);
  }
  t.same(await readdir(join(root, 'open')), []);
  t.same(await readdir(join(root, 'own')), []);
});

t.test('cached credentials are returned while the broker is unavailable, until they expire', async (t) => {
  const { after, get, life } = openCache(t);
  await get('a');
  for (const unavailable of [
    new BrokerUnreachable('Away.'),
    refusal(503),
    refusal(429),
    new Error('No sign-in.'),
  ]) {
    life.failure = unavailable;
    after(45);
    t.equal(await get('a'), 'ASIA1');
    t.match(
      life.reports.at(-1),
      /^\S.*\. Using cached credentials, which expire at 2026-11-21T13:00:00.000Z\.$/,
    );
    t.equal(life.requests.at(-1), 5000, 'with a short timeout');
  }
  life.failure = refusal(403);
  await t.rejects(get('a'), { message: 'Ask for the role.' }, 'a denial is not bypassed');
  life.failure = new BrokerUnreachable('Away.');
  t.equal(await get('a'), 'ASIA1');
  after(59.6);
  await t.rejects(get('a'), { message: 'Away.' });
  t.equal(life.requests.at(-1), undefined, 'with the default timeout if no usable credentials are cached');
  after(61);
  await t.rejects(get('a'), { message: 'Away.' });
  life.failure = undefined;
  t.match(await get('a'), /ASIA/);
});

t.test('concurrent runs make one request, including one that fails', async (t) => {
  const { get, life } = openCache(t);
  const all = await Promise.all(Array.from({ length: 30 }, () => get('a')));
  t.same(new Set(all), new Set(['ASIA1']));
  life.failure = refusal(403);
  const failed = await Promise.allSettled(Array.from({ length: 30 }, () => get('b')));
  t.ok(failed.every(({ status }) => status === 'rejected'));
  t.equal(life.requests.length, 2);
  await t.rejects(get('b'), { message: 'Ask for the role.' });
  t.equal(life.requests.length, 3, 'a later run makes a new request');
});

t.test(
  'entries written with a wrong clock neither block requests nor return expired credentials',
  async (t) => {
    const { get, life, after } = openCache(t);
    life.failure = new BrokerUnreachable('Away.');
    after(5 * 365 * 24 * 60);
    await t.rejects(get('a'), { message: 'Away.' });
    life.failure = undefined;
    after(0);
    t.equal(await get('a'), 'ASIA2');

    const requestedAt = new Date(START.getTime() + 180 * MINUTE);
    const cachedUntil = (expiration: Date): CachedCredentials => ({
      requestedAt,
      value: {
        credentials: {
          accessKeyId: 'ASIA',
          secretAccessKey: new Secret('s'),
          sessionToken: new Secret('t'),
          expiration,
        },
        role: 'deploy',
      },
    });
    const early = cachedUntil(new Date(START.getTime() + 60 * MINUTE));
    t.ok(isFresh(early, START));
    t.notOk(isFresh(early, new Date(START.getTime() + 90 * MINUTE)), 'they have expired');
  },
);

t.test('one of many waiting processes takes over an abandoned lock', async (t) => {
  const file = join(t.testdir(), 'lock');
  const old = new Date(Date.now() - 11_000);
  const holders: [what: string, text: string, at: Date][] = [
    ['killed', `${hostname()} 4194305 x`, new Date()],
    ['silent', `${hostname()} ${process.pid} x`, old],
    ['on another machine, silent', 'elsewhere 1 x', old],
  ];
  for (const [what, text, at] of holders) {
    await writeFile(file, text);
    await utimes(file, at, at);
    let done = 0;
    const work = async () => ++done;
    const look = async () => done || undefined;
    const began = Date.now();
    const all = await Promise.all(Array.from({ length: 40 }, () => withFileLock(file, look, work)));
    t.same(new Set(all), new Set([1]), what);
    t.ok(Date.now() - began < 5000, `${what}: without waiting`);
  }
  t.same(await readdir(join(file, '..')), [], 'no lock file remains');
});

t.test('a lock with a running holder is not taken over', async (t) => {
  const file = join(t.testdir(), 'lock');
  await writeFile(file, 'elsewhere 1 x');
  let looks = 0;
  const outcome = await withFileLock(
    file,
    async () => (++looks > 3 ? 'what the other did' : undefined),
    async () => 'took it',
  );
  t.equal(outcome, 'what the other did');
  t.equal(await readFile(file, 'utf8'), 'elsewhere 1 x');
});

t.test('entries older than two days are deleted', async (t) => {
  const { get, entry, folder } = openCache(t);
  await get('a');
  const path = await entry();
  const old = new Date(START.getTime() - 3 * 86_400_000);
  await utimes(path, old, old);
  await writeFile(join(folder, 'notes'), '');
  await utimes(join(folder, 'notes'), old, old);
  await get('b');
  t.equal((await readdir(folder)).length, 2);
  t.ok((await readdir(folder)).includes('notes'), 'other files are kept');
  t.equal(await get('a'), 'ASIA3');
});

t.test('proofCacheKey depends on the claims of a JWT, not on the token', (t) => {
  const jwt = (claims: object, rest = 'x') =>
    proofCacheKey({
      type: 'oidc',
      value: new Secret(`h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${rest}`),
    });
  const alice = { iss: 'https://a', sub: 'alice', groups: ['x'], exp: 1, iat: 1, jti: '1' };
  t.equal(jwt(alice), jwt({ ...alice, exp: 2, iat: 2, jti: '2' }, 'y'), 'a later token');
  for (const other of [{ sub: 'bob' }, { iss: 'https://b' }, { groups: [] }, { more: 1 }, { aud: 'x' }])
    t.not(jwt(alice), jwt({ ...alice, ...other }));
  const opaque = (text: string) => proofCacheKey({ type: 'oidc', value: new Secret(text) });
  t.not(opaque('a'), opaque('b'));
  t.notMatch(opaque('planted'), 'planted');
  const saml = (text: string) => proofCacheKey({ type: 'saml', value: new Secret(text) });
  t.not(saml('a'), saml('b'));
  t.end();
});
