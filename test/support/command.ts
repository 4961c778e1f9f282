// Runs the command line. `runCommand` and `runToEnd` run a command in this process, with its own streams and environment:
// use them unless the test is about the process itself. `spawnToEnd` and `start` run `node dist/main.js`.
//
// In process, HOME comes from `env`, but TMPDIR and the default credentials of the AWS SDK come from `process.env`.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import type { Test } from 'tap';
import { runCommandLine } from '../../src/cli/program.js';
import { type CommandProcess, Terminal } from '../../src/cli/terminal.js';
import { fromRoot } from './paths.js';

export const MAIN = fromRoot('dist/main.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunningCommand {
  /** Resolves with the first line of `stream` that matches. Rejects if the command ends without one. */
  line(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
  readonly finished: Promise<Finished>;
}

/** A command that runs in this process. */
export interface Launched extends RunningCommand {
  /** Delivers a signal that stops the command. */
  stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void;
}

/** A command that runs as a process. */
export interface Running extends RunningCommand {
  readonly child: ChildProcessWithoutNullStreams;
}

interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Text on stdin. */
  readonly stdin?: string;
}

/** Runs a command in this process until it ends. */
export const runCommand = (args: readonly string[], options: CommandOptions = {}): Promise<Finished> =>
  execute(args, options).finished;

/** The same, with the parameters of `spawnToEnd`. */
export const runToEnd = (_: Test, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished> =>
  runCommand(args, { env });

function execute(args: readonly string[], { env = process.env, stdin = '' }: CommandOptions): Launched {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const fake: CommandProcess & EventEmitter = Object.assign(new EventEmitter(), {
    stdin: Readable.from(stdin === '' ? [] : [stdin]),
    stdout,
    stderr,
    env,
    argv: [process.execPath, MAIN],
    exit: () => {},
  });
  const output = collect({ stdout, stderr });
  const finished = runCommandLine(args, new Terminal(fake)).then(() => ({
    code: Number(fake.exitCode ?? 0),
    ...output.text,
  }));
  return {
    stop: (signal) => void fake.emit(signal),
    line: (stream, pattern) => output.line(stream, pattern, finished),
    finished,
  };
}

/** Starts a process. It is killed when the test ends, if it is still running. */
export function start(t: Test, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  const output = collect(child);
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code) => resolve({ code, ...output.text }));
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await finished;
  });
  return { child, line: (stream, pattern) => output.line(stream, pattern, finished), finished };
}

/** Runs a process until it ends. */
export const spawnToEnd = (t: Test, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished> =>
  start(t, args, env).finished;

/** Collects the text of both streams. */
function collect(streams: Readonly<Record<'stdout' | 'stderr', Readable>>) {
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    streams[stream].setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  const line = (stream: 'stdout' | 'stderr', pattern: RegExp, finished: Promise<Finished>) =>
    new Promise<string>((resolve, reject) => {
      const search = () => {
        const found = text[stream].split('\n').find((each) => pattern.test(each));
        if (found !== undefined) resolve(found);
      };
      streams[stream].on('data', search);
      search();
      void finished.then(({ stderr }) =>
        reject(new Error(`The command ended without ${pattern}: ${stderr}`)),
      );
    });
  return { text, line };
}
