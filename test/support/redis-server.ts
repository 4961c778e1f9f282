// Redis from Debian, started for a test with its own port and folder. Tests can kill, stop and restart it.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@sallyport/sandbox/internal/free-port';
import type { Test } from 'tap';
import { requirePeer } from './peers.js';

export interface RedisServer {
  readonly port: number;
  readonly folder: string;
  /** SIGSTOP: connections stay, answers do not come. SIGCONT: they do. SIGKILL: it is gone. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  kill(): Promise<void>;
  /** Again, on the same port, with nothing in it. */
  start(): Promise<void>;
  /** Resolves once the process has printed this since it was started. */
  printed(pattern: RegExp): Promise<void>;
  /** redis-cli with these arguments; its output. */
  cli(...args: readonly string[]): Promise<string>;
}

const REDIS = 'redis-server';

/** As if it had been remembering claims for ever: the minute that it would refuse proofs for at first is over. */
export async function rememberAlready({ cli }: RedisServer): Promise<void> {
  const [, run] = /run_id:(\w+)/.exec(await cli('info', 'server')) ?? [];
  const [, replication] = /master_replid:(\w+)/.exec(await cli('info', 'replication')) ?? [];
  await cli('set', 'sallyport:{replay}:since', `${run}:${replication} 0`);
}

/** Undefined where Redis is missing: the test is then skipped, or failed in CI. */
export const redisPeer = (t: Test): string | undefined => requirePeer(t, 'Redis');

interface RedisOptions {
  /** Lines of redis.conf; later ones win. */
  readonly config?: readonly string[] | ((port: number) => readonly string[]);
  readonly sentinel?: boolean;
  /** Arguments of redis-cli that reach this server; default its port. */
  readonly cli?: (port: number) => readonly string[];
}

export async function startRedis(t: Test, options: RedisOptions = {}): Promise<RedisServer> {
  const server = await prepareRedis(t, options);
  await server.start();
  return server;
}

/** Like `startRedis`, but not yet started. */
export async function prepareRedis(
  t: Test,
  { config = [], sentinel = false, cli = (port) => ['-p', String(port)] }: RedisOptions = {},
): Promise<RedisServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-redis-'));
  const file = join(folder, 'redis.conf');
  const lines = ['bind 127.0.0.1', `dir ${folder}`, `port ${port}`, ...(sentinel ? [] : ['save ""'])];
  await writeFile(
    file,
    `${[...lines, ...(typeof config === 'function' ? config(port) : config)].join('\n')}\n`,
  );
  let child: ChildProcess | undefined;
  let output = '';

  const printed = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => pattern.test(output) && resolve();
      child?.stdout?.on('data', look);
      child?.once('exit', () => reject(new Error(`redis-server ended: ${output}`)));
      look();
    });

  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  t.teardown(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    port,
    folder,
    signal: (signal) => child?.kill(signal),
    kill,
    printed,
    start: async () => {
      child = spawn(REDIS, [file, ...(sentinel ? ['--sentinel'] : [])], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      output = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      await printed(sentinel ? /Sentinel ID is/ : /Ready to accept connections/);
    },
    cli: async (...args) => {
      const { stdout } = await promisify(execFile)('redis-cli', [...cli(port), ...args]);
      return stdout.trim();
    },
  };
}
