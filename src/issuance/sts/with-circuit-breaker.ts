// A breaker for each key of a call, around whoever makes it: what is known to fail is refused here, for a while.
import { SallyportError } from '../../core/errors.js';
import {
  admit,
  type CircuitBreaker,
  type CircuitBreakerSettings,
  CLOSED,
  report,
  type Verdict,
} from './circuit-breaker.js';
import type { SendToSts, StsCall } from './client.js';

export interface CircuitBreakerOptions {
  readonly settings: CircuitBreakerSettings;
  /** Calls with the same key share a breaker. The number of keys must be bounded by the config. */
  keyOf(call: StsCall<unknown>): string;
  /** What a failure says, and after how many milliseconds it came. Whatever is not a failure is a success. */
  judge(error: SallyportError, afterMs: number): Verdict;
  /** What calls are refused with while the breaker is open; `seconds` until it may close, 1 or more. */
  refuse(seconds: number): SallyportError;
  /** Told of each change of state. */
  onChange(breaker: CircuitBreaker, before: CircuitBreaker, key: string): void;
  /** Epoch milliseconds. */
  now(): number;
}

export function withCircuitBreaker(ask: SendToSts, options: CircuitBreakerOptions): SendToSts {
  const { settings, keyOf, judge, refuse, onChange, now } = options;
  const breakers = new Map<string, CircuitBreaker>();
  const breakerOf = (key: string) => breakers.get(key) ?? CLOSED;

  function put(key: string, next: CircuitBreaker): void {
    const before = breakerOf(key);
    breakers.set(key, next);
    if (next.state !== before.state) onChange(next, before, key);
  }

  return async (call, signal) => {
    const key = keyOf(call);
    const started = now();
    const admitted = admit(breakerOf(key), started);
    if (!admitted) throw refuse(Math.max(1, Math.ceil((breakerOf(key).until - started) / 1000)));
    put(key, admitted);
    const { generation } = admitted;
    const conclude = (verdict: Verdict) =>
      put(key, report(breakerOf(key), { generation, verdict }, settings, now(), Math.random()));
    try {
      const answer = await ask(call, signal);
      conclude('success');
      return answer;
    } catch (error) {
      conclude(error instanceof SallyportError ? judge(error, now() - started) : 'nothing');
      throw error;
    }
  };
}
