// Options of `credential-process`. `configure` accepts the same options and writes them into a profile, as the command
// line in `credential_process`.
import type { Command } from 'commander';
import { formatSeconds } from '../../core/duration.js';
import {
  addProofOptions,
  type ProofOptions,
  rejectStdin,
  selectProofSource,
} from '../proof/proof-options.js';
import type { Terminal } from '../terminal.js';
import { addSessionOptions, type SessionOptions } from './session-options.js';

export interface CredentialProcessOptions extends SessionOptions, ProofOptions {
  readonly cache: boolean;
}

/** Rejects `-` as a file: stdin belongs to the program that runs the process. */
export function addCredentialProcessOptions(command: Command, terminal: Terminal): Command {
  addSessionOptions(command).option('--no-cache', 'do not read or write the cache on disk');
  return addProofOptions(command, terminal).hook('preAction', (_, actionCommand) =>
    rejectStdin(actionCommand),
  );
}

/** The arguments that run `credential-process` with these options. */
export function credentialProcessArgs(
  options: CredentialProcessOptions,
  broker: string,
  terminal: Terminal,
): readonly string[] {
  const { role, duration, reason, cache } = options;
  return [
    'credential-process',
    ...['--broker', broker],
    ...(role === undefined ? [] : ['--role', role]),
    ...(duration === undefined ? [] : ['--duration', formatSeconds(duration)]),
    ...(reason === undefined ? [] : ['--reason', reason]),
    ...(cache ? [] : ['--no-cache']),
    ...selectProofSource(options, terminal).args,
  ];
}

/**
 * Quotes a command for `credential_process`. Some SDKs split the value like a POSIX shell, others pass it to a shell,
 * and one cuts a line at `#` or `;` after a space, even inside quotes. The result means the same to all of them. Throws
 * an Error for arguments that a profile cannot contain.
 */
export function quoteCommand(args: readonly string[], platform: NodeJS.Platform = process.platform): string {
  if (args.some((arg) => /[\p{Cc}\u2028\u2029]/u.test(arg)))
    throw new Error(
      'A profile cannot contain line breaks or control characters. Put the command into a script.',
    );
  return args.map(platform === 'win32' ? quoteForWindows : quoteForPosix).join(' ');
}

function quoteForPosix(arg: string): string {
  if (/^[\w@%+=:,./-]+$/.test(arg)) return arg;
  return `'${arg.replaceAll("'", "'\\''").replace(/\s(?=[#;])/g, "$&''")}'`;
}

function quoteForWindows(arg: string): string {
  if (/^[\w@+=:,.\\/-]+$/.test(arg)) return arg;
  if (/["%]/.test(arg))
    throw new Error('On Windows, a profile cannot contain " or %. Put the command into a script.');
  return `"${arg}"`;
}
