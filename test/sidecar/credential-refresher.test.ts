import { BrokerRefusal, BrokerUnreachable } from '@sallyport/client/internal/call-broker';
import type { BrokerCredentials } from '@sallyport/client/internal/request-credentials';
import { Secret } from '@sallyport/client/internal/secret';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { CredentialRefresher } from '../../src/sidecar/credential-refresher.js';
import { refreshDelay, retryDelay } from '../../src/sidecar/refresh-delay.js';

const MINUTE = 60_000;
/** Timers fire so many milliseconds early, as real ones can. */
const EARLY = 0.5;
const START = Date.parse('2027-01-15T08:00:00Z');

type Fetched = { readonly minutes: number } | Error;

/** A refresher with a simulated clock, which advances only in `pass`, and a broker that returns `answers` in turn. */
function refresherAt(t: Test, responses: Fetched[], jitter = 0) {
  let time = START;
  let fetched = 0;
  let timer: { readonly at: number; readonly task: () => void } | undefined;
  const logged: object[] = [];
  const log = (fields: object) => logged.push(fields);
  const refresher = new CredentialRefresher({
    role: 'reader',
    fetch: async (): Promise<BrokerCredentials> => {
      const response = responses[Math.min(fetched++, responses.length - 1)];
      if (response instanceof Error || !response) throw response;
      return {
        role: 'reader',
        credentials: {
          accessKeyId: `KEY${fetched}`,
          secretAccessKey: new Secret('secret-key'),
          sessionToken: new Secret('session-token'),
          expiration: new Date(time + response.minutes * MINUTE),
        },
      };
    },
    log: { debug: log, info: log, warn: log, error: log },
    now: () => new Date(time),
    random: () => jitter,
    schedule: (task, milliseconds) => {
      const mine = { at: time + milliseconds - EARLY, task };
      timer = mine;
      return () => {
        if (timer === mine) timer = undefined;
      };
    },
  });
  t.teardown(() => refresher.close());
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    refresher,
    key: async () => (await refresher.get()).credentials.accessKeyId,
    fetched: () => fetched,
    /** Minutes until the next scheduled fetch. */
    nextIn: () => timer && (timer.at + EARLY - time) / MINUTE,
    /** Advances the clock. Timers fire unless the machine sleeps. */
    pass: async (minutes: number, { asleep = false } = {}) => {
      await settle();
      const until = time + minutes * MINUTE;
      while (!asleep && timer && timer.at <= until) {
        const { at, task } = timer;
        timer = undefined;
        time = at;
        task();
        await settle();
      }
      time = until;
      await settle();
    },
    logged,
  };
}

const unreachable = () => new BrokerUnreachable('The broker does not answer.');
const refused = (code: string, retryAfter?: number) =>
  new BrokerRefusal('Said by the broker.', { status: 403, code, requestId: 'id-1', retryAfter });

t.test(
  'the refresher fetches immediately, serves cached credentials, and refreshes before expiration',
  async (t) => {
    const world = refresherAt(t, [{ minutes: 60 }]);
    t.equal(world.refresher.isReady(), false);
    t.equal(await world.key(), 'KEY1');
    t.equal(await world.key(), 'KEY1');
    t.equal(world.fetched(), 1);
    t.equal(world.nextIn(), 40);
    await world.pass(39.9);
    t.equal(world.fetched(), 1);
    await world.pass(0.2);
    t.equal(world.fetched(), 2);
    t.equal(await world.key(), 'KEY2');
    t.equal(world.nextIn()?.toFixed(1), '39.9');
  },
);

t.test('concurrent callers share one fetch', async (t) => {
  const world = refresherAt(t, [{ minutes: 60 }]);
  const keys = await Promise.all(Array.from({ length: 50 }, world.key));
  t.strictSame([...new Set(keys)], ['KEY1']);
  t.equal(world.fetched(), 1);
});

t.test('jitter spreads refreshes over four minutes, before SDKs refetch at each use', async (t) => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.comment(`seed ${seed}`);
  fc.assert(
    fc.property(fc.integer({ min: 61, max: 36 * 60 }), random, (minutes, jitter) => {
      const left = minutes * MINUTE - refreshDelay(minutes * MINUTE, jitter);
      return left > 15 * MINUTE && left <= 20 * MINUTE;
    }),
    { seed },
  );
  t.equal(refreshDelay(60 * MINUTE, 0), 40 * MINUTE);
  t.equal(refreshDelay(60 * MINUTE, 0.5), 42 * MINUTE);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 36 * 60 * 60 }), random, (seconds, jitter) => {
      const wait = refreshDelay(seconds * 1000, jitter);
      return wait >= (seconds * 1000) / 3 && wait < seconds * 1000;
    }),
    { seed },
  );
});

t.test('retries back off with jitter and respect Retry-After', async (t) => {
  t.strictSame(
    [1, 2, 3, 6, 7, 1000].map((failures) => retryDelay(failures, 0)),
    [1000, 2000, 4000, 30_000, 30_000, 30_000],
  );
  t.equal(retryDelay(1, 0.5), 1250);
  t.equal(retryDelay(1, 0, 60), 60_000);
  t.equal(retryDelay(1, 0.5, 60), 75_000);
  t.equal(retryDelay(1, 0, 1e12), 300_000);
  t.equal(retryDelay(1, 0, -5), 1000);
});

t.test('during an outage, credentials are served until they expire', async (t) => {
  const responses: Fetched[] = [{ minutes: 60 }, unreachable()];
  const world = refresherAt(t, responses);
  await world.pass(59.9);
  t.ok(world.fetched() > 20, `${world.fetched()} tries`);
  t.equal(await world.key(), 'KEY1');
  t.equal(world.refresher.isReady(), true);
  await world.pass(0.1);
  t.equal(world.refresher.isReady(), false);
  await t.rejects(world.key(), { name: 'BrokerUnreachable' });
  responses.push({ minutes: 60 });
  responses.splice(1, 1);
  await world.pass(0.6);
  t.match(await world.key(), /KEY/);
  t.equal(world.refresher.isReady(), true);
});

t.test('a caller between two attempts gets the error without a new request', async (t) => {
  const world = refresherAt(t, [unreachable()]);
  await t.rejects(world.key(), { name: 'BrokerUnreachable' });
  await Promise.all(Array.from({ length: 20 }, () => t.rejects(world.key())));
  t.equal(world.fetched(), 1);
});

t.test('a caller without credentials triggers a fetch before the next scheduled attempt', async (t) => {
  const responses: Fetched[] = [unreachable(), unreachable(), unreachable(), unreachable(), unreachable()];
  const world = refresherAt(t, [...responses, { minutes: 60 }]);
  await world.pass(0.4);
  const tries = world.fetched();
  t.equal(tries, responses.length);
  t.ok((world.nextIn() ?? 0) > 0.1, 'no fetch is scheduled');
  t.equal(await world.key(), `KEY${tries + 1}`);
});

t.test('Retry-After delays the next attempt', async (t) => {
  const world = refresherAt(t, [refused('rate_limited', 45), { minutes: 60 }]);
  await t.rejects(world.key(), { code: 'rate_limited' });
  t.equal(world.nextIn(), 0.75);
  await world.pass(0.7);
  t.equal(world.fetched(), 1);
  await world.pass(0.1);
  t.equal(await world.key(), 'KEY2');
});

t.test('an error of the broker is logged with code and request ID, without keys', async (t) => {
  const world = refresherAt(t, [refused('role_not_permitted'), { minutes: 60 }]);
  await t.rejects(world.key(), { code: 'role_not_permitted' });
  await world.pass(1);
  t.match(world.logged, [
    {
      role: 'reader',
      failures: 1,
      ready: false,
      code: 'role_not_permitted',
      requestId: 'id-1',
      detail: 'Said by the broker.',
    },
    { role: 'reader', expiration: '2027-01-15T09:00:00Z' },
  ]);
  t.notMatch(JSON.stringify(world.logged), /secret-key|session-token/);
});

t.test('after the machine slept, expired credentials are replaced before they are returned', async (t) => {
  const world = refresherAt(t, [{ minutes: 60 }]);
  t.equal(await world.key(), 'KEY1');
  await world.pass(600, { asleep: true });
  t.equal(world.refresher.isReady(), false);
  t.equal(await world.key(), 'KEY2');
});

t.test(
  'after the machine slept, unexpired credentials are returned and refreshed in the background',
  async (t) => {
    const world = refresherAt(t, [{ minutes: 60 }]);
    await world.key();
    await world.pass(50, { asleep: true });
    t.equal(await world.key(), 'KEY1');
    await world.pass(0);
    t.equal(await world.key(), 'KEY2');
  },
);

t.test('expired credentials in a response are an error', async (t) => {
  const world = refresherAt(t, [{ minutes: 0 }]);
  await t.rejects(world.key(), /Set the clock/);
  t.equal(world.refresher.isReady(), false);
});

t.test('short-lived credentials are refreshed more often', async (t) => {
  const world = refresherAt(t, [{ minutes: 3 }]);
  await world.key();
  t.equal(world.nextIn(), 1);
});

t.test('close stops fetching', async (t) => {
  const world = refresherAt(t, [{ minutes: 60 }]);
  await world.key();
  world.refresher.close();
  t.equal(world.nextIn(), undefined);
  await world.pass(120);
  t.equal(world.fetched(), 1);
});

t.test('close during a fetch leaves no timer', async (t) => {
  const world = refresherAt(t, [{ minutes: 60 }]);
  world.refresher.close();
  await world.pass(0);
  t.equal(world.nextIn(), undefined);
});
