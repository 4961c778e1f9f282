// What the commands print: results on stdout, everything else on stderr.
import type { LocatedConfigError } from '../../core/config-error.js';

export function out(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function err(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One line a fault, as editors and CI systems link them: `file:line:column: path: message`. */
export function printConfigErrors(
  faults: readonly LocatedConfigError[],
  outcome = 'Nothing was started.',
): void {
  for (const { file, line, column, path, message } of faults) {
    err(`${file}:${line}:${column}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
  }
  err(`${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in the config. ${outcome}`);
}

/** What went wrong, for a person: one sentence that says what to do where that is known, and no stack. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'Something went wrong.';
  const { code } = error as NodeJS.ErrnoException;
  // All that fetch says when nothing listens: a `dev` that was killed leaves its state behind.
  if (error instanceof TypeError && error.message === 'fetch failed') {
    return 'The sandbox does not answer. Start it again with `npm run dev`, then try again.';
  }
  if (code === 'EADDRINUSE') {
    const { port } = error as { port?: unknown };
    return `The port ${port} is taken. Stop what listens there, or choose another.`;
  }
  return error.message;
}
