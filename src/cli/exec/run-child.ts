// Runs a program in place of this one: it uses the same terminal, receives the signals, and determines the exit code.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';

const FORWARDED_SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal sends these to the child as well. Some programs abort cleanup when they receive one twice. */
const KEYBOARD_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * Returns the exit code that a shell would return: that of the program, 128 plus the number of the signal that ended
 * it, 127 if the program does not exist, or 126 if it cannot be run.
 */
export async function runChild(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  report: (message: string) => void,
): Promise<number> {
  const hasTerminal = [0, 1, 2].some((stream) => isatty(stream));
  let child: ChildProcess;
  try {
    child = spawn(command, args, { stdio: 'inherit', env });
  } catch (error) {
    return spawnErrorCode(command, error as NodeJS.ErrnoException, report);
  }
  const forward = (signal: NodeJS.Signals) => {
    if (!(hasTerminal && KEYBOARD_SIGNALS.includes(signal))) child.kill(signal);
  };
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  try {
    return await new Promise<number>((resolve) => {
      // 'error' is also emitted if a signal cannot be sent. Without a PID, the child was not started.
      child.on(
        'error',
        (error) => child.pid === undefined && resolve(spawnErrorCode(command, error, report)),
      );
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    for (const signal of FORWARDED_SIGNALS) process.off(signal, forward);
  }
}

/** Reports the error and returns the exit code. */
function spawnErrorCode(
  command: string,
  { code }: NodeJS.ErrnoException,
  report: (message: string) => void,
): number {
  const isMissing = command === '' || code === 'ENOENT';
  report(`${command}: ${isMissing ? 'command not found' : `cannot be run (${code})`}`);
  return isMissing ? 127 : 126;
}
