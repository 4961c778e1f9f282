// An entry of the table of reasons.

export interface ReasonEntry {
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** What the operator does about it. */
  readonly action: string;
}

/** Checks the entries and keeps their keys as literal types. */
export const reasons = <const T extends Record<string, ReasonEntry>>(
  entries: T,
): Readonly<Record<keyof T, ReasonEntry>> => entries;
