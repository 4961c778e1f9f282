// Retries and refreshes, with a simulated clock.
import { setImmediate } from 'node:timers/promises';
import { BrokerRefusal, BrokerUnreachable } from '@sallyport/client/internal/call-broker';
import { refreshingProvider } from '@sallyport/client/internal/refreshing-provider';
import { withRetry } from '@sallyport/client/internal/retry';
import t from 'tap';

const refusal = (status: number, code?: string, retryAfter?: number) =>
  new BrokerRefusal('refused', { status, code, requestId: undefined, retryAfter });

/** Runs `outcomes` in turn, and then repeats the last. */
async function play(outcomes: readonly (Error | string)[], timeout = 30_000) {
  let now = 0;
  const pauses: number[] = [];
  const timesLeft: number[] = [];
  const retried: string[] = [];
  let tries = 0;
  const ended = await withRetry(
    async (timeLeft) => {
      timesLeft.push(timeLeft);
      const outcome = outcomes[Math.min(tries++, outcomes.length - 1)];
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    {
      timeout,
      onRetry: (error) => retried.push(error.name),
      clock: {
        now: () => now,
        sleep: async (milliseconds) => {
          pauses.push(milliseconds);
          now += milliseconds;
        },
      },
    },
  ).catch((error: Error) => error);
  return { ended, tries, pauses, timesLeft, retried, now };
}

t.test('transient errors are retried with backoff and jitter', async (t) => {
  const unavailable = new BrokerUnreachable('away');
  const { ended, tries, pauses, timesLeft, retried } = await play([
    unavailable,
    refusal(503, 'overloaded'),
    refusal(502),
    refusal(504),
    refusal(429, 'rate_limited'),
    'done',
  ]);
  t.same([ended, tries], ['done', 6]);
  pauses.forEach((pause, n) => {
    const longest = Math.min(400 * 2 ** n, 5000);
    t.ok(pause >= longest / 2 && pause <= longest, `pause ${n}: ${pause}`);
  });
  t.same(retried, ['BrokerUnreachable', ...Array(4).fill('BrokerRefusal')]);
  t.equal(timesLeft[0], 30_000);
  t.ok(
    timesLeft.every((left, n) => Number.isInteger(left) && left > 0 && left <= (timesLeft[n - 1] ?? left)),
    'each attempt gets the remaining time',
  );
});

t.test('permanent errors are not retried', async (t) => {
  for (const [status, code] of [
    [400, 'parameter_invalid'],
    [401, 'proof_expired'],
    [403, 'role_not_permitted'],
    [409, 'role_ambiguous'],
    [502, 'sts_access_denied'],
    [500, 'internal'],
    [302, undefined],
    [404, undefined],
  ] as const) {
    const error = refusal(status, code);
    t.match(await play([error, 'done']), { ended: error, tries: 1 }, `${status} ${code}`);
  }
  const fault = new TypeError('a programming error');
  t.match(await play([fault, 'done']), { ended: fault, tries: 1 });
});

t.test('retries end at the timeout', async (t) => {
  const unavailable = new BrokerUnreachable('away');
  const { ended, now, tries } = await play([unavailable]);
  t.equal(ended, unavailable);
  t.ok(now <= 30_000 && now > 24_000, `retries use most of the timeout: ${now}`);
  t.ok(tries < 20, `backoff limits the attempts: ${tries}`);
});

t.test('Retry-After is respected; one beyond the timeout ends the retries', async (t) => {
  const { ended, pauses } = await play([refusal(503, 'sts_throttled', 7), 'done']);
  t.same([ended, pauses], ['done', [7000]]);
  const later = refusal(429, 'rate_limited', 31);
  t.match(await play([later, 'done']), { ended: later, tries: 1, now: 0 });
});

t.test('proof_replayed after a retry reports the earlier error', async (t) => {
  const first = refusal(503, 'sts_unavailable');
  t.equal((await play([first, refusal(401, 'proof_replayed')])).ended, first);
  const replayed = refusal(401, 'proof_replayed');
  t.equal((await play([replayed])).ended, replayed, 'a proof that was replayed on the first attempt');
});

t.test(
  'refreshingProvider shares credentials, refreshes in the background, and uses them while refreshes fail',
  async (t) => {
    let now = 0;
    let obtained = 0;
    let failure: Error | undefined;
    let response = () => {};
    /** Settles the pending request and lets all waiters continue. */
    const answered = async () => {
      response();
      await setImmediate();
    };
    const obtain = () =>
      new Promise<{ readonly n: number; readonly expiration: Date }>((resolve, reject) => {
        const n = ++obtained;
        response = () => (failure ? reject(failure) : resolve({ n, expiration: new Date(now + 900_000) }));
      });
    const take = refreshingProvider(obtain, () => now);

    const waiting = Promise.all([take(), take(), take()]);
    await answered();
    t.same(
      (await waiting).map(({ n }) => n),
      [1, 1, 1],
      'one request for all callers',
    );

    now = 599_000;
    t.equal((await take()).n, 1);
    t.equal(obtained, 1, 'no refresh earlier than five minutes before expiration');

    now = 601_000;
    t.equal((await take()).n, 1, 'no caller waits for a background refresh');
    t.equal(obtained, 2);
    failure = new BrokerUnreachable('away');
    await answered();
    t.equal((await take()).n, 1, 'a failed refresh does not affect callers');
    t.equal(obtained, 2, 'and is not retried immediately');
    now += 10_000;
    await take();
    t.equal(obtained, 3, 'but after 10 seconds');
    await answered();

    now = 871_000;
    const rejection = t.rejects(take(), failure, 'the error is reported once the credentials have expired');
    await answered();
    await rejection;

    failure = undefined;
    const next = take();
    await answered();
    t.equal((await next).n, obtained);
    const forced = take({ forceRefresh: true });
    await answered();
    t.equal((await forced).n, 6, 'forceRefresh always makes a request');
  },
);
