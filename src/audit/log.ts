// The audit log: writes records as JSON lines to every sink. Start reading here; record.ts builds the records and sinks/
// writes the lines. Records of one event loop turn, and those that arrive during a write, share one write and one sync.
// After a failed write the next one starts a new line: the failed write may have left half a record.
import { setImmediate } from 'node:timers/promises';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import type { AuditRecord } from '../core/audit-record.js';
import type { AuditLog } from '../core/ports.js';
import type { LineSink } from './sinks/line-sink.js';

interface PendingRecord {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds. A slower sink counts as failed: a reader of stdout that has stopped must not block the broker. */
const SINK_TIMEOUT = 5000;

export class JsonLinesAuditLog implements AuditLog {
  readonly #sinks: readonly LineSink[];
  readonly #timeout: number;
  #pending: PendingRecord[] = [];
  #draining: Promise<void> | undefined;
  #writable = true;

  constructor(sinks: readonly LineSink[], timeout = SINK_TIMEOUT) {
    this.#sinks = sinks;
    this.#timeout = timeout;
  }

  write(record: AuditRecord): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#pending.push({ line: `${toLine(record)}\n`, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  async check(): Promise<boolean> {
    if (!this.#writable) {
      const probes = await this.#onEachSink((sink) => sink.write('\n'));
      this.#writable = probes.every((probe) => probe.status === 'fulfilled');
    }
    return this.#writable;
  }

  async close(): Promise<void> {
    await this.#draining;
    await this.#onEachSink((sink) => sink.close());
  }

  async #drain(): Promise<void> {
    // Collects the other records of this event loop turn.
    await setImmediate();
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      const lines = `${this.#writable ? '' : '\n'}${batch.map(({ line }) => line).join('')}`;
      const outcomes = await this.#onEachSink((sink) => sink.write(lines));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      this.#writable = !failed;
      for (const { resolve, reject } of batch) failed ? reject(failed.reason) : resolve();
    }
    this.#draining = undefined;
  }

  #onEachSink(work: (sink: LineSink) => Promise<void>): Promise<PromiseSettledResult<void>[]> {
    return Promise.allSettled(
      this.#sinks.map((sink) =>
        withTimeout(
          this.#timeout,
          () => new Error('the sink timed out'),
          () => work(sink),
        ),
      ),
    );
  }
}

/** JSON in which C1 controls and Unicode line separators are escaped, for terminals and line readers. */
const toLine = (record: AuditRecord): string =>
  JSON.stringify(record).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
