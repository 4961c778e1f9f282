// The built command line as a person runs it: `node dist/main.js …`.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Test } from 'tap';
import { fromRoot } from './paths.js';

export const MAIN = fromRoot('dist/main.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** The first line of `stream` that matches. Rejects if the process ends without one. */
  line(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
  readonly finished: Promise<Finished>;
}

/** Starts a command; it is killed when the test ends, if it still runs. */
export function start(t: Test, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code) => resolve({ code, ...output }));
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await finished;
  });
  const line = (stream: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = output[stream].split('\n').find((text) => pattern.test(text));
        if (found !== undefined) resolve(found);
      };
      child[stream].on('data', look);
      look();
      void finished.then(({ stderr }) => reject(new Error(`it ended without ${pattern}: ${stderr}`)));
    });
  return { child, line, finished };
}

export const runToEnd = (t: Test, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished> =>
  start(t, args, env).finished;
