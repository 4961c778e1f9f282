// The sandbox's OpenID Connect provider: discovery, JWKS, the authorization code flow with PKCE in a browser, sign-in by
// a device code, and a grant for scripts. In process, over plain http, on loopback only.
import { isLoopbackUrl, type ListenOptions, listenOnLoopback } from '../loopback.js';
import type { SandboxUser } from '../users.js';
import { generateSigningKeys, type SigningAlgorithm } from './keys.js';
import { loadProvider } from './load-provider.js';
import { PASSWORD_GRANT_PARAMETERS, passwordGrant } from './password-grant.js';
import { providerConfig } from './provider-config.js';
import { signInPages } from './sign-in.js';

/** What a token is to say. */
export interface MintOptions {
  readonly user: string;
  /** Default `sallyport`. */
  readonly audience?: string;
  /** Default 3600, at most 86400. */
  readonly lifetimeSeconds?: number;
  /** Claims besides the user's own, e.g. `https://aws.amazon.com/tags`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Default RS256. */
  readonly algorithm?: SigningAlgorithm;
}

export interface OidcServer {
  readonly issuer: string;
  close(): Promise<void>;
}

/** Starts the provider; resolves when it listens. Any loopback redirect URI is accepted. */
export async function startOidc(
  options: ListenOptions & { readonly users: readonly SandboxUser[] },
): Promise<OidcServer> {
  const [{ Provider, interactionPolicy, errors }, keys] = await Promise.all([
    loadProvider(),
    generateSigningKeys(),
  ]);
  const { server, origin: issuer, close } = await listenOnLoopback(options);
  const provider = new Provider(issuer, providerConfig(options.users, keys, interactionPolicy));
  provider.Client.prototype.redirectUriAllowed = isLoopbackUrl;
  provider.registerGrantType(
    'password',
    passwordGrant(issuer, keys, options.users, errors),
    PASSWORD_GRANT_PARAMETERS,
  );
  provider.use(signInPages(provider, options.users));
  server.on('request', provider.callback());

  return { issuer, close };
}
