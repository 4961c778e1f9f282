// Fetches JSON documents of an issuer: the TLS certificate is verified, redirects are not followed, the IP address is
// checked when connecting, and time and size are limited.
import { promises as dns } from 'node:dns';
import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import { Agent, errors, request } from 'undici';
import { JsonError, parseJson } from '../../core/json.js';
import type { ReasonSuffix } from '../../core/reasons.js';
import type { ClaimValue } from '../../core/types.js';
import { type AddressPolicy, ipAddressOf, isAddressAllowed } from './address-policy.js';

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

/** Resolves a host name to all its addresses. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

export interface JsonFetcherOptions {
  readonly addressPolicy: AddressPolicy;
  readonly ca?: string;
  /** File with a bearer token to send. It is read for each fetch because it may be rotated. */
  readonly tokenFile?: string;
  readonly lookup: Lookup;
  /** From the lookup to the last byte, in milliseconds. */
  readonly timeoutMs: number;
}

const MAX_BYTES = 512 * 1024;

export const systemLookup: Lookup = async (hostname) => {
  const found = await dns.lookup(hostname, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};

/** Fetches the documents of one issuer. Holds a small connection pool until closed. */
export class JsonFetcher {
  readonly #options: JsonFetcherOptions;
  readonly #agent: Agent;

  constructor(options: JsonFetcherOptions) {
    const { addressPolicy, lookup, timeoutMs, ca } = options;
    this.#options = options;
    this.#agent = new Agent({
      connections: 2,
      maxResponseSize: MAX_BYTES,
      headersTimeout: 0, // `timeoutMs` covers the whole request.
      bodyTimeout: 0,
      connect: {
        lookup: lookupAllowed(lookup, addressPolicy),
        timeout: timeoutMs,
        rejectUnauthorized: true, // NODE_TLS_REJECT_UNAUTHORIZED=0 must not turn it off.
        minVersion: 'TLSv1.2',
        ...(ca !== undefined && { ca }),
      },
    });
  }

  /** @throws KeyFetchError and no other error. */
  async fetch(url: string): Promise<ClaimValue> {
    try {
      return await withTimeout(this.#options.timeoutMs, timedOut, (signal) => this.#get(url, signal));
    } catch (error) {
      throw toKeyFetchError(error);
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #get(url: string, signal: AbortSignal): Promise<ClaimValue> {
    const { addressPolicy, tokenFile } = this.#options;
    checkLiteralAddress(url, addressPolicy); // An IP address in the URL is connected to without a lookup.
    const { statusCode, body } = await request(url, {
      dispatcher: this.#agent,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...(await authorizationHeader(tokenFile)),
      },
      signal,
    });
    if (statusCode === 200) return parseJson(await body.text());
    body.on('error', () => undefined).destroy();
    throw new KeyFetchError(statusCode >= 300 && statusCode < 400 ? 'fetch.redirect' : 'fetch.status');
  }
}

const timedOut = () => new KeyFetchError('fetch.timeout');

function checkLiteralAddress(url: string, policy: AddressPolicy): void {
  const address = ipAddressOf(url);
  if (address !== undefined && !isAddressAllowed(address, policy))
    throw new KeyFetchError('fetch.address_refused');
}

/** A host name is refused if any of its addresses is: its other answers cannot be trusted either. */
function lookupAllowed(lookup: Lookup, policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) return callback(new KeyFetchError('fetch.lookup'), '');
        if (!addresses.every((address) => isAddressAllowed(address, policy))) {
          return callback(new KeyFetchError('fetch.address_refused'), '');
        }
        const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        return options.all ? callback(null, all) : callback(null, first, first.includes(':') ? 6 : 4);
      },
      (cause) => callback(new KeyFetchError('fetch.lookup', cause), ''),
    );
  };
}

async function authorizationHeader(file: string | undefined): Promise<Record<string, string>> {
  return file === undefined ? {} : { authorization: `Bearer ${(await readFile(file, 'utf8')).trim()}` };
}

function toKeyFetchError(error: unknown): KeyFetchError {
  if (error instanceof KeyFetchError) return error;
  if (error instanceof JsonError) return new KeyFetchError('fetch.json', error);
  if (error instanceof errors.ResponseExceededMaxSizeError)
    return new KeyFetchError('fetch.too_large', error);
  return new KeyFetchError('fetch.connection', error);
}
