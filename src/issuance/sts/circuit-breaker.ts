// The state machine of a circuit breaker, as pure functions. Closed, it admits calls. Consecutive failures open it for
// a time that doubles with each opening. Then one call probes, and its outcome closes the breaker or opens it again.

export interface CircuitBreakerSettings {
  /** Consecutive failures that open it. */
  readonly threshold: number;
  /** Milliseconds it stays open at first. Doubles with each opening until a success. */
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface CircuitBreaker {
  /** `half-open`: a probe is in flight. */
  readonly state: 'closed' | 'open' | 'half-open';
  /** Consecutive failures while closed. */
  readonly failures: number;
  /** Openings since it was last closed. */
  readonly openings: number;
  /** Epoch milliseconds: when it admits a probe. */
  readonly until: number;
  /** Changes with the state. */
  readonly generation: number;
}

export const CLOSED: CircuitBreaker = { state: 'closed', failures: 0, openings: 0, until: 0, generation: 0 };

/** `neutral`: neither a success nor a failure for this breaker. */
export type Outcome = 'success' | 'failure' | 'neutral';

/** The breaker after it admits one more call. Undefined: it refuses the call. `now`: epoch milliseconds. */
export function admit(breaker: CircuitBreaker, now: number): CircuitBreaker | undefined {
  if (breaker.state === 'closed') return breaker;
  if (breaker.state === 'half-open' || now < breaker.until) return undefined;
  return { ...breaker, state: 'half-open', generation: breaker.generation + 1 };
}

/**
 * The breaker after the outcome of a call that was admitted in `generation`. It is ignored if the state has changed
 * since. `random`, 0 to 1: jitter of the open time, so that replicas do not all probe at the same time.
 */
export function recordOutcome(
  breaker: CircuitBreaker,
  { generation, outcome }: { readonly generation: number; readonly outcome: Outcome },
  settings: CircuitBreakerSettings,
  now: number,
  random: number,
): CircuitBreaker {
  if (generation !== breaker.generation) return breaker;
  const probed = breaker.state === 'half-open';
  const changed = { ...breaker, generation: generation + 1 };
  if (outcome === 'success')
    return probed ? { ...CLOSED, generation: generation + 1 } : { ...breaker, failures: 0 };
  if (outcome === 'neutral') return probed ? { ...changed, state: 'open', until: now } : breaker;
  const failures = breaker.failures + 1;
  if (!probed && failures < settings.threshold) return { ...breaker, failures };
  const longest = Math.min(settings.maxMs, settings.firstMs * 2 ** breaker.openings);
  const until = now + longest * (0.5 + random / 2);
  return { ...changed, state: 'open', failures, openings: breaker.openings + 1, until };
}
