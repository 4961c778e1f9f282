// `sallyport token`: prints an ID token for a user of the running sandbox.
import type { Command } from 'commander';
import { omitUndefined } from '../../core/omit-undefined.js';
import { loadSandbox } from '../load-sandbox.js';
import { parseDuration, parseNameValue } from '../options/shared-options.js';
import { findSandboxUser } from '../proof/sandbox-user.js';
import type { Terminal } from '../terminal.js';

type Claims = Readonly<Record<string, unknown>>;

interface Options {
  readonly user: string;
  readonly audience?: string;
  readonly lifetime?: number;
  readonly claim?: Claims;
}

export function registerToken(program: Command, terminal: Terminal): void {
  program
    .command('token')
    .description('print an OIDC ID token for a user of the running `sallyport dev`')
    .requiredOption('--user <name>', 'user of the sandbox, such as alice')
    .option('--audience <audience>', 'audience of the token (default: sallyport)')
    .option(
      '--lifetime <duration>',
      'lifetime of the token, such as 15m, at most 1d (default: 1h)',
      parseDuration,
    )
    .option(
      '--claim <name=value>',
      'additional claim; the value is JSON, or text if it is not valid JSON; can be repeated',
      addClaim,
    )
    .action(async (options: Options) => terminal.print(await fetchIdToken(options)));
}

function addClaim(text: string, claims: Claims = {}): Claims {
  const [name, value] = parseNameValue(text);
  return { ...claims, [name]: parseJsonOrText(value) };
}

function parseJsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

async function fetchIdToken({ user, audience, lifetime, claim }: Options): Promise<string> {
  const { fetchToken } = await loadSandbox(() => import('@sallyport/sandbox/internal/oidc/fetch-token'));
  const { oidc, password } = await findSandboxUser(user);
  return fetchToken(oidc.issuer, {
    user,
    password,
    ...omitUndefined({ audience, lifetimeSeconds: lifetime, claims: claim }),
  });
}
