// Nothing is handed out, and no refusal given, that could not be written down.
import { type Progress, refusedRecord } from '../audit/record.js';
import type { AuditRecord } from '../core/audit-record.js';
import { SallyportError } from '../core/errors.js';
import type { AuditLog } from '../core/ports.js';

/** @throws SallyportError `audit_unavailable`. */
export async function record(audit: AuditLog, entry: AuditRecord): Promise<void> {
  try {
    await audit.write(entry);
  } catch (cause) {
    throw new SallyportError('audit_unavailable', { cause });
  }
}

/** Whatever was thrown, as the caller gets it, after it has been recorded. @throws SallyportError `audit_unavailable`. */
export async function recordRefusal(
  audit: AuditLog,
  progress: Progress,
  thrown: unknown,
  now: Date,
): Promise<SallyportError> {
  const refusal =
    thrown instanceof SallyportError ? thrown : new SallyportError('internal', { cause: thrown });
  if (refusal.code !== 'audit_unavailable') await record(audit, refusedRecord(progress, refusal, now));
  return refusal;
}
