// An issuer with the cache of its keys and the connections to fetch them.

import type { Log } from '../../core/ports.js';
import { createPool, type Pool } from '../../core/shared-resource.js';
import { fetchKeys } from './discovery.js';
import { JsonFetcher, type Lookup, systemLookup } from './fetch-json.js';
import type { Issuer } from './issuer.js';
import { JwksCache } from './jwks-cache.js';

export interface KeySource {
  readonly issuer: Issuer;
  readonly keys: JwksCache;
  close(): Promise<void>;
}

export interface KeySourceOptions {
  readonly log: Log;
  /** Resolves host names. Default: the resolver of the system. */
  readonly lookup?: Lookup;
  /** For each document fetched from an issuer, in milliseconds. Default 5000. */
  readonly fetchTimeoutMs?: number;
}

interface CachedKeys {
  readonly keys: JwksCache;
  close(): Promise<void>;
}

/** Key caches by issuer. Verifiers with the same pool share a cache if the keys come from the same place. */
export type KeyPool = Pool<Issuer, CachedKeys>;

/** Connections are opened when the first token needs them. */
export function createKeyPool({
  log,
  lookup = systemLookup,
  fetchTimeoutMs = 5000,
}: KeySourceOptions): KeyPool {
  return createPool(
    (issuer) => {
      const fetcher = new JsonFetcher({ ...issuer, lookup, timeoutMs: fetchTimeoutMs });
      return {
        keys: new JwksCache(issuer.name, () => fetchKeys(issuer, fetcher), log),
        close: () => fetcher.close(),
      };
    },
    ({ name, url, jwksUri, jwksHosts, addressPolicy, ca, tokenFile }) =>
      JSON.stringify([name, url, jwksUri, jwksHosts, addressPolicy, ca, tokenFile]),
  );
}

export function createKeySource(issuer: Issuer, pool: KeyPool): KeySource {
  const { resource, release } = pool(issuer);
  return { issuer, keys: resource.keys, close: release };
}
