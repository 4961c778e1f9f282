// The metrics of exchanges. Previews, explanations and decoded messages are not counted.
import type { AuditRecord } from '../core/audit-record.js';
import type { Metrics } from '../telemetry/metrics.js';

export class ExchangeMetrics {
  readonly #metrics: Pick<Metrics, 'countExchange' | 'observePackedPolicySize' | 'countConditionErrors'>;

  constructor(metrics: Pick<Metrics, 'countExchange' | 'observePackedPolicySize' | 'countConditionErrors'>) {
    this.#metrics = metrics;
  }

  /** Counts the outcome of an exchange by its durable record. The labels are empty until a role is decided. */
  countRecord({ Event, Operation, Role = '', RolesFrom = Role, Error: error, Issued }: AuditRecord): void {
    if (Event === 'intent') return;
    this.#metrics.countExchange({
      role: Operation === undefined ? '' : RolesFrom,
      operation: Operation ?? '',
      outcome: error?.Code ?? 'issued',
    });
    if (Issued?.PackedPolicySize !== undefined)
      this.#metrics.observePackedPolicySize(RolesFrom, Issued.PackedPolicySize);
  }

  /** Counts grants whose `when` failed: a mistake in the policy that callers only see as a refusal. */
  countFailedConditions(grants: readonly string[] = []): void {
    if (grants.length > 0) this.#metrics.countConditionErrors(grants);
  }
}
