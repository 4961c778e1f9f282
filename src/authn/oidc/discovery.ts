// Fetches the keys of an issuer, with discovery (OpenID Connect Discovery 1.0 section 4) where the config has no jwksUri.
// The discovery document must name the issuer it was fetched for, and its jwks_uri must be on a pinned host.
import { isJsonObject } from '../../core/json.js';
import { type JsonFetcher, KeyFetchError } from './fetch-json.js';
import type { Issuer } from './issuer.js';
import { parseJwks, type VerificationKey } from './jwks.js';

/** @throws KeyFetchError */
export async function fetchKeys(issuer: Issuer, fetcher: JsonFetcher): Promise<readonly VerificationKey[]> {
  const jwksUri = issuer.jwksUri ?? (await discoverJwksUri(issuer, fetcher));
  return parseJwks(await fetcher.fetch(jwksUri));
}

async function discoverJwksUri(issuer: Issuer, fetcher: JsonFetcher): Promise<string> {
  const document = await fetcher.fetch(`${issuer.url.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!isJsonObject(document)) throw new KeyFetchError('discovery.malformed');
  if (document['issuer'] !== issuer.url) throw new KeyFetchError('discovery.issuer_mismatch');
  const jwksUri = document['jwks_uri'];
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) throw new KeyFetchError('discovery.malformed');
  const { protocol, host, username, password } = new URL(jwksUri);
  if (protocol !== new URL(issuer.url).protocol || username !== '' || password !== '') {
    throw new KeyFetchError('discovery.jwks_uri_refused');
  }
  if (!issuer.jwksHosts.includes(host)) throw new KeyFetchError('discovery.jwks_host_refused');
  return jwksUri;
}
