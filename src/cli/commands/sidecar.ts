// `sallyport sidecar`: keeps credentials from a broker fresh on loopback, for programs whose SDK takes them there only.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { writePrivateFile } from '@sallyport/client/internal/private-files';
import { runUntilStopped } from '@sallyport/client/internal/run-until-stopped';
import { isLoopback } from '@sallyport/client/internal/secure-url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../../core/ports.js';
import type { Proof } from '../../core/types.js';
import { openSidecar, type Sidecar } from '../../sidecar/server.js';
import { brokerUrl } from '../broker-url.js';
import { out } from '../output/print.js';
import { parseLifetime } from '../proof/proof-command.js';
import {
  addProofOptions,
  obtainProof,
  type ProofOptions,
  requireUnattended,
} from '../proof/proof-options.js';

interface Options extends ProofOptions {
  readonly broker?: string;
  readonly role?: readonly string[];
  readonly duration?: number;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly authorizationTokenFile?: string;
  readonly logLevel: LogLevel;
}

export function registerSidecar(program: Command): void {
  const command = program
    .command('sidecar')
    .description('keep credentials from a broker fresh on loopback, for AWS SDKs that take them there')
    .option('--broker <url>', "the broker's URL (default: SALLYPORT_URL, or the running `sallyport dev`)")
    .option(
      '--role <role>',
      'may be repeated; may be left out if you may have exactly one',
      (role: string, roles: readonly string[] = []) => [...roles, role],
    );
  addProofOptions(command)
    .option('--duration <duration>', 'how long credentials last, e.g. 1h', parseLifetime)
    .option('--listen <host:port>', 'on loopback (default: any free port of 127.0.0.1)', parseListen)
    .option(
      '--authorization-token-file <file>',
      'where to put the token that programs send (default: a new file)',
    )
    .addOption(
      new Option('--log-level <level>', 'what to log, on stderr').choices(LOG_LEVELS).default('info'),
    )
    .action(async (options: Options) => {
      requireUnattended(command);
      const broker = await brokerUrl(options.broker);
      // That it cannot be had is a mistake now, and an outage later.
      const first = await obtainProof(options);
      await runUntilStopped(
        () => start(options, broker, first),
        ({ sidecar, tokenFile }) => out(environmentLines(sidecar, tokenFile, options.role)),
      );
      // A renewal under way is not waited for.
      process.exit();
    });
}

/** `first` is the proof of one request, and the others bring their own: it may be good for one use only. */
async function start(options: Options, broker: string, first: Proof) {
  const { createLog } = await import('../../telemetry/log.js');
  const { role: roles = [undefined], duration: durationSeconds, listen } = options;
  const brought = [first];
  const log = createLog(options.logLevel);
  const sidecar = await openSidecar({
    broker,
    roles: roles.map((role) => ({
      ...(role !== undefined && { role }),
      ...(durationSeconds !== undefined && { durationSeconds }),
    })),
    bring: async () => brought.pop() ?? obtainProof(options),
    log,
    ...(listen && { listen }),
  });
  try {
    const { tokenFile, removeTokenFile } = await placeToken(sidecar, options.authorizationTokenFile);
    log.info({ url: sidecar.url(), broker }, 'listening');
    const close = async () => {
      log.info({}, 'stopping');
      await sidecar.close();
      await removeTokenFile();
    };
    return { sidecar, tokenFile, close };
  } catch (error) {
    await sidecar.close();
    throw error;
  }
}

/** Without a line end, which SDKs would not take. It goes with the sidecar: the next one has another token. */
async function placeToken({ authorizationToken }: Sidecar, given: string | undefined) {
  const tokenFile = given
    ? resolve(given)
    : join(await mkdtemp(join(tmpdir(), 'sallyport-sidecar-')), 'token');
  await writePrivateFile(tokenFile, authorizationToken.reveal());
  const removeTokenFile = async () => {
    if (!given) return rm(dirname(tokenFile), { recursive: true, force: true });
    // The next sidecar may have put its own there already.
    const found = await readFile(tokenFile, 'utf8').catch(() => undefined);
    if (found === authorizationToken.reveal()) await rm(tokenFile, { force: true });
  };
  return { tokenFile, removeTokenFile };
}

/** To paste into a shell, or to copy from. The token itself is not in it. */
function environmentLines(sidecar: Sidecar, tokenFile: string, roles: readonly string[] = []): string {
  const several = roles.length > 1;
  const urls = (several ? roles : [undefined]).map((role) => {
    const line = `export AWS_CONTAINER_CREDENTIALS_FULL_URI=${quoted(sidecar.url(role))}`;
    return role === undefined ? line : `# For ${role}:\n${line}`;
  });
  return `${urls.join('\n')}
${several ? '# For each:\n' : ''}export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=${quoted(tokenFile)}
# Instead, for older SDKs, which read no file:
# export AWS_CONTAINER_AUTHORIZATION_TOKEN="$(cat ${quoted(tokenFile)})"`;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function parseListen(text: string): { host: string; port: number } {
  const [, bracketed, name, digits] = /^(?:\[([\da-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? name ?? '';
  const port = Number(digits);
  if (!isLoopback(host) || port > 65_535)
    throw new InvalidArgumentError('Write 127.0.0.1:PORT, [::1]:PORT or localhost:PORT.');
  return { host, port };
}
