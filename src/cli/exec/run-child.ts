// A program run in place of this one: it has the terminal, gets the signals, and its end is ours.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { err } from '../output/print.js';

/** Those that ask a program to do something. */
const PASSED_ON = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal sends these to the program as well; twice, some give up what they were about to finish. */
const OF_KEYBOARD: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * The exit code that a shell would give: the program's own, 128 and the number of the signal that ended it, 127 if there
 * is no such program, 126 if it cannot be run.
 */
export async function runChild(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const atTerminal = [0, 1, 2].some((stream) => isatty(stream));
  let child: ChildProcess;
  try {
    child = spawn(command, args, { stdio: 'inherit', env });
  } catch (error) {
    return notRun(command, error as NodeJS.ErrnoException);
  }
  const pass = (signal: NodeJS.Signals) => {
    if (!(atTerminal && OF_KEYBOARD.includes(signal))) child.kill(signal);
  };
  for (const signal of PASSED_ON) process.on(signal, pass);
  try {
    return await new Promise<number>((resolve) => {
      // A signal that it may not be sent is an error too.
      child.on('error', (error) => child.pid === undefined && resolve(notRun(command, error)));
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    for (const signal of PASSED_ON) process.off(signal, pass);
  }
}

/** Says why, and gives the exit code. */
function notRun(command: string, { code }: NodeJS.ErrnoException): number {
  const isMissing = command === '' || code === 'ENOENT';
  err(`sallyport: ${command}: ${isMissing ? 'command not found' : `cannot be run (${code})`}`);
  return isMissing ? 127 : 126;
}
