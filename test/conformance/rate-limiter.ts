// The behaviour that every rate limiter must have.
import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { SallyportError } from '../../src/core/errors.js';
import type { RateLimiter, RateLimitScope } from '../../src/core/ports.js';

/** The config that `open` must apply. */
export const CONFORMANCE_LIMITS = {
  perAddress: { requests: 5, per: '1h' },
  perPrincipal: { requests: 3, per: '2h' },
};

/** The result of one request: undefined, or the error. Other exceptions fail the test. */
export async function consume(
  limiter: RateLimiter,
  scope: RateLimitScope,
  key: string,
): Promise<SallyportError | undefined> {
  try {
    return void (await limiter.consume(scope, key));
  } catch (error) {
    if (error instanceof SallyportError) return error;
    throw error;
  }
}

export function rateLimiterConformance(t: Test, name: string, open: (t: Test) => Promise<RateLimiter>): void {
  const times = (count: number, limiter: RateLimiter, scope: RateLimitScope, key: string) =>
    Promise.all(Array.from({ length: count }, () => consume(limiter, scope, key)));

  t.test(`${name} permits requests up to the limit, then refuses with the time to retry`, async (t) => {
    const limiter = await open(t);
    const key = randomUUID();
    t.same(await times(5, limiter, 'address', key), Array(5).fill(undefined));
    const refusal = await consume(limiter, 'address', key);
    t.match(refusal, { code: 'rate_limited', reason: 'limit.address' });
    t.ok(refusal?.retryAfter !== undefined && Number.isInteger(refusal.retryAfter));
    t.ok((refusal?.retryAfter ?? 0) > 3500 && (refusal?.retryAfter ?? 0) <= 3600, 'the rest of the window');
    t.notMatch(refusal?.detail, key);
  });

  t.test(`${name} counts keys and scopes separately`, async (t) => {
    const limiter = await open(t);
    const [key, other] = [randomUUID(), randomUUID()];
    t.match(await times(4, limiter, 'principal', key), [
      undefined,
      undefined,
      undefined,
      { reason: 'limit.principal' },
    ]);
    t.equal(await consume(limiter, 'principal', other), undefined);
    t.equal(await consume(limiter, 'address', key), undefined);
  });

  t.test(`${name} permits no more than the limit of concurrent requests`, async (t) => {
    const limiter = await open(t);
    const responses = await times(100, limiter, 'address', randomUUID());
    t.equal(responses.filter((response) => response === undefined).length, 5);
  });
}
