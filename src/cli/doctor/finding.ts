// Results of `doctor`, and their text.
import type { StyleFunction } from '../terminal.js';

/** `skipped`: the check is not possible here, or does not apply. */
type Outcome = 'ok' | 'warning' | 'failed' | 'skipped';

export interface DoctorFinding {
  /** The checked item, such as `issuer corp`. */
  readonly check: string;
  readonly outcome: Outcome;
  readonly message: string;
  /** What the operator should do. */
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

const MARKS: Readonly<Record<Outcome, readonly [mark: string, color: Parameters<StyleFunction>[0]]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  failed: ['✗', 'red'],
  skipped: ['-', 'dim'],
};

export function findingText({ check, outcome, message, todo }: DoctorFinding, style: StyleFunction): string {
  const [mark, color] = MARKS[outcome];
  const line = `${style(color, mark)} ${style('bold', check)}: ${message}`;
  return todo === undefined ? line : `${line}\n    ${todo}`;
}
