// Reads the audit log back from the files that its file sinks write.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { AuditRecord } from '../../core/audit-record.js';

export class AuditLogReader {
  readonly #paths: readonly string[];

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /**
   * The last record of a request that has a principal, or else its last record. Undefined if there is none.
   * Rejects if a file cannot be read.
   */
  async findRecord(requestId: string): Promise<AuditRecord | undefined> {
    let found: AuditRecord | undefined;
    for (const path of this.#paths) {
      for await (const record of readRecords(path, requestId)) {
        if (record.RequestId === requestId && (record.Principal || !found?.Principal)) found = record;
      }
    }
    return found;
  }
}

/** The records whose line contains `text`. Incomplete lines are skipped. */
async function* readRecords(path: string, text: string): AsyncGenerator<AuditRecord> {
  const lines = createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) {
    if (!line.includes(text)) continue;
    try {
      yield JSON.parse(line) as AuditRecord;
    } catch {
      // Half a record, from a write that failed. The next record is on a new line.
    }
  }
}
