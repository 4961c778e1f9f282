// The stores of a single replica: conformance, and behaviour over time with a simulated clock.
import t from 'tap';
import { SallyportError } from '../../src/core/errors.js';
import { toLimits } from '../../src/rate-limit/limits.js';
import { LocalRateLimiter } from '../../src/rate-limit/local-rate-limiter.js';
import { MemoryReplayStore } from '../../src/replay/memory-replay-store.js';
import { CONFORMANCE_LIMITS, consume, rateLimiterConformance } from '../conformance/rate-limiter.js';
import { replayStoreConformance } from '../conformance/replay-store.js';
import { openStores } from '../support/open-stores.js';

const START = 1_800_000_000;

/** A clock that advances only when the test sets it. */
function clock() {
  let seconds = START;
  return {
    now: () => new Date(seconds * 1000),
    pass: (more: number) => {
      seconds += more;
    },
  };
}

replayStoreConformance(
  t,
  'memory',
  async (t, now) => (await openStores(t, { type: 'memory' }, now && { now })).replay,
);
rateLimiterConformance(
  t,
  'local',
  async (t) => (await openStores(t, { type: 'memory' }, { limits: CONFORMANCE_LIMITS })).limiter,
);

t.test(
  'the memory store remembers since its start and keeps claims past the expiry of the proof',
  async (t) => {
    const { now, pass } = clock();
    const store = new MemoryReplayStore(now);
    t.equal(store.remembersSince, START);
    t.ok(await store.claim('a', START + 60));
    pass(60 + 299);
    t.notOk(await store.claim('a', START + 60));
    t.equal(store.remembersSince, START, 'it does not move');
    pass(1);
    t.ok(await store.claim('a', START + 999));
  },
);

t.test('a full memory store rejects new claims and fails its check', async (t) => {
  const { now, pass } = clock();
  const store = new MemoryReplayStore(now, 2);
  t.ok(await store.claim('a', START + 60));
  t.ok(await store.claim('b', START + 3600));
  t.notOk(await store.check());
  await t.rejects(store.claim('c', START + 60));
  t.notOk(await store.claim('a', START + 60), 'what is held is held');
  pass(360);
  t.ok(await store.check(), 'one may be forgotten');
  t.ok(await store.claim('c', START + 3600));
  t.notOk(await store.claim('b', START + 3600));
  await t.rejects(store.claim('d', START + 3600));
});

t.test('the local limiter starts a new window after the previous one ends', async (t) => {
  const { now, pass } = clock();
  const limiter = new LocalRateLimiter(toLimits(CONFORMANCE_LIMITS), now);
  for (let used = 0; used < 5; used++) t.equal(await consume(limiter, 'address', 'a'), undefined);
  pass(3599.5);
  t.equal((await consume(limiter, 'address', 'a'))?.retryAfter, 1, 'never 0');
  pass(0.5);
  for (let used = 0; used < 5; used++) t.equal(await consume(limiter, 'address', 'a'), undefined);
  t.equal((await consume(limiter, 'address', 'a'))?.retryAfter, 3600);
});

t.test('the local limiter drops the least recently used keys beyond its maximum', async (t) => {
  const limiter = new LocalRateLimiter(
    toLimits({ perAddress: { requests: 1, per: '1h' }, perPrincipal: { requests: 1, per: '1h' } }),
    () => new Date(START * 1000),
    2,
  );
  for (const key of ['a', 'b', 'c']) await limiter.consume('address', key);
  await t.rejects(limiter.consume('address', 'c'), SallyportError);
  t.equal(await consume(limiter, 'address', 'a'), undefined, 'a was forgotten');
});

t.test('default limits apply if the config sets none', async (t) => {
  t.same(toLimits(), {
    address: { requests: 3000, window: 60_000 },
    principal: { requests: 1500, window: 60_000 },
  });
  t.same(toLimits({ perPrincipal: { requests: 7, per: '2s' } }), {
    address: { requests: 3000, window: 60_000 },
    principal: { requests: 7, window: 2000 },
  });
});
