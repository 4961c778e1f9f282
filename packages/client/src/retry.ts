// Retries while a broker restarts, is overloaded, or cannot be reached. A permanent error ends the retries immediately.
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerRefusal, BrokerUnreachable } from './call-broker.js';

/** Milliseconds. The upper bound of the delay starts here and doubles after each attempt. */
const INITIAL_DELAY_MS = 400;
const MAX_DELAY_MS = 5000;

/** Milliseconds. Longer than an STS call with its retries. */
const DEFAULT_TIMEOUT_MS = 30_000;

export interface RetryOptions {
  /** Milliseconds for all attempts together; default 30 s. */
  readonly timeout?: number;
  /** Called with the error before each retry. */
  readonly onRetry?: (error: Error) => void;
  readonly clock?: Clock;
}

interface Clock {
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/**
 * Calls `attempt` with the remaining time in whole milliseconds, until it succeeds, fails permanently, or the timeout
 * is reached. The delay respects Retry-After; otherwise it is an exponential backoff with jitter. Rejects with the last
 * error.
 */
export async function withRetry<T>(
  attempt: (timeLeft: number) => Promise<T>,
  {
    timeout = DEFAULT_TIMEOUT_MS,
    onRetry = () => {},
    clock = { now: () => performance.now(), sleep },
  }: RetryOptions = {},
): Promise<T> {
  const deadline = clock.now() + timeout;
  let maxDelay = INITIAL_DELAY_MS;
  let previous: Error | undefined;
  for (;;) {
    try {
      return await attempt(Math.max(1, Math.ceil(deadline - clock.now())));
    } catch (error) {
      // An earlier attempt has used up a single-use proof, so its error is the cause.
      if (previous && error instanceof BrokerRefusal && error.code === 'proof_replayed') throw previous;
      if (!isTransient(error)) throw error;
      const delay = Math.max(retryAfterOf(error) * 1000, maxDelay * (0.5 + Math.random() / 2));
      if (clock.now() + delay >= deadline) throw error;
      previous = error;
      onRetry(error);
      await clock.sleep(delay);
      maxDelay = Math.min(maxDelay * 2, MAX_DELAY_MS);
    }
  }
}

/** True if the same request can succeed later. */
function isTransient(error: unknown): error is BrokerRefusal | BrokerUnreachable {
  if (error instanceof BrokerUnreachable) return true;
  if (!(error instanceof BrokerRefusal)) return false;
  const { status, code } = error;
  // 502 and 504 without a code come from a proxy whose broker is unavailable. With a code, AWS denied the request.
  return [429, 503].includes(status) || ([502, 504].includes(status) && code === undefined);
}

/** Seconds. */
const retryAfterOf = (error: BrokerRefusal | BrokerUnreachable) =>
  error instanceof BrokerRefusal ? (error.retryAfter ?? 0) : 0;
