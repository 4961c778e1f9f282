// A circuit breaker as a value: closed, it lets calls through; after some failures in a row it opens, for a time that
// grows with each opening; then one call probes, and its outcome closes the breaker or opens it for longer. Pure.

export interface CircuitBreakerSettings {
  /** Failures in a row that open it. */
  readonly threshold: number;
  /** Milliseconds it is open at first; twice as long with each opening that no success comes between. */
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface CircuitBreaker {
  /** `half-open`: the probe is on its way. */
  readonly state: 'closed' | 'open' | 'half-open';
  /** In a row, while closed. */
  readonly failures: number;
  /** How often it has opened since it was last closed. */
  readonly openings: number;
  /** Epoch milliseconds: when it admits a probe. */
  readonly until: number;
  /** Changes with the state. */
  readonly generation: number;
}

export const CLOSED: CircuitBreaker = { state: 'closed', failures: 0, openings: 0, until: 0, generation: 0 };

/** `nothing`: the outcome says nothing of what the breaker guards against. */
export type Verdict = 'success' | 'failure' | 'nothing';

/** The breaker with one more call through it; undefined: the call must not be made. `now` is epoch milliseconds. */
export function admit(breaker: CircuitBreaker, now: number): CircuitBreaker | undefined {
  if (breaker.state === 'closed') return breaker;
  if (breaker.state === 'half-open' || now < breaker.until) return undefined;
  return { ...breaker, state: 'half-open', generation: breaker.generation + 1 };
}

/**
 * What became of a call that was admitted in `generation`; one that was admitted before the state changed counts no
 * more. `random`, from 0 to 1, spreads the ends of the open time, so that replicas do not come back all at once.
 */
export function report(
  breaker: CircuitBreaker,
  { generation, verdict }: { readonly generation: number; readonly verdict: Verdict },
  settings: CircuitBreakerSettings,
  now: number,
  random: number,
): CircuitBreaker {
  if (generation !== breaker.generation) return breaker;
  const probed = breaker.state === 'half-open';
  const changed = { ...breaker, generation: generation + 1 };
  if (verdict === 'success')
    return probed ? { ...CLOSED, generation: generation + 1 } : { ...breaker, failures: 0 };
  if (verdict === 'nothing') return probed ? { ...changed, state: 'open', until: now } : breaker;
  const failures = breaker.failures + 1;
  if (!probed && failures < settings.threshold) return { ...breaker, failures };
  const longest = Math.min(settings.maxMs, settings.firstMs * 2 ** breaker.openings);
  const until = now + longest * (0.5 + random / 2);
  return { ...changed, state: 'open', failures, openings: breaker.openings + 1, until };
}
