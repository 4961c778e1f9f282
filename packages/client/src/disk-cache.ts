// Caches credentials on disk between runs of a command, so that many runs, sequential or concurrent, make one request.
// An entry is never returned to another caller, and never after it has expired.
import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CachedCredentials,
  type CachedError,
  type CacheEntry,
  isFresh,
  isUsable,
  parseEntry,
  serializeEntry,
} from './cache-entry.js';
import { BrokerRefusal } from './call-broker.js';
import { withFileLock } from './file-lock.js';
import { openPrivateFolder, readPrivateFile, writePrivateFile } from './private-files.js';
import type { BrokerCredentials } from './request-credentials.js';
import type { Proof } from './types.js';

/** Milliseconds to wait for the broker while usable credentials are cached. */
const REFRESH_TIMEOUT_MS = 5000;
/** Milliseconds. Longer than the lifetime of any STS credentials. */
const MAX_ENTRY_AGE_MS = 2 * 86_400_000;

export interface CachedRequest {
  readonly folder: string;
  /** Everything that determines the response: broker, caller, parameters. */
  readonly key: readonly unknown[];
  /** Calls the broker. `timeout`: milliseconds, if shorter than the default. */
  readonly request: (timeout?: number) => Promise<BrokerCredentials>;
  /** Reports a problem that the cache works around. */
  readonly report: (message: string) => void;
  readonly now: () => Date;
}

/**
 * Returns cached credentials while they are fresh. Otherwise it calls the broker, once for all processes that wait for
 * the same entry. While the broker is unavailable, unexpired cached credentials are returned. Rejects with an Error if
 * there are none.
 */
export async function getCachedCredentials(options: CachedRequest): Promise<BrokerCredentials> {
  const { folder, key, request, report, now } = options;
  try {
    await openPrivateFolder(folder);
  } catch (error) {
    report(
      `Credentials are not cached: ${error instanceof Error ? error.message : 'the folder is not usable.'}`,
    );
    return request();
  }
  const path = join(folder, createHash('sha256').update(JSON.stringify(key)).digest('hex'));
  const startedAt = now();
  const read = async () => parseEntry(await readPrivateFile(`${path}.json`));
  const write = async (entry: CacheEntry) => {
    try {
      await writePrivateFile(`${path}.json`, serializeEntry(entry));
      await deleteOldEntries(folder, startedAt);
    } catch {
      report(`Credentials are not cached: ${folder} is not writable.`);
    }
  };

  /** Returns what the entry holds for this run, or undefined if the broker must be called. */
  const lookUp = async () => {
    const { cached, error } = await read();
    if (cached && isFresh(cached, now())) return cached.value;
    // Another process failed while this one waited. An error in the future was written with a wrong clock.
    const isOfThisRun = error && error.at >= startedAt && error.at <= now();
    return isOfThisRun ? fallback(error, cached, options).value : undefined;
  };
  const refresh = async () => {
    const { cached } = await read();
    const requestedAt = now();
    const usable = cached && isUsable(cached, requestedAt) ? cached : undefined;
    try {
      const value = await request(usable && REFRESH_TIMEOUT_MS);
      await write({ cached: { value, requestedAt } });
      return value;
    } catch (thrown) {
      const error = toCachedError(thrown, now());
      await write({ ...(usable && { cached: usable }), error });
      return fallback(error, usable, options).value;
    }
  };
  return withFileLock(`${path}.lock`, lookUp, refresh);
}

/** Returns the cached credentials after an error. Throws if the broker denied the request or they have expired. */
function fallback(
  { message, denied }: CachedError,
  cached: CachedCredentials | undefined,
  { report, now }: Pick<CachedRequest, 'report' | 'now'>,
): CachedCredentials {
  if (denied || !cached || !isUsable(cached, now())) throw new Error(message);
  const expiration = cached.value.credentials.expiration.toISOString();
  report(`${message} Using cached credentials, which expire at ${expiration}.`);
  return cached;
}

function toCachedError(error: unknown, at: Date): CachedError {
  const message = error instanceof Error ? error.message : 'The credentials could not be fetched.';
  const denied = error instanceof BrokerRefusal && error.status < 500 && error.status !== 429;
  return { message, denied, at };
}

async function deleteOldEntries(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const stats = await stat(file).catch(() => undefined);
    if (/^[0-9a-f]{64}\./.test(name) && stats && now.getTime() - stats.mtimeMs > MAX_ENTRY_AGE_MS)
      await rm(file, { force: true });
  }
}

/** Claims that differ between tokens of one subject: RFC 7519 section 4.1, OpenID Connect Core sections 2 and 3.3.2.11. */
const TOKEN_CLAIMS = new Set(['exp', 'nbf', 'iat', 'jti', 'nonce', 'at_hash', 'c_hash', 'auth_time']);

/**
 * Identifies the caller in a cache key. JWTs of the same subject with the same claims have the same key. A SAML
 * response, or a token that cannot be decoded, is identified by its hash. Nothing is verified: the key separates the
 * callers on one machine and grants nothing.
 */
export function proofCacheKey({ type, value }: Proof): string {
  const text = value.reveal();
  const claims = type === 'oidc' ? decodeClaims(text) : undefined;
  const stable = claims && Object.entries(claims).filter(([name]) => !TOKEN_CLAIMS.has(name));
  return stable ? JSON.stringify(stable.sort()) : createHash('sha256').update(text).digest('hex');
}

function decodeClaims(jwt: string): object | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}
