// The table of places that a proof can come from, each an option. Never an argument's own value, which every process on
// the machine can read.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { githubActionsToken } from '@sallyport/client/internal/github-actions';
import { readTextFile } from '@sallyport/client/internal/proof-source';
import { Option } from 'commander';
import type { IssuerType } from '../../core/types.js';
import { loadSandbox } from '../load-sandbox.js';
import { portOption } from '../run.js';
import { findDev } from './proof-command.js';
import { signIn } from './sign-in.js';
import { readStdin } from './stdin.js';

/** The options as commander gives them. */
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

export interface Source {
  readonly type: IssuerType;
  /** Names the source. */
  readonly option: Option;
  /** Options that must go with it, and with no other. */
  readonly needs: readonly Option[];
  /** Options that may. */
  readonly settings: readonly Option[];
  /** Reading it means that a person signs in. */
  readonly asksPerson: boolean;
  /** Gets the proof's text. Undefined: the options do not name this source. */
  reader(options: ProofOptions): (() => Promise<string>) | undefined;
}

/** Milliseconds that a command may take: a person may have to sign in meanwhile. */
const COMMAND_TIMEOUT = 120_000;
const MAX_BYTES = 256 * 1024;

/** Heading in the help. */
const GROUP = 'Where the proof comes from, one of:';

/** In the order of the help; the last is taken where no other is named. */
export const SOURCES: readonly Source[] = [
  source('tokenFile', {
    type: 'oidc',
    option: fileOption('--token-file <file>', 'a JWT; - for stdin'),
    read: textOf,
  }),
  source('tokenCommand', {
    type: 'oidc',
    option: new Option('--token-command <command>', 'a shell command that prints a JWT'),
    read: outputOf,
  }),
  source('githubActions', {
    type: 'oidc',
    option: new Option('--github-actions', 'the JWT of the GitHub Actions job that this runs in'),
    settings: [
      new Option('--audience <audience>', 'with --github-actions: its audience').default('sallyport'),
    ],
    read: (_, { audience }) => githubActionsToken(audience),
  }),
  source('issuer', {
    type: 'oidc',
    option: new Option(
      '--issuer <url>',
      'the ID token of whoever signs in at this OIDC issuer, with a browser',
    ),
    needs: [new Option('--client-id <id>', 'with --issuer: a public client there')],
    settings: [
      new Option('--device', 'with --issuer: by a code, with a browser on any machine'),
      new Option('--scope <scopes>', 'with --issuer: what to ask for').default('openid'),
      portOption('--redirect-port', 'this machine, which the issuer redirects to'),
    ],
    asksPerson: true,
    read: (issuer, { clientId = '', device = false, scope, redirectPort }) =>
      signIn({ issuer, clientId, device, scope, redirectPort }),
  }),
  source('assertionFile', {
    type: 'saml',
    option: fileOption('--assertion-file <file>', 'a base64 SAMLResponse; - for stdin'),
    read: textOf,
  }),
  source('assertionCommand', {
    type: 'saml',
    option: new Option('--assertion-command <command>', 'a shell command that prints a base64 SAMLResponse'),
    read: outputOf,
  }),
  source('user', {
    type: 'oidc',
    option: new Option('--user <name>', 'a user of the running `sallyport dev`, by a JWT'),
    read: tokenOf,
  }),
  source('tokenEnv', {
    type: 'oidc',
    option: new Option('--token-env <name>', 'an environment variable that holds a JWT').default(
      'SALLYPORT_TOKEN',
    ),
    read: variableOf,
  }),
];

type Row<Name extends keyof ProofOptions> = Pick<Source, 'type' | 'option'> &
  Partial<Pick<Source, 'needs' | 'settings' | 'asksPerson'>> & {
    readonly read: (value: NonNullable<ProofOptions[Name]>, options: ProofOptions) => Promise<string>;
  };

function source<Name extends keyof ProofOptions>(name: Name, { read, ...row }: Row<Name>): Source {
  const { type, option, needs = [], settings = [], asksPerson = false } = row;
  for (const each of [option, ...needs, ...settings]) each.helpGroup(GROUP);
  const reader = (options: ProofOptions) => {
    const value = options[name];
    return value === undefined ? undefined : () => read(value, options);
  };
  return { type, option, needs, settings, asksPerson, reader };
}

/** Relative paths are made absolute: where the proof is read may be another folder than where it was named. */
function fileOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((path) => (path === '-' ? path : resolve(path)));
}

async function textOf(file: string): Promise<string> {
  return file === '-' ? readStdin() : readTextFile(file);
}

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
  const { fetchToken } = await loadSandbox(() => import('@sallyport/sandbox/internal/oidc/fetch-token'));
  const { oidc, password } = await findDev(user);
  return fetchToken(oidc.issuer, { user, password });
}

async function variableOf(name: string): Promise<string> {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`The environment variable ${name} is not set. Put the JWT into it.`);
  return value;
}
