// Fetches one JSON document of an issuer over a connection that cannot be led astray: certificate checked, no
// redirects, addresses judged when connecting, bounded in time and bytes.
import { promises as dns } from 'node:dns';
import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import { Agent, errors, request } from 'undici';
import { JsonError, parseJson } from '../../core/json.js';
import type { ReasonSuffix } from '../../core/reasons.js';
import type { ClaimValue } from '../../core/types.js';
import { type AddressPolicy, addressIn, isAllowed } from './address-policy.js';

/** Why the keys of an issuer cannot be fetched, e.g. `fetch.redirect`. */
type KeyFetchReason = ReasonSuffix<'oidc'>;

/** The keys of an issuer cannot be fetched. */
export class KeyFetchError extends Error {
  override readonly name = 'KeyFetchError';
  readonly reason: KeyFetchReason;

  constructor(reason: KeyFetchReason, cause?: unknown) {
    super(`The keys of the issuer cannot be fetched: ${reason}.`, cause === undefined ? {} : { cause });
    this.reason = reason;
  }
}

/** All addresses of a host name. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

export interface FetchOptions {
  readonly reach: AddressPolicy;
  readonly ca?: string;
  /** File of a bearer token to send, read for each fetch, since it may be rotated. */
  readonly tokenFile?: string;
  readonly lookup: Lookup;
  /** For everything from lookup to the last byte, in milliseconds. */
  readonly timeoutMs: number;
}

export interface JsonFetcher {
  /** Throws `KeyFetchError`, and nothing else. */
  fetch(url: string): Promise<ClaimValue>;
  close(): Promise<void>;
}

const MAX_BYTES = 512 * 1024;

export const systemLookup: Lookup = async (hostname) => {
  const found = await dns.lookup(hostname, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};

/** A fetcher for one issuer. Holds a small connection pool until closed. */
export function createJsonFetcher(options: FetchOptions): JsonFetcher {
  const { reach, timeoutMs } = options;
  const dispatcher = new Agent({
    connections: 2,
    maxResponseSize: MAX_BYTES,
    headersTimeout: 0, // The deadline below is for all of it.
    bodyTimeout: 0,
    connect: {
      lookup: guardedLookup(options.lookup, reach),
      timeout: timeoutMs,
      rejectUnauthorized: true, // NODE_TLS_REJECT_UNAUTHORIZED=0 has no say here.
      minVersion: 'TLSv1.2',
      ...(options.ca !== undefined && { ca: options.ca }),
    },
  });

  async function load(url: string, signal: AbortSignal): Promise<ClaimValue> {
    guardLiteral(url, reach); // An address in the URL is connected to without a lookup.
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...(await bearer(options.tokenFile)),
      },
      signal,
    });
    if (statusCode === 200) return parseJson(await body.text());
    body.on('error', () => undefined).destroy();
    throw new KeyFetchError(statusCode >= 300 && statusCode < 400 ? 'fetch.redirect' : 'fetch.status');
  }

  return {
    fetch: (url) => withTimeout(timeoutMs, timedOut, (signal) => load(url, signal)).catch(rethrow),
    close: () => dispatcher.destroy(),
  };
}

const timedOut = () => new KeyFetchError('fetch.timeout');

function guardLiteral(url: string, reach: AddressPolicy): void {
  const address = addressIn(url);
  if (address !== undefined && !isAllowed(address, reach)) throw new KeyFetchError('fetch.address_refused');
}

/** One inward address among several refuses the name: whoever answers so is not to be trusted with the rest. */
function guardedLookup(lookup: Lookup, reach: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) return callback(new KeyFetchError('fetch.lookup'), '');
        if (!addresses.every((address) => isAllowed(address, reach))) {
          return callback(new KeyFetchError('fetch.address_refused'), '');
        }
        const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        return options.all ? callback(null, all) : callback(null, first, first.includes(':') ? 6 : 4);
      },
      (cause) => callback(new KeyFetchError('fetch.lookup', cause), ''),
    );
  };
}

async function bearer(file: string | undefined): Promise<Record<string, string>> {
  return file === undefined ? {} : { authorization: `Bearer ${(await readFile(file, 'utf8')).trim()}` };
}

function rethrow(error: unknown): never {
  if (error instanceof KeyFetchError) throw error;
  if (error instanceof JsonError) throw new KeyFetchError('fetch.json', error);
  if (error instanceof errors.ResponseExceededMaxSizeError) throw new KeyFetchError('fetch.too_large', error);
  throw new KeyFetchError('fetch.connection', error);
}
