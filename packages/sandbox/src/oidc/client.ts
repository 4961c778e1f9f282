// Gets an ID token from a running sandbox provider, as a script with a user's password would.

import { MACHINE_CLIENT } from './clients.js';
import type { MintOptions } from './server.js';

interface TokenAnswer {
  readonly id_token?: string;
  readonly error?: string;
  readonly error_description?: string;
}

/** A signed JWT for the user. Throws an Error that says why there is none; it holds no token and no password. */
export async function fetchToken(
  issuer: string,
  options: MintOptions & { readonly password: string },
): Promise<string> {
  const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
  if (!discovery.ok) throw new Error(`There is no OIDC provider at ${issuer} (HTTP ${discovery.status}).`);
  const { token_endpoint: endpoint } = (await discovery.json()) as { token_endpoint: string };

  const form = new URLSearchParams({
    grant_type: 'password',
    username: options.user,
    password: options.password,
  });
  if (options.audience !== undefined) form.set('audience', options.audience);
  if (options.lifetimeSeconds !== undefined) form.set('lifetime', String(options.lifetimeSeconds));
  if (options.claims !== undefined) form.set('claims', JSON.stringify(options.claims));
  if (options.algorithm !== undefined) form.set('algorithm', options.algorithm);

  const basic = Buffer.from(`${MACHINE_CLIENT.id}:${MACHINE_CLIENT.secret}`).toString('base64');
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: form,
  });
  const answer = (await response.json()) as TokenAnswer;
  if (answer.id_token !== undefined) return answer.id_token;
  if (answer.error === 'invalid_grant') throw new Error('The user name or the password is wrong.');
  throw new Error(`The OIDC provider refused: ${answer.error_description ?? answer.error}.`);
}
