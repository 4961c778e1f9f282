// The sources of a proof, one option each. No option takes the proof itself: every process on the machine can read the
// arguments of a command.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { githubActionsToken } from '@sallyport/client/internal/github-actions';
import { readTextFile } from '@sallyport/client/internal/proof-source';
import { Option } from 'commander';
import type { IssuerType } from '../../core/types.js';
import { loadSandbox } from '../load-sandbox.js';
import { portOption } from '../options/shared-options.js';
import type { Terminal } from '../terminal.js';
import { findSandboxUser } from './sandbox-user.js';
import { signIn } from './sign-in.js';

/** The values of the options, as commander returns them. */
export interface ProofOptions {
  readonly tokenFile?: string;
  readonly tokenCommand?: string;
  readonly githubActions?: true;
  readonly audience: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope: string;
  readonly device?: true;
  readonly redirectPort: number;
  readonly assertionFile?: string;
  readonly assertionCommand?: string;
  readonly user?: string;
  readonly tokenEnv: string;
}

export interface ProofSourceDefinition {
  readonly type: IssuerType;
  /** Selects the source. */
  readonly option: Option;
  /** Options that must be set with `option`, and only with it. */
  readonly requiredOptions: readonly Option[];
  /** Options that can be set with `option`, and only with it. */
  readonly optionalOptions: readonly Option[];
  /** A user signs in each time the proof is read. */
  readonly interactive: boolean;
  /** Returns a function that reads the proof, or undefined if the options do not select this source. */
  reader(options: ProofOptions, terminal: Terminal): (() => Promise<string>) | undefined;
}

/** Milliseconds. Long enough for a command that waits for a user to sign in. */
const COMMAND_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 256 * 1024;

const HELP_GROUP = 'Proof source (specify one):';

/** In the order of the help. The last one is the default. */
export const PROOF_SOURCES: readonly ProofSourceDefinition[] = [
  source('tokenFile', {
    type: 'oidc',
    option: fileOption('--token-file <file>', 'file with a JWT; - for stdin'),
    read: readFileOrStdin,
  }),
  source('tokenCommand', {
    type: 'oidc',
    option: new Option('--token-command <command>', 'shell command that prints a JWT'),
    read: runCommand,
  }),
  source('githubActions', {
    type: 'oidc',
    option: new Option('--github-actions', 'the OIDC token of the current GitHub Actions job'),
    optionalOptions: [
      new Option('--audience <audience>', 'with --github-actions: audience of the token').default(
        'sallyport',
      ),
    ],
    read: (_, { audience }, { env }) => githubActionsToken(audience, env),
  }),
  source('issuer', {
    type: 'oidc',
    option: new Option('--issuer <url>', 'sign in at this OIDC issuer with a browser, and use the ID token'),
    requiredOptions: [new Option('--client-id <id>', 'with --issuer: ID of a public client at the issuer')],
    optionalOptions: [
      new Option('--device', 'with --issuer: sign in with a device code, in a browser on any machine'),
      new Option('--scope <scopes>', 'with --issuer: scopes to request, separated by spaces').default(
        'openid',
      ),
      portOption('--redirect-port', 'the loopback redirect URI, with --issuer'),
    ],
    interactive: true,
    read: (issuer, { clientId = '', device = false, scope, redirectPort }, terminal) =>
      signIn({ issuer, clientId, device, scope, redirectPort }, terminal),
  }),
  source('assertionFile', {
    type: 'saml',
    option: fileOption('--assertion-file <file>', 'file with a base64 SAMLResponse; - for stdin'),
    read: readFileOrStdin,
  }),
  source('assertionCommand', {
    type: 'saml',
    option: new Option('--assertion-command <command>', 'shell command that prints a base64 SAMLResponse'),
    read: runCommand,
  }),
  source('user', {
    type: 'oidc',
    option: new Option('--user <name>', 'user of the running `sallyport dev`, such as alice'),
    read: fetchSandboxToken,
  }),
  source('tokenEnv', {
    type: 'oidc',
    option: new Option('--token-env <name>', 'environment variable with a JWT').default('SALLYPORT_TOKEN'),
    read: readVariable,
  }),
];

type SourceOptions<Name extends keyof ProofOptions> = Pick<ProofSourceDefinition, 'type' | 'option'> &
  Partial<Pick<ProofSourceDefinition, 'requiredOptions' | 'optionalOptions' | 'interactive'>> & {
    readonly read: (
      value: NonNullable<ProofOptions[Name]>,
      options: ProofOptions,
      terminal: Terminal,
    ) => Promise<string>;
  };

function source<Name extends keyof ProofOptions>(
  name: Name,
  {
    type,
    option,
    requiredOptions = [],
    optionalOptions = [],
    interactive = false,
    read,
  }: SourceOptions<Name>,
): ProofSourceDefinition {
  for (const each of [option, ...requiredOptions, ...optionalOptions]) each.helpGroup(HELP_GROUP);
  return {
    type,
    option,
    requiredOptions,
    optionalOptions,
    interactive,
    reader: (options, terminal) => {
      const value = options[name];
      return value === undefined ? undefined : () => read(value, options, terminal);
    },
  };
}

/** Makes paths absolute: `configure` writes them into a profile that is used in any folder. */
function fileOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((path) => (path === '-' ? path : resolve(path)));
}

async function readFileOrStdin(file: string, _: ProofOptions, terminal: Terminal): Promise<string> {
  return file === '-' ? terminal.readStdin() : readTextFile(file);
}

async function runCommand(command: string, _: ProofOptions, { env }: Terminal): Promise<string> {
  try {
    const options = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, env };
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], options);
    return stdout;
  } catch (error) {
    // The message of the error contains the command, which can contain a secret.
    const { code = 'none' } = error as { readonly code?: number | string };
    throw new Error(`The proof command failed (exit code ${code}). Run it separately to see the error.`);
  }
}

async function fetchSandboxToken(user: string): Promise<string> {
  const { fetchToken } = await loadSandbox(() => import('@sallyport/sandbox/internal/oidc/fetch-token'));
  const { oidc, password } = await findSandboxUser(user);
  return fetchToken(oidc.issuer, { user, password });
}

async function readVariable(name: string, _: ProofOptions, { env }: Terminal): Promise<string> {
  const value = env[name];
  if (value === undefined) throw new Error(`The environment variable ${name} is not set. Set it to a JWT.`);
  return value;
}
