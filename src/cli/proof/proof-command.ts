// What `token` and `assertion` share: how their options are read, and the running `dev` they ask.
import { InvalidArgumentError } from 'commander';
import { DURATION_PATTERN, seconds } from '../../core/duration.js';
import { readDevState } from '../dev-state.js';

/** The value of `--lifetime`, in seconds. */
export function parseLifetime(value: string): number {
  if (!new RegExp(DURATION_PATTERN).test(value)) {
    throw new InvalidArgumentError('Write a duration such as 900s, 15m or 1h.');
  }
  return seconds(value);
}

/** Splits `name=value` at the first `=`. */
export function parsePair(pair: string): readonly [name: string, value: string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write name=value.');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

interface Dev {
  readonly oidc: { readonly issuer: string };
  readonly saml: { readonly sso: string };
  readonly password: string;
}

/** The running `dev`, with the password of one of its users. Throws an Error that says what to do if there is none. */
export async function findDev(user: string): Promise<Dev> {
  const state = await readDevState();
  if (!state) throw new Error('No sandbox is running. Start one with `npm run dev`, then try again.');
  const known = state.users.find(({ name }) => name === user);
  if (!known) {
    const names = state.users.map(({ name }) => name).join(', ');
    throw new Error(`The sandbox has no such user. Name one of ${names}.`);
  }
  return { ...state, password: known.password };
}
