// Circuit breakers of one kind, one for each key, e.g. each account. An open breaker refuses calls without sending them.
import { SallyportError } from '../../core/errors.js';
import {
  admit,
  type CircuitBreaker,
  type CircuitBreakerSettings,
  CLOSED,
  type Outcome,
  recordOutcome,
} from './circuit-breaker.js';

export interface CircuitBreakersOptions {
  readonly settings: CircuitBreakerSettings;
  /** How to classify an error that arrived after `milliseconds`. A call without an error is a success. */
  outcomeOf(error: SallyportError, afterMs: number): Outcome;
  /** The error while the breaker is open; `retryAfter`: seconds until it may close, 1 or more. */
  openError(retryAfter: number): SallyportError;
  onStateChange(breaker: CircuitBreaker, before: CircuitBreaker, key: string): void;
  /** Epoch milliseconds. */
  now(): number;
}

export class CircuitBreakers {
  readonly #options: CircuitBreakersOptions;
  readonly #breakers = new Map<string, CircuitBreaker>();

  constructor(options: CircuitBreakersOptions) {
    this.#options = options;
  }

  stateOf(key: string): CircuitBreaker['state'] {
    return this.#breaker(key).state;
  }

  /** Calls with the same key share a breaker. The config must bound the number of keys. */
  async run<T>(key: string, call: () => Promise<T>): Promise<T> {
    const { outcomeOf, openError, now } = this.#options;
    const started = now();
    const admitted = admit(this.#breaker(key), started);
    if (!admitted) throw openError(Math.max(1, Math.ceil((this.#breaker(key).until - started) / 1000)));
    this.#update(key, admitted);
    const { generation } = admitted;
    try {
      const output = await call();
      this.#record(key, generation, 'success');
      return output;
    } catch (error) {
      const outcome = error instanceof SallyportError ? outcomeOf(error, now() - started) : 'neutral';
      this.#record(key, generation, outcome);
      throw error;
    }
  }

  #record(key: string, generation: number, outcome: Outcome): void {
    const { settings, now } = this.#options;
    const breaker = this.#breaker(key);
    this.#update(key, recordOutcome(breaker, { generation, outcome }, settings, now(), Math.random()));
  }

  #update(key: string, next: CircuitBreaker): void {
    const before = this.#breaker(key);
    this.#breakers.set(key, next);
    if (next.state !== before.state) this.#options.onStateChange(next, before, key);
  }

  #breaker(key: string): CircuitBreaker {
    return this.#breakers.get(key) ?? CLOSED;
  }
}
