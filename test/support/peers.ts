// Programs that nobody here wrote, as clients and checkers in the tests. One that is missing skips the test on a
// laptop, with a line that says how to get it, and fails it in CI.
import { spawnSync } from 'node:child_process';
import type { Test } from 'tap';

/** The command if it runs with `probe`; else the test is skipped, or failed where CI=true, and undefined comes back. */
export function requirePeer(
  t: Test,
  command: string,
  hint: string,
  probe: readonly string[] = ['--version'],
): string | undefined {
  const { status } = spawnSync(command, probe, { stdio: 'ignore' });
  if (status === 0) return command;
  const message = `${command} is missing or does not run. Get it: ${hint}`;
  if (process.env['CI'] === 'true') t.fail(message);
  else t.pass(command, { skip: message });
  return undefined;
}
