// The keys of OIDC providers, found through discovery as IAM finds them (OpenID Connect Discovery 1.0 section 4).

import { StsError } from '@sallyport/sts-protocol/sts-error';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { OidcProvider } from '../iam/model.js';
import { invalidIdentityToken } from './errors.js';

const TIMEOUT_MS = 5000;

/** How long AWS keeps keys is not known; an unknown key id makes the sandbox look again at once. */
const CACHE_MS = 60_000;

export class ProviderKeys {
  readonly #keySets = new Map<string, JWTVerifyGetKey>();

  /** The key set of a provider. Throws IDPCommunicationError when the provider cannot be reached. */
  async of({ url }: OidcProvider): Promise<JWTVerifyGetKey> {
    const known = this.#keySets.get(url);
    if (known) return known;
    const keySet = createRemoteJWKSet(await discoverJwksUri(url), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: 0,
      cacheMaxAge: CACHE_MS,
    });
    this.#keySets.set(url, keySet);
    return keySet;
  }
}

async function discoverJwksUri(url: string): Promise<URL> {
  let response: Response;
  try {
    response = await fetch(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
  } catch {
    throw providerUnreachable();
  }
  if (response.status >= 500) throw providerUnreachable();
  const document: unknown = await response.json().catch(() => undefined);
  const uri = (document as { readonly jwks_uri?: unknown } | undefined)?.jwks_uri;
  if (!response.ok || typeof uri !== 'string' || !URL.canParse(uri)) throw keyNotRetrieved();
  return new URL(uri);
}

/** The text is not known. */
const providerUnreachable = () =>
  new StsError(400, 'IDPCommunicationError', 'The identity provider could not be reached');

const keyNotRetrieved = () =>
  invalidIdentityToken(
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  );

/** What STS answers when fetching keys or checking the signature failed. The text for a bad signature is not known. */
export function faultOfVerification(error: unknown): StsError {
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalidIdentityToken('The ID Token signature is invalid.');
  }
  if (error instanceof errors.JWKSTimeout || error instanceof TypeError) return providerUnreachable();
  return keyNotRetrieved();
}
