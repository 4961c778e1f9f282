// What one look of the doctor found, and how it reads.
import { style } from '../output/style.js';

/** `skipped`: it cannot be known here, or there is nothing to look at. */
type Outcome = 'ok' | 'warning' | 'failed' | 'skipped';

export interface DoctorFinding {
  /** What was looked at, e.g. `issuer corp`. */
  readonly check: string;
  readonly outcome: Outcome;
  /** What was found, in a sentence. */
  readonly message: string;
  /** What to do about it, where something is to be done. */
  readonly todo?: string;
}

export const ok = (check: string, message: string): DoctorFinding => ({ check, outcome: 'ok', message });
export const skipped = (check: string, message: string): DoctorFinding => ({
  check,
  outcome: 'skipped',
  message,
});
export const warning = (check: string, message: string, todo: string): DoctorFinding => ({
  check,
  outcome: 'warning',
  message,
  todo,
});
export const failed = (check: string, message: string, todo: string): DoctorFinding => ({
  check,
  outcome: 'failed',
  message,
  todo,
});

const MARKS: Readonly<Record<Outcome, readonly [mark: string, color: Parameters<typeof style>[0]]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  failed: ['✗', 'red'],
  skipped: ['-', 'dim'],
};

export function findingText({ check, outcome, message, todo }: DoctorFinding): string {
  const [mark, color] = MARKS[outcome];
  const line = `${style(color, mark)} ${style('bold', check)}: ${message}`;
  return todo === undefined ? line : `${line}\n    ${todo}`;
}
