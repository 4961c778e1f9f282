// Errors as text: of the config, and of a command.
import type { LocatedConfigError } from '../../core/config-error.js';

/**
 * One line for each error, in the format that editors and CI systems link: `file:line:column: path: message`. Then the
 * number of errors, and what did not happen because of them.
 */
export function configErrorText(
  errors: readonly LocatedConfigError[],
  consequence = 'Nothing was started.',
): string {
  return [
    ...errors.map(
      ({ file, line, column, path, message }) =>
        `${file}:${line}:${column}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
    ),
    `${errors.length} ${errors.length === 1 ? 'error' : 'errors'} in the config. ${consequence}`,
  ].join('\n');
}

/** The message for the user, without a stack trace. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return 'An unknown error occurred.';
  const { code } = error as NodeJS.ErrnoException;
  // All that `fetch` reports if nothing listens: a `dev` process that was killed leaves its state file behind.
  if (error instanceof TypeError && error.message === 'fetch failed') {
    return 'The sandbox does not respond. Restart it with `npm run dev`, then try again.';
  }
  if (code === 'EADDRINUSE') {
    const { port } = error as { port?: unknown };
    return `Port ${port} is in use. Stop the program that listens on it, or choose another port.`;
  }
  return error.message;
}

/** Sorts by line and column. */
export const sortByLocation = <T extends { readonly line: number; readonly column: number }>(
  items: readonly T[],
): readonly T[] => [...items].sort((a, b) => a.line - b.line || a.column - b.column);
