// The proof that a command sends to a broker: from a file, from a command, or of a user of the running sandbox. Never
// from an argument, which every process on the machine can read.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Command, Option } from 'commander';
import { Secret } from '../core/secret.js';
import type { Proof } from '../core/types.js';
import { findDev } from './proof-command.js';
import { readStdin } from './stdin.js';

export interface ProofOptions {
  readonly tokenFile?: string;
  readonly tokenCommand?: string;
  readonly assertionFile?: string;
  readonly assertionCommand?: string;
  readonly user?: string;
}

/** Milliseconds that a command may take: a person may have to sign in meanwhile. */
const COMMAND_TIMEOUT = 120_000;
const MAX_BYTES = 256 * 1024;

const FLAGS: readonly [flags: string, description: string][] = [
  ['--token-file <file>', 'a JWT; - for stdin'],
  ['--token-command <command>', 'a shell command that prints a JWT'],
  ['--assertion-file <file>', 'a base64 SAMLResponse; - for stdin'],
  ['--assertion-command <command>', 'a shell command that prints a base64 SAMLResponse'],
  ['--user <name>', 'a user of the running `sallyport dev`, by a JWT'],
];

/** Adds the options; only one of them may be given. */
export function addProofOptions(command: Command): Command {
  const options = FLAGS.map(([flags, description]) => new Option(flags, description));
  for (const option of options) {
    const others = options.filter((other) => other !== option).map((other) => other.attributeName());
    command.addOption(option.conflicts(others));
  }
  return command;
}

/** The proof that the options name. Undefined: they name none. Rejects if it cannot be had. */
export async function bringProof(options: ProofOptions): Promise<Proof | undefined> {
  const { tokenFile, tokenCommand, assertionFile, assertionCommand, user } = options;
  if (tokenFile !== undefined) return proofOf('oidc', await textOf(tokenFile));
  if (tokenCommand !== undefined) return proofOf('oidc', await outputOf(tokenCommand));
  if (assertionFile !== undefined) return proofOf('saml', await textOf(assertionFile));
  if (assertionCommand !== undefined) return proofOf('saml', await outputOf(assertionCommand));
  return user === undefined ? undefined : proofOf('oidc', await tokenOf(user));
}

function proofOf(type: Proof['type'], text: string): Proof {
  const value = text.trim();
  if (value === '') throw new Error('The proof is empty. Check where it comes from.');
  return { type, value: new Secret(value) };
}

const textOf = (file: string) => (file === '-' ? readStdin() : readFile(file, 'utf8'));

async function outputOf(command: string): Promise<string> {
  try {
    const options = { timeout: COMMAND_TIMEOUT, maxBuffer: MAX_BYTES };
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], options);
    return stdout;
  } catch (error) {
    // Its message would repeat the command, which may hold a secret.
    const { code = 'none' } = error as { readonly code?: number | string };
    throw new Error(`The command for the proof failed (exit code ${code}). Run it by itself to see why.`);
  }
}

async function tokenOf(user: string): Promise<string> {
  const { fetchToken } = await import('../sandbox/oidc/client.js');
  const { oidc, password } = await findDev(user);
  return fetchToken(oidc.issuer, { user, password });
}
