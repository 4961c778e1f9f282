// Reads the audit log back: what is known of one request, from the files that records were written to.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { AuditRecord } from '../../core/audit-record.js';
import type { FindRecord } from '../../core/ports.js';

/** Searches the files, line by line. Rejects if one cannot be read. */
export function createFindRecord(paths: readonly string[]): FindRecord {
  return async (requestId) => {
    let found: AuditRecord | undefined;
    for (const path of paths) {
      for await (const record of readRecords(path, requestId)) {
        if (record.RequestId === requestId && (record.Principal || !found?.Principal)) found = record;
      }
    }
    return found;
  };
}

/** The records of a file in whose line `text` occurs. A line that is not whole is passed over. */
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
      // Half a record, from a write that failed; the log went on with a new line.
    }
  }
}
