// Third-party clients, each as a program that uses its credentials on request. They are configured only through their
// environment.
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { fromRoot } from '../support/paths.js';
import { requirePeer } from '../support/peers.js';

/** The identity of the credentials according to STS, or the error that the user sees. */
interface Outcome {
  readonly arn?: string;
  readonly accessKeyId?: string;
  readonly error?: string;
}

export interface Program {
  /** The program keeps running and keeps its credentials in memory. */
  readonly isLongRunning: boolean;
  use(): Promise<Outcome>;
  /** The same, as if the credentials were about to expire. */
  useNearExpiry(): Promise<Outcome>;
  /** Ends the program if it is running. Resolves with its stderr. */
  end(): Promise<string>;
}

type Environment = Readonly<Record<string, string>>;
/** Starts the program. It is killed when the test ends. */
export type StartProgram = (t: Test, env: Environment, extraArguments?: readonly string[]) => Program;

const pathTo = (name: string) => fromRoot(`test/clients/${name}`);

/** A program that responds to each line with a line. `sts`: endpoint at which the credentials are used. */
const longRunningProgram =
  (command: string, args: readonly string[], sts: string): StartProgram =>
  (t, env, extraArguments = []) => {
    const child = spawn(command, [...args, sts, ...extraArguments], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const closed = new Promise((resolve) => child.once('close', resolve));
    t.teardown(() => child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const request = async (line: string): Promise<Outcome> => {
      child.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ended: ${stderr}`);
      return JSON.parse(value);
    };
    const end = async () => {
      child.kill();
      await closed;
      return stderr;
    };
    return { isLongRunning: true, end, use: () => request('use'), useNearExpiry: () => request('age') };
  };

const run = promisify(execFile);

/** A command that runs once per use and keeps no credentials. */
const commandPerUse =
  (command: string, args: readonly string[]): StartProgram =>
  (_t, env) => {
    const use = async (): Promise<Outcome> => {
      try {
        const { stdout } = await run(command, args, { env });
        return { arn: JSON.parse(stdout).Arn };
      } catch (error) {
        return { error: (error as { stderr: string }).stderr };
      }
    };
    return { isLongRunning: false, use, useNearExpiry: use, end: async () => '' };
  };

/** `sts`: endpoint at which the credentials are used. Returns undefined, and skips or fails `t`, if the client is missing. */
type FindClient = (
  t: Test,
  at: { readonly sts: string; readonly folder: string },
) => Promise<StartProgram | undefined>;

const findCli: FindClient = async (t, { sts }) => {
  const aws = requirePeer(t, 'AWS CLI');
  if (aws === undefined) return undefined;
  return commandPerUse(aws, ['sts', 'get-caller-identity', '--output', 'json', '--endpoint-url', sts]);
};

const findDebianPython: FindClient = async (t, { sts }) => {
  const python = requirePeer(t, 'boto3');
  if (python === undefined) return undefined;
  return longRunningProgram(python, [pathTo('use.py')], sts);
};

/** Debian 12 has no package of it. */
const findNewerPython: FindClient = async (t, { sts }) => {
  const python = requirePeer(t, 'newer boto3');
  if (python === undefined) return undefined;
  return longRunningProgram(python, [pathTo('use.py')], sts);
};

const findNode: FindClient = async (_t, { sts }) =>
  longRunningProgram(process.execPath, [pathTo('use.mjs')], sts);

/** Built from Debian's packages alone. */
const findGo: FindClient = async (t, { sts, folder }) => {
  const go = requirePeer(t, 'Go and its AWS SDK');
  if (go === undefined) return undefined;
  const program = join(folder, 'use');
  await run(go, ['build', '-o', program, pathTo('use.go')], {
    env: {
      PATH: '/usr/bin:/bin',
      GOPATH: '/usr/share/gocode',
      GO111MODULE: 'off',
      GOCACHE: join(folder, 'go-cache'),
    },
  });
  return longRunningProgram(program, [], sts);
};

/** By name in the matrix. */
export const CLIENTS = {
  'AWS CLI 2.9': findCli,
  'boto3 1.26': findDebianPython,
  'boto3 1.40 or later': findNewerPython,
  'JavaScript SDK v3': findNode,
  'Go SDK v2 of 2023': findGo,
} satisfies Record<string, FindClient>;

export type ClientName = keyof typeof CLIENTS;
