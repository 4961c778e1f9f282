// Says something to whoever sits at the terminal, also where the caller keeps stderr to itself, as SDKs do.
import { closeSync, openSync, writeSync } from 'node:fs';
import { err } from '../output/print.js';

/** On stderr; and on the terminal, if stderr is none. */
export function notifyUser(text: string): void {
  err(text);
  if (process.stderr.isTTY) return;
  try {
    const terminal = openSync('/dev/tty', 'w');
    writeSync(terminal, `${text}\n`);
    closeSync(terminal);
  } catch {
    // Nobody sits here.
  }
}
