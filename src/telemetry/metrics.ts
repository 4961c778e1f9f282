// Metrics, for Prometheus. Labels hold only words from the config and the error table, so their number is bounded and
// nothing a caller sends can appear in them.
import { Counter, Histogram, Registry } from 'prom-client';

export interface Metrics {
  /** One finished exchange: `outcome` is `issued` or the error's code. */
  exchanged(labels: { readonly role: string; readonly operation: string; readonly outcome: string }): void;
  /** Grants whose `when` could not be evaluated in an exchange. */
  conditionsFailed(grants: readonly string[]): void;
  /** Seconds an HTTP request took, by route pattern. */
  answered(labels: { readonly route: string; readonly status: number }, seconds: number): void;
  /** The exposition format and its Content-Type. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

export function createMetrics(): Metrics {
  const registers = [new Registry()];
  const exchanges = new Counter({
    name: 'sallyport_exchanges_total',
    help: 'Exchanges of a proof for credentials, by role, STS operation and outcome.',
    labelNames: ['role', 'operation', 'outcome'],
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
  return {
    exchanged: (labels) => exchanges.inc(labels),
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
