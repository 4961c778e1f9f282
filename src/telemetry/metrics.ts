// The Prometheus metrics. Label values come from the config and the error table only, so their number is bounded and no
// value from a request can appear in them.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The current size of the credential cache. */
type CacheSize = () => { readonly entries: number; readonly bytes: number };

export class Metrics {
  readonly #registry = new Registry();
  readonly #exchanges = new Counter({
    name: 'sallyport_exchanges_total',
    help: 'Exchanges of a proof for credentials, by role, STS operation and outcome.',
    labelNames: ['role', 'operation', 'outcome'],
    registers: [this.#registry],
  });
  readonly #packedPolicySize = new Histogram({
    name: 'sallyport_packed_policy_size_percent',
    help: 'PackedPolicySize of issued sessions. STS rejects more than 100.',
    labelNames: ['role'],
    buckets: [10, 25, 50, 75, 90, 100],
    registers: [this.#registry],
  });
  readonly #conditionErrors = new Counter({
    name: 'sallyport_grant_condition_errors_total',
    help: 'Failed evaluations of the `when` of a grant, by grant. A failure counts against the caller.',
    labelNames: ['grant'],
    registers: [this.#registry],
  });
  readonly #httpRequests = new Histogram({
    name: 'sallyport_http_request_duration_seconds',
    help: 'Duration of HTTP requests, by route and status.',
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });
  readonly #stsCalls = new Histogram({
    name: 'sallyport_sts_call_duration_seconds',
    help: 'Duration of STS calls including retries, by operation, region and outcome.',
    labelNames: ['operation', 'region', 'outcome'],
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });
  readonly #stsRegions = new Gauge({
    name: 'sallyport_sts_region_up',
    help: '1 if the circuit breaker of this STS region is closed, 0 if it is open or half-open.',
    labelNames: ['region'],
    registers: [this.#registry],
  });
  readonly #configEpoch = new Gauge({
    name: 'sallyport_config_epoch',
    help: 'Number of the config in use: 1 at start, plus one with each activated config.',
    registers: [this.#registry],
  });
  readonly #configReloads = new Counter({
    name: 'sallyport_config_reloads_total',
    help: 'Config reloads, by outcome.',
    labelNames: ['outcome'],
    registers: [this.#registry],
  });
  readonly #lastReloadSuccess = new Gauge({
    name: 'sallyport_config_last_reload_success',
    help: '1 if the last reload succeeded, 0 if the config that was read last has errors.',
    registers: [this.#registry],
  });
  readonly #shadowFaults = new Gauge({
    name: 'sallyport_shadow_config_faults',
    help: 'Number of errors in the shadow config. With any, it is not evaluated.',
    registers: [this.#registry],
  });
  readonly #shadowDifferences = new Counter({
    name: 'sallyport_shadow_differences_total',
    help: 'Requests that the shadow config decides differently, by kind.',
    labelNames: ['kind'],
    registers: [this.#registry],
  });
  readonly #cacheUses = new Counter({
    name: 'sallyport_credential_cache_uses_total',
    help: 'Requests for cacheable credentials, by role and use: hit, miss, shared, stale; and refreshes ahead of expiry: renewed, renewal_failed.',
    labelNames: ['role', 'use'],
    registers: [this.#registry],
  });

  constructor(cacheSize: CacheSize = () => ({ entries: 0, bytes: 0 })) {
    this.#lastReloadSuccess.set(1);
    const registers = [this.#registry];
    new Gauge({
      name: 'sallyport_credential_cache_entries',
      help: 'Number of entries in the credential cache.',
      registers,
      collect() {
        this.set(cacheSize().entries);
      },
    });
    new Gauge({
      name: 'sallyport_credential_cache_bytes',
      help: 'Memory used by the credential cache, in bytes.',
      registers,
      collect() {
        this.set(cacheSize().bytes);
      },
    });
  }

  /** Counts a finished exchange. `outcome` is `issued` or an error code. */
  countExchange(labels: {
    readonly role: string;
    readonly operation: string;
    readonly outcome: string;
  }): void {
    this.#exchanges.inc(labels);
  }

  observePackedPolicySize(role: string, percent: number): void {
    this.#packedPolicySize.observe({ role }, percent);
  }

  /** Counts grants whose `when` could not be evaluated in an exchange. */
  countConditionErrors(grants: readonly string[]): void {
    for (const grant of grants) this.#conditionErrors.inc({ grant });
  }

  /** `route` is the route pattern. */
  observeHttpRequest(labels: { readonly route: string; readonly status: number }, seconds: number): void {
    this.#httpRequests.observe(labels, seconds);
  }

  /** Includes retries. `outcome` is `answered` or an error code. */
  observeStsCall(
    labels: { readonly operation: string; readonly region: string; readonly outcome: string },
    seconds: number,
  ): void {
    this.#stsCalls.observe(labels, seconds);
  }

  setStsRegionState(region: string, state: 'closed' | 'open' | 'half-open'): void {
    this.#stsRegions.set({ region }, state === 'closed' ? 1 : 0);
  }

  setConfigEpoch(epoch: number): void {
    this.#configEpoch.set(epoch);
  }

  countConfigReload(outcome: 'ok' | 'failed'): void {
    this.#configReloads.inc({ outcome });
    this.#lastReloadSuccess.set(outcome === 'ok' ? 1 : 0);
  }

  setShadowErrors(errors: number): void {
    this.#shadowFaults.set(errors);
  }

  countShadowDifference(kind: string): void {
    this.#shadowDifferences.inc({ kind });
  }

  /** Counts a request for cacheable credentials, or a refresh ahead of expiry. */
  countCacheUse(use: string, role: string): void {
    this.#cacheUses.inc({ use, role });
  }

  /** The exposition format and its Content-Type. */
  async render(): Promise<{ readonly text: string; readonly contentType: string }> {
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }
}
