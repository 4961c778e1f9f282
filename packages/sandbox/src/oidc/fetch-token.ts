// Gets an ID token from a running sandbox provider with the user's password, as a script does.
import type { SigningAlgorithm } from './keys.js';
import { MACHINE_CLIENT } from './registered-clients.js';

export interface TokenOptions {
  readonly user: string;
  readonly password: string;
  /** The `aud` claim. Default `sallyport`. */
  readonly audience?: string;
  /** Default 3600, at most 86400. */
  readonly lifetimeSeconds?: number;
  /** Claims in addition to the user's own, e.g. `https://aws.amazon.com/tags`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Default RS256. */
  readonly algorithm?: SigningAlgorithm;
}

interface TokenResponse {
  readonly id_token?: string;
  readonly error?: string;
  readonly error_description?: string;
}

/** A signed JWT for the user. Throws an Error with the reason of the provider; it holds no token and no password. */
export async function fetchToken(issuer: string, options: TokenOptions): Promise<string> {
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
  const { id_token: token, error, error_description: reason } = (await response.json()) as TokenResponse;
  if (token !== undefined) return token;
  if (error === 'invalid_grant') throw new Error('The user name or the password is wrong.');
  throw new Error(`The OIDC provider rejected the request: ${reason ?? error}.`);
}
