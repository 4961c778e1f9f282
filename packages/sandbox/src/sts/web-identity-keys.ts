// The keys of OIDC providers, found through OpenID Connect Discovery 1.0 section 4, as IAM finds them.

import { StsError } from '@sallyport/sts-protocol/sts-error';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { OidcProvider } from '../iam/model.js';
import { invalidIdentityToken } from './errors.js';

const TIMEOUT_MS = 5000;

/** How long AWS caches keys is not known. The sandbox fetches them again immediately for an unknown key ID. */
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

/** AWS's message is not known. */
const providerUnreachable = () =>
  new StsError(400, 'IDPCommunicationError', 'The identity provider could not be reached');

const keyNotRetrieved = () =>
  invalidIdentityToken(
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  );

/** The StsError for a failed key fetch or signature check. AWS's message for an invalid signature is not known. */
export function verificationError(error: unknown): StsError {
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalidIdentityToken('The ID Token signature is invalid.');
  }
  if (error instanceof errors.JWKSTimeout || error instanceof TypeError) return providerUnreachable();
  return keyNotRetrieved();
}
