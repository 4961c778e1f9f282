// The OIDC provider of the sandbox: discovery, JWKS, the authorization code flow with PKCE, the device authorization
// grant (RFC 8628), and a password grant for scripts. It runs in process, over plain http, on loopback only.
import { isLoopbackUrl, type ListenOptions, listenOnLoopback } from '../loopback.js';
import type { SandboxUser } from '../users.js';
import { importProvider } from './import-provider.js';
import { generateSigningKeys } from './keys.js';
import { PASSWORD_GRANT_PARAMETERS, passwordGrant } from './password-grant.js';
import { providerConfig } from './provider-config.js';
import { signInPages } from './sign-in.js';

export interface OidcServer {
  readonly issuer: string;
  close(): Promise<void>;
}

/** Starts the provider and resolves when it listens. It accepts any loopback redirect URI. */
export async function startOidc(
  options: ListenOptions & { readonly users: readonly SandboxUser[] },
): Promise<OidcServer> {
  const [{ Provider, interactionPolicy, errors }, keys] = await Promise.all([
    importProvider(),
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
