// The operations of the pipeline over fakes: a runtime that does not change, no limits, and an audit log in memory.
import type { AuditLogReader } from '../../src/audit/query/audit-log-reader.js';
import type { AuditRecord } from '../../src/core/audit-record.js';
import { Exchange } from '../../src/exchange/exchange.js';
import { ExchangeMetrics } from '../../src/exchange/exchange-metrics.js';
import { Explain } from '../../src/exchange/explain.js';
import { Pipeline, type PipelineOptions } from '../../src/exchange/pipeline.js';
import { Preview } from '../../src/exchange/preview.js';
import { ShadowEvaluator } from '../../src/exchange/shadow.js';
import type { Runtime } from '../../src/runtime/runtime.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { NOW, principalOf } from './policy.js';
import { managerOf, runtimeOf } from './runtime.js';

export interface PipelineFakes extends Partial<PipelineOptions> {
  readonly runtime?: Partial<Runtime>;
  readonly auditLogReader?: Pick<AuditLogReader, 'findRecord'>;
}

export function operationsOf({
  runtime,
  auditLogReader = { findRecord: async () => undefined },
  ...options
}: PipelineFakes = {}) {
  const pipeline = new Pipeline({
    configManager: managerOf(runtimeOf(runtime)),
    authenticator: { authenticate: async () => principalOf() },
    limiter: { consume: async () => {} },
    audit: auditOf([]),
    now: () => NOW,
    ...options,
  });
  const metrics = new Metrics();
  const shadowEvaluator = new ShadowEvaluator({ metrics, log: { info: () => {} } });
  return {
    exchange: new Exchange({ pipeline, shadowEvaluator, metrics: new ExchangeMetrics(metrics) }),
    preview: new Preview({ pipeline, shadowEvaluator }),
    explain: new Explain({ pipeline, auditLogReader }),
  };
}

/** An audit log that appends to an array. */
export const auditOf = (records: AuditRecord[]): PipelineOptions['audit'] => ({
  write: async (record) => void records.push(record),
  check: async () => true,
  close: async () => {},
});
