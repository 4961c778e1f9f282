// The behaviour that every replay store must have.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Test } from 'tap';
import type { ReplayStore } from '../../src/core/ports.js';

/** `open` returns an empty store, with the given clock if there is one. The caller closes it. */
export function replayStoreConformance(
  t: Test,
  name: string,
  open: (t: Test, now?: () => Date) => Promise<ReplayStore>,
): void {
  const inAnHour = () => Date.now() / 1000 + 3600;

  t.test(`${name} accepts only the first claim of a key`, async (t) => {
    const store = await open(t);
    t.ok(await store.check());
    t.equal(await store.claim('a', inAnHour()), true);
    t.equal(await store.claim('a', inAnHour()), false);
    t.equal(await store.claim('a', inAnHour() * 2), false, 'regardless of the time');
    t.equal(await store.claim('b', inAnHour()), true, 'another key');
    t.equal(await store.claim('A', inAnHour()), true, 'case counts');
    t.ok(await store.check());
  });

  t.test(`${name} reports since when its records are complete`, async (t) => {
    const before = Date.now() / 1000;
    const store = await open(t, () => new Date());
    const after = Date.now() / 1000;
    const leeway = store.forgetsAtRestart ? 0 : 60;
    t.ok(
      store.remembersSince >= before + leeway - 0.002 && store.remembersSince <= after + leeway,
      'a proof claimed in another store may have a future date, unless such proofs are never claimed',
    );
    await store.claim('a', inAnHour());
    const { remembersSince } = store;
    await store.check();
    t.equal(store.remembersSince, remembersSince, 'it does not move');
  });

  t.test(`${name} accepts one of several concurrent claims`, async (t) => {
    const store = await open(t);
    for (const key of Array.from({ length: 20 }, () => randomUUID())) {
      const claims = await Promise.all(Array.from({ length: 50 }, () => store.claim(key, inAnHour())));
      t.equal(claims.filter(Boolean).length, 1);
    }
  });

  t.test(`${name} accepts a proof that expires during the claim only once`, async (t) => {
    const store = await open(t);
    const past = Date.now() / 1000 - 1;
    t.equal(await store.claim('late', past), true);
    t.equal(await store.claim('late', past), false);
    t.equal(await store.claim('ancient', 0), true);
    t.equal(await store.claim('ancient', 0), false);
  });

  t.test(`${name} returns true exactly for new keys (property)`, async (t) => {
    const store = await open(t);
    const seen = new Set<string>();
    const keys = fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '{x}', 'a\r\nb', '\u00e9', 'e\u0301')),
    );
    await fc.assert(
      fc.asyncProperty(keys, async (batch) => {
        for (const key of batch) {
          if ((await store.claim(key, inAnHour())) === seen.has(key)) return false;
          seen.add(key);
        }
        return true;
      }),
      { numRuns: 50 },
    );
    t.ok(seen.size > 50);
  });
}
