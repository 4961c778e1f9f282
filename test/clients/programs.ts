// The clients nobody here wrote, each as a program that uses its credentials as often as it is told to. What is set
// in their environment is all they know.
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { fromRoot } from '../support/paths.js';
import { requirePeer } from '../support/peers.js';

/** Whose the credentials are, as STS says, or what a user reads instead. */
interface Said {
  readonly arn?: string;
  readonly accessKeyId?: string;
  readonly error?: string;
}

export interface Program {
  /** Whether it goes on, and so keeps what it fetched. */
  readonly keeps: boolean;
  use(): Promise<Said>;
  /** The same after a time in which the credentials came near their end. */
  useAged(): Promise<Said>;
  /** Ends it, if it goes on. Resolves with what it wrote to stderr all the while. */
  end(): Promise<string>;
}

type Environment = Readonly<Record<string, string>>;
/** Starts the program; it ends with the test. */
export type Start = (t: Test, env: Environment, own?: readonly string[]) => Program;

const fileBeside = (name: string) => fromRoot(`test/clients/${name}`);

/** A program that answers each line with a line. `sts`: where the credentials are used. */
const lineByLine =
  (command: string, args: readonly string[], sts: string): Start =>
  (t, env, own = []) => {
    const child = spawn(command, [...args, sts, ...own], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const closed = new Promise((resolve) => child.once('close', resolve));
    t.teardown(() => child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ask = async (line: string): Promise<Said> => {
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
    return { keeps: true, end, use: () => ask('use'), useAged: () => ask('age') };
  };

const run = promisify(execFile);

/** A command that ends after each use: it keeps nothing, so nothing of it ages. */
const anewEachTime =
  (command: string, args: readonly string[]): Start =>
  (_t, env) => {
    const use = async (): Promise<Said> => {
      try {
        const { stdout } = await run(command, args, { env });
        return { arn: JSON.parse(stdout).Arn };
      } catch (error) {
        return { error: (error as { stderr: string }).stderr };
      }
    };
    return { keeps: false, use, useAged: use, end: async () => '' };
  };

/** `sts`: where credentials are used. Undefined where the client is missing; `t` says so then, or fails. */
type Find = (t: Test, at: { readonly sts: string; readonly folder: string }) => Promise<Start | undefined>;

const findCli: Find = async (t, { sts }) => {
  const aws = requirePeer(t, 'AWS CLI');
  if (aws === undefined) return undefined;
  return anewEachTime(aws, ['sts', 'get-caller-identity', '--output', 'json', '--endpoint-url', sts]);
};

const findDebianPython: Find = async (t, { sts }) => {
  const python = requirePeer(t, 'boto3');
  if (python === undefined) return undefined;
  return lineByLine(python, [fileBeside('use.py')], sts);
};

/** No package of Debian 12 has it, so no machine need have it. */
const findNewerPython: Find = async (t, { sts }) => {
  const python = requirePeer(t, 'newer boto3');
  if (python === undefined) return undefined;
  return lineByLine(python, [fileBeside('use.py')], sts);
};

const findNode: Find = async (_t, { sts }) => lineByLine(process.execPath, [fileBeside('use.mjs')], sts);

/** Built from Debian's packages alone. */
const findGo: Find = async (t, { sts, folder }) => {
  const go = requirePeer(t, 'Go and its AWS SDK');
  if (go === undefined) return undefined;
  const program = join(folder, 'use');
  await run(go, ['build', '-o', program, fileBeside('use.go')], {
    env: {
      PATH: '/usr/bin:/bin',
      GOPATH: '/usr/share/gocode',
      GO111MODULE: 'off',
      GOCACHE: join(folder, 'go-cache'),
    },
  });
  return lineByLine(program, [], sts);
};

/** By the names they have in the matrix. */
export const CLIENTS = {
  'AWS CLI 2.9': findCli,
  'boto3 1.26': findDebianPython,
  'boto3 1.40 or later': findNewerPython,
  'JavaScript SDK v3': findNode,
  'Go SDK v2 of 2023': findGo,
} satisfies Record<string, Find>;

export type ClientName = keyof typeof CLIENTS;
