// The rule of every pipeline: nothing is handed out, and no refusal given, that could not be written down.
import { type Progress, refusedRecord } from '../audit/record.js';
import type { AuditRecord } from '../core/audit-record.js';
import { SallyportError } from '../core/errors.js';
import type { AuditLog } from '../core/ports.js';

/** Resolves when the record is durable. Rejects with SallyportError `audit_unavailable`. */
export async function record(audit: AuditLog, entry: AuditRecord): Promise<void> {
  try {
    await audit.write(entry);
  } catch (cause) {
    throw new SallyportError('audit_unavailable', { cause });
  }
}

/** Records what ended a request, and gives the refusal to throw. */
export async function recordRefusal(
  audit: AuditLog,
  progress: Progress,
  error: unknown,
  now: Date,
): Promise<SallyportError> {
  const refusal = error instanceof SallyportError ? error : new SallyportError('internal', { cause: error });
  if (refusal.code !== 'audit_unavailable') await record(audit, refusedRecord(progress, refusal, now));
  return refusal;
}
