// The audit log: records to every sink as JSON lines. Records that arrive while a write is under way go out together
// in the next one, so that many requests share one sync to disk. After a failed write the log tries again, next time, on a
// new line: the failed one may have left half a record.
import type { AuditRecord } from '../core/audit-record.js';
import type { AuditLog } from '../core/ports.js';
import type { LineSink } from './line-sink.js';

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createAuditLog(sinks: readonly LineSink[]): AuditLog {
  let waiting: Waiting[] = [];
  let draining: Promise<void> | undefined;
  let writable = true;

  const drain = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const lines = `${writable ? '' : '\n'}${batch.map(({ line }) => line).join('')}`;
      const outcomes = await Promise.allSettled(sinks.map((sink) => sink.write(lines)));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      writable = !failed;
      for (const { resolve, reject } of batch) failed ? reject(failed.reason) : resolve();
    }
    draining = undefined;
  };

  return {
    write: (record: AuditRecord) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ line: `${JSON.stringify(record)}\n`, resolve, reject });
        draining ??= drain();
      }),
    check: async () => {
      if (!writable) {
        const probes = await Promise.allSettled(sinks.map((sink) => sink.write('\n')));
        writable = probes.every((probe) => probe.status === 'fulfilled');
      }
      return writable;
    },
    close: async () => {
      await draining;
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}
