// An issuer together with the store of its keys and the connections they are fetched over.
import type { Log } from '../../core/ports.js';
import { fetchKeys } from './discovery.js';
import { createJsonFetcher, type Lookup } from './fetch-json.js';
import type { Issuer } from './issuer.js';
import { KeyStore } from './key-store.js';

export interface Source {
  readonly issuer: Issuer;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

export interface SourceOptions {
  readonly lookup: Lookup;
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Opens nothing yet: the first token does. */
export function createSource(issuer: Issuer, { lookup, timeoutMs, log }: SourceOptions): Source {
  const fetcher = createJsonFetcher({ ...issuer, lookup, timeoutMs });
  return {
    issuer,
    keys: new KeyStore(issuer.name, () => fetchKeys(issuer, fetcher), log),
    close: () => fetcher.close(),
  };
}
