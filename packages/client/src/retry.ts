// Trying again while a broker restarts, is overloaded, or cannot be reached. What it refuses for good is final at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerRefusal, BrokerUnreachable } from './call-broker.js';

/** Milliseconds: the first pause is up to this; each later one up to twice the one before. */
const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 5000;

/** Milliseconds in all, where nothing else is said: longer than STS may take, with its retries. */
const PATIENCE = 30_000;

export interface RetryOptions {
  /** Milliseconds for all tries together; default 30 s. */
  readonly timeout?: number;
  /** Told why, before each further try. */
  readonly onRetry?: (error: Error) => void;
  readonly clock?: Clock;
}

interface Clock {
  /** Milliseconds, from any beginning. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/**
 * Calls `attempt` with the whole milliseconds that are left until it succeeds, is refused for good, or the time is over.
 * Retry-After is heeded; other pauses grow, and differ, so that callers do not come back all at once. Rejects with the
 * error that matters.
 */
export async function withRetry<T>(
  attempt: (timeLeft: number) => Promise<T>,
  {
    timeout = PATIENCE,
    onRetry = () => {},
    clock = { now: () => performance.now(), sleep },
  }: RetryOptions = {},
): Promise<T> {
  const end = clock.now() + timeout;
  let longest = FIRST_PAUSE;
  let before: Error | undefined;
  for (;;) {
    try {
      return await attempt(Math.max(1, Math.ceil(end - clock.now())));
    } catch (error) {
      // The first try used a single-use proof up, so what stopped that one is what the caller must know.
      if (before && error instanceof BrokerRefusal && error.code === 'proof_replayed') throw before;
      if (!isPassing(error)) throw error;
      const pause = Math.max(secondsAsked(error) * 1000, longest * (0.5 + Math.random() / 2));
      if (clock.now() + pause >= end) throw error;
      before = error;
      onRetry(error);
      await clock.sleep(pause);
      longest = Math.min(longest * 2, LONGEST_PAUSE);
    }
  }
}

/** Whether the same request may succeed a little later. */
function isPassing(error: unknown): error is BrokerRefusal | BrokerUnreachable {
  if (error instanceof BrokerUnreachable) return true;
  if (!(error instanceof BrokerRefusal)) return false;
  const { status, code } = error;
  // 502 and 504 without a code come from a proxy whose broker is away; the broker's own mean that IAM refuses.
  return [429, 503].includes(status) || ([502, 504].includes(status) && code === undefined);
}

const secondsAsked = (error: BrokerRefusal | BrokerUnreachable) =>
  error instanceof BrokerRefusal ? (error.retryAfter ?? 0) : 0;
