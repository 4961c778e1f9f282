// `sallyport sidecar`: serves fresh credentials on loopback, for programs whose SDK accepts them only there.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { writePrivateFile } from '@sallyport/client/internal/private-files';
import { runUntilStopped } from '@sallyport/client/internal/run-until-stopped';
import { isLoopback } from '@sallyport/client/internal/secure-url';
import { type Command, InvalidArgumentError } from 'commander';
import { omitUndefined } from '../../core/omit-undefined.js';
import type { LogLevel } from '../../core/ports.js';
import type { Proof } from '../../core/types.js';
import { Sidecar } from '../../sidecar/sidecar.js';
import { resolveBrokerUrl } from '../options/session-options.js';
import { brokerOption, logLevelOption, parseDuration } from '../options/shared-options.js';
import {
  addProofOptions,
  type ProofOptions,
  readProofOption,
  requireUnattended,
} from '../proof/proof-options.js';
import type { Terminal } from '../terminal.js';

interface Options extends ProofOptions {
  readonly broker?: string;
  readonly role?: readonly string[];
  readonly duration?: number;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly authorizationTokenFile?: string;
  readonly logLevel: LogLevel;
}

export function registerSidecar(program: Command, terminal: Terminal): void {
  const command = program
    .command('sidecar')
    .description('serve credentials to AWS SDKs on loopback and refresh them')
    .addOption(brokerOption())
    .option(
      '--role <role>',
      'role to serve; can be repeated; optional if you are permitted exactly one role',
      (role: string, roles: readonly string[] = []) => [...roles, role],
    );
  addProofOptions(command, terminal)
    .option(
      '--duration <duration>',
      'lifetime of the credentials, such as 1h (default: set by the role)',
      parseDuration,
    )
    .option(
      '--listen <host:port>',
      'loopback address to listen on (default: a free port on 127.0.0.1)',
      parseListen,
    )
    .option(
      '--authorization-token-file <file>',
      'file to write the token to that programs must send (default: a new temporary file)',
    )
    .addOption(logLevelOption())
    .addHelpText(
      'after',
      '\nExample: sallyport sidecar --role reader --token-file /var/run/token --listen 127.0.0.1:4560',
    )
    .action(async (options: Options) => {
      requireUnattended(command, terminal);
      const broker = await resolveBrokerUrl(options.broker, terminal);
      // An unreadable proof is a usage error now, and an outage later.
      const firstProof = await readProofOption(options, terminal);
      await runUntilStopped(
        () => startSidecar(options, broker, firstProof, terminal),
        ({ sidecar, tokenFile }) => terminal.print(environmentText(sidecar, tokenFile, options.role)),
        terminal.signals,
      );
      // Do not wait for a pending refresh.
      terminal.exit();
    });
}

/** Uses `firstProof` for one request, because it can be a single-use proof. Later requests read the proof again. */
async function startSidecar(options: Options, broker: string, firstProof: Proof, terminal: Terminal) {
  const { createLog } = await import('../../telemetry/log.js');
  const { role: roles = [undefined], duration: durationSeconds, listen } = options;
  const unusedProofs = [firstProof];
  const log = createLog(options.logLevel, terminal.stderr);
  const sidecar = await Sidecar.start({
    broker,
    roles: roles.map((role) => omitUndefined({ role, durationSeconds })),
    getProof: async () => unusedProofs.pop() ?? readProofOption(options, terminal),
    log,
    ...(listen && { listen }),
  });
  try {
    const { tokenFile, removeTokenFile } = await writeTokenFile(sidecar, options.authorizationTokenFile);
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

/** Writes no newline, because SDKs would send it. The file is deleted on exit: each start creates a new token. */
async function writeTokenFile({ authorizationToken }: Sidecar, path: string | undefined) {
  const tokenFile = path ? resolve(path) : join(await mkdtemp(join(tmpdir(), 'sallyport-sidecar-')), 'token');
  await writePrivateFile(tokenFile, authorizationToken.reveal());
  const removeTokenFile = async () => {
    if (!path) return rm(dirname(tokenFile), { recursive: true, force: true });
    // Another sidecar may have replaced the token.
    const content = await readFile(tokenFile, 'utf8').catch(() => undefined);
    if (content === authorizationToken.reveal()) await rm(tokenFile, { force: true });
  };
  return { tokenFile, removeTokenFile };
}

/** Shell commands that set the variables. They do not contain the token. */
function environmentText(sidecar: Sidecar, tokenFile: string, roles: readonly string[] = []): string {
  const hasSeveral = roles.length > 1;
  const urls = (hasSeveral ? roles : [undefined]).map((role) => {
    const line = `export AWS_CONTAINER_CREDENTIALS_FULL_URI=${quote(sidecar.url(role))}`;
    return role === undefined ? line : `# For ${role}:\n${line}`;
  });
  return `${urls.join('\n')}
${hasSeveral ? '# For each role:\n' : ''}export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=${quote(tokenFile)}
# For older SDKs that do not support the file, use this instead:
# export AWS_CONTAINER_AUTHORIZATION_TOKEN="$(cat ${quote(tokenFile)})"`;
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function parseListen(text: string): { host: string; port: number } {
  const [, bracketed, name, digits] = /^(?:\[([\da-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? name ?? '';
  const port = Number(digits);
  if (!isLoopback(host) || port > 65_535)
    throw new InvalidArgumentError('Specify 127.0.0.1:PORT, [::1]:PORT, or localhost:PORT.');
  return { host, port };
}
