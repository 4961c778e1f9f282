// An issuer together with the store of its keys and the connections they are fetched over.

import type { Log } from '../../core/ports.js';
import { createPool, type Pool } from '../../core/shared-resource.js';
import { fetchKeys } from './discovery.js';
import { createJsonFetcher, type Lookup, systemLookup } from './fetch-json.js';
import type { Issuer } from './issuer.js';
import { KeyStore } from './key-store.js';

export interface Source {
  readonly issuer: Issuer;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

export interface SourceOptions {
  readonly log: Log;
  /** How host names are resolved. Default: as the system does. */
  readonly lookup?: Lookup;
  /** For each document fetched from an issuer, in milliseconds. Default 5000. */
  readonly fetchTimeoutMs?: number;
}

interface FetchedKeys {
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** Keys by issuer: verifiers with one pool share what was fetched, as long as where keys come from is the same. */
export type KeyPool = Pool<Issuer, FetchedKeys>;

/** Opens nothing yet: the first token does. */
export function createKeyPool({ log, lookup = systemLookup, fetchTimeoutMs = 5000 }: SourceOptions): KeyPool {
  return createPool(
    (issuer) => {
      const fetcher = createJsonFetcher({ ...issuer, lookup, timeoutMs: fetchTimeoutMs });
      return {
        keys: new KeyStore(issuer.name, () => fetchKeys(issuer, fetcher), log),
        close: () => fetcher.close(),
      };
    },
    ({ name, url, jwksUri, jwksHosts, reach, ca, tokenFile }) =>
      JSON.stringify([name, url, jwksUri, jwksHosts, reach, ca, tokenFile]),
  );
}

export function createSource(issuer: Issuer, pool: KeyPool): Source {
  const { resource, release } = pool(issuer);
  return { issuer, keys: resource.keys, close: release };
}
