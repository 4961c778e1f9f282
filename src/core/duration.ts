// Durations: `900s`, `15m`, `1h` or `2d` in the config, whole seconds everywhere else.

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** For the config schema. */
export const DURATION_PATTERN = '^[1-9][0-9]{0,5}[smhd]$';

/** Whole seconds of a text that matches `DURATION_PATTERN`. */
export function seconds(duration: string): number {
  const unit = duration.at(-1) as keyof typeof UNITS;
  return Number(duration.slice(0, -1)) * UNITS[unit];
}

/** `3600` -> `1h`: in the largest unit without a remainder. */
export function formatSeconds(total: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (total >= UNITS[unit] && total % UNITS[unit] === 0) return `${total / UNITS[unit]}${unit}`;
  }
  return `${total}s`;
}
