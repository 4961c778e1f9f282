// Metrics, for Prometheus. Labels hold only words from the config and the error table, so their number is bounded and
// nothing a caller sends can appear in them.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  /** One finished exchange: `outcome` is `issued` or the error's code. */
  exchanged(labels: { readonly role: string; readonly operation: string; readonly outcome: string }): void;
  /** Percent of the space STS allows for session policy and tags, by role. */
  packed(role: string, percent: number): void;
  /** Grants whose `when` could not be evaluated in an exchange. */
  conditionsFailed(grants: readonly string[]): void;
  /** Seconds an HTTP request took, by route pattern. */
  answered(labels: { readonly route: string; readonly status: number }, seconds: number): void;
  /** Seconds a call of STS took, with its retries. `outcome` is `answered` or an error's code. */
  stsCalled(
    labels: { readonly operation: string; readonly region: string; readonly outcome: string },
    seconds: number,
  ): void;
  /** Whether a region of STS is asked: `half-open` is one call that probes. */
  stsRegionChanged(region: string, state: 'closed' | 'open' | 'half-open'): void;
  /** Another config is in use: the first is 1. */
  configTaken(epoch: number): void;
  reloaded(outcome: 'ok' | 'failed'): void;
  /** How many faults the shadow config has; with any it is not asked. */
  shadowLoaded(faults: number): void;
  shadowDiffered(kind: string): void;
  /** A request was served where credentials may be cached, or some were renewed ahead; `use` says how. */
  cacheUsed(use: string, role: string): void;
  /** The exposition format and its Content-Type. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** What the credential cache holds now. */
type CacheSize = () => { readonly entries: number; readonly bytes: number };

export function createMetrics(cacheSize: CacheSize = () => ({ entries: 0, bytes: 0 })): Metrics {
  const registers = [new Registry()];
  const exchanges = new Counter({
    name: 'sallyport_exchanges_total',
    help: 'Exchanges of a proof for credentials, by role, STS operation and outcome.',
    labelNames: ['role', 'operation', 'outcome'],
    registers,
  });
  const packed = new Histogram({
    name: 'sallyport_packed_policy_size_percent',
    help: 'PackedPolicySize of issued sessions: at 100 STS refuses.',
    labelNames: ['role'],
    buckets: [10, 25, 50, 75, 90, 100],
    registers,
  });
  const conditions = new Counter({
    name: 'sallyport_grant_condition_errors_total',
    help: 'Times the `when` of a grant could not be evaluated, by grant; it then counted against the caller.',
    labelNames: ['grant'],
    registers,
  });
  const requests = new Histogram({
    name: 'sallyport_http_request_duration_seconds',
    help: 'Time to answer an HTTP request.',
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const stsCalls = new Histogram({
    name: 'sallyport_sts_call_duration_seconds',
    help: 'Time of a call of STS with its retries, by operation, region and outcome.',
    labelNames: ['operation', 'region', 'outcome'],
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const stsRegions = new Gauge({
    name: 'sallyport_sts_region_up',
    help: '1 while STS in this region is asked, 0 while it is left alone because it did not answer.',
    labelNames: ['region'],
    registers,
  });
  const epoch = new Gauge({
    name: 'sallyport_config_epoch',
    help: 'Which config is in use: 1 since the start, one more with each that was taken.',
    registers,
  });
  const reloads = new Counter({
    name: 'sallyport_config_reloads_total',
    help: 'Reloads of the config, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const lastReload = new Gauge({
    name: 'sallyport_config_last_reload_success',
    help: '1 if the config in use is the one that was read last, 0 if that one has faults.',
    registers,
  });
  lastReload.set(1);
  const shadowFaults = new Gauge({
    name: 'sallyport_shadow_config_faults',
    help: 'Faults of the shadow config; with any it is not asked.',
    registers,
  });
  const differences = new Counter({
    name: 'sallyport_shadow_differences_total',
    help: 'Requests that the shadow config would decide otherwise, by kind.',
    labelNames: ['kind'],
    registers,
  });
  const cacheUses = new Counter({
    name: 'sallyport_credential_cache_uses_total',
    help: 'Credentials handed out where they may be cached, by role and use: hit, miss, shared, stale; and renewals ahead: renewed, renewal_failed.',
    labelNames: ['role', 'use'],
    registers,
  });
  new Gauge({
    name: 'sallyport_credential_cache_entries',
    help: 'Sessions in the credential cache.',
    registers,
    collect() {
      this.set(cacheSize().entries);
    },
  });
  new Gauge({
    name: 'sallyport_credential_cache_bytes',
    help: 'Memory that the credential cache takes.',
    registers,
    collect() {
      this.set(cacheSize().bytes);
    },
  });
  return {
    cacheUsed: (use, role) => cacheUses.inc({ use, role }),
    configTaken: (number) => epoch.set(number),
    reloaded: (outcome) => {
      reloads.inc({ outcome });
      lastReload.set(outcome === 'ok' ? 1 : 0);
    },
    stsCalled: (labels, seconds) => stsCalls.observe(labels, seconds),
    stsRegionChanged: (region, state) => stsRegions.set({ region }, state === 'closed' ? 1 : 0),
    shadowLoaded: (faults) => shadowFaults.set(faults),
    shadowDiffered: (kind) => differences.inc({ kind }),
    exchanged: (labels) => exchanges.inc(labels),
    packed: (role, percent) => packed.observe({ role }, percent),
    conditionsFailed: (grants) => {
      for (const grant of grants) conditions.inc({ grant });
    },
    answered: ({ route, status }, seconds) => requests.observe({ route, status }, seconds),
    render: async () => {
      const [registry] = registers as [Registry];
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
