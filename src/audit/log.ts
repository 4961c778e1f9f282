// The audit log: records to every sink as JSON lines. Those of one turn, or that arrive while a write is under way, go out
// together in the next one: many requests share one sync to disk. After a failed write the log tries again, next time, on a
// new line: the failed one may have left half a record.
import { setImmediate } from 'node:timers/promises';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import type { AuditRecord } from '../core/audit-record.js';
import type { AuditLog } from '../core/ports.js';
import type { LineSink } from './sinks/line-sink.js';

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds. A sink that takes longer counts as failed: a reader that has stopped must not stop the broker. */
const SINK_TIMEOUT = 5000;

export function createAuditLog(sinks: readonly LineSink[], timeout = SINK_TIMEOUT): AuditLog {
  let waiting: Waiting[] = [];
  let draining: Promise<void> | undefined;
  let writable = true;
  const answered = (work: () => Promise<void>) =>
    withTimeout(timeout, () => new Error('the sink does not answer'), work);

  const drain = async () => {
    // What else comes in this turn of the event loop goes along.
    await setImmediate();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const lines = `${writable ? '' : '\n'}${batch.map(({ line }) => line).join('')}`;
      const outcomes = await Promise.allSettled(sinks.map((sink) => answered(() => sink.write(lines))));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      writable = !failed;
      for (const { resolve, reject } of batch) failed ? reject(failed.reason) : resolve();
    }
    draining = undefined;
  };

  return {
    write: (record: AuditRecord) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ line: `${lineOf(record)}\n`, resolve, reject });
        draining ??= drain();
      }),
    check: async () => {
      if (!writable) {
        const probes = await Promise.allSettled(sinks.map((sink) => answered(() => sink.write('\n'))));
        writable = probes.every((probe) => probe.status === 'fulfilled');
      }
      return writable;
    },
    close: async () => {
      await draining;
      await Promise.allSettled(sinks.map((sink) => answered(() => sink.close())));
    },
  };
}

/** JSON without what a terminal or a line reader could take for more than text: C1 controls and Unicode line ends. */
const lineOf = (record: AuditRecord): string =>
  JSON.stringify(record).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
