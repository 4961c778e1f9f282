// `sallyport token`: an ID token for a user of the running sandbox.
import type { Command } from 'commander';
import { loadSandbox } from '../load-sandbox.js';
import { out } from '../output/print.js';
import { findDev, parseLifetime, parsePair } from '../proof/proof-command.js';

type Claims = Readonly<Record<string, unknown>>;

interface Options {
  readonly user: string;
  readonly audience?: string;
  readonly lifetime?: number;
  readonly claim?: Claims;
}

function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function addClaim(pair: string, claims: Claims = {}): Claims {
  const [name, value] = parsePair(pair);
  return { ...claims, [name]: jsonOrText(value) };
}

async function obtainToken({ user, audience, lifetime, claim }: Options): Promise<string> {
  const { fetchToken } = await loadSandbox(() => import('@sallyport/sandbox/internal/oidc/fetch-token'));
  const { oidc, password } = await findDev(user);
  return fetchToken(oidc.issuer, {
    user,
    password,
    ...(audience !== undefined && { audience }),
    ...(lifetime !== undefined && { lifetimeSeconds: lifetime }),
    ...(claim !== undefined && { claims: claim }),
  });
}

export function registerToken(program: Command): void {
  program
    .command('token')
    .description('print an OIDC ID token for a user of the running `sallyport dev`')
    .requiredOption('--user <name>', 'whose token, e.g. alice')
    .option('--audience <audience>', 'its aud claim (default: sallyport)')
    .option('--lifetime <duration>', 'e.g. 15m, at most 1d (default: 1h)', parseLifetime)
    .option('--claim <name=value>', 'a further claim, its value JSON or else text; may be repeated', addClaim)
    .action(async (options: Options) => out(await obtainToken(options)));
}
