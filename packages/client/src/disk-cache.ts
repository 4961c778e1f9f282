// Credentials kept on disk between the runs of a command, so that many runs, one after the other or at once, are one
// request. They are never given to another caller, and never when they have ended.
import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CachedCredentials,
  type CachedFailure,
  type CacheEntry,
  isFresh,
  isUsable,
  parseEntry,
  serializeEntry,
} from './cached-credentials.js';
import { BrokerRefusal } from './call-broker.js';
import { withFileLock } from './file-lock.js';
import { openPrivateFolder, readPrivateFile } from './private-files.js';
import type { BrokerCredentials } from './request-credentials.js';
import { writePrivateFile } from './write-private-file.js';

/** Milliseconds that the broker gets while there is something left to serve. */
const SHORT_PATIENCE = 5000;
/** Milliseconds: longer than any credentials of STS live. */
const LITTER = 2 * 86_400_000;

export interface CachedRequest {
  readonly folder: string;
  /** Everything that shapes the answer: broker, caller, what is asked for. */
  readonly key: readonly unknown[];
  /** Asks the broker. `timeout`: milliseconds, where there is a reason to wait less than usual. */
  readonly request: (timeout?: number) => Promise<BrokerCredentials>;
  /** Says what was got round. */
  readonly report: (sentence: string) => void;
  readonly now: () => Date;
}

/**
 * What is kept, if it is fresh; else what the broker gives now, to this process or to another that asks for the same.
 * While the broker is away, what is left of the old. Rejects with an Error that says why there is nothing.
 */
export async function cachedCredentials(cached: CachedRequest): Promise<BrokerCredentials> {
  const { folder, key, request, report, now } = cached;
  try {
    await openPrivateFolder(folder);
  } catch (error) {
    report(`Nothing is cached: ${error instanceof Error ? error.message : 'the folder cannot be used.'}`);
    return request();
  }
  const path = join(folder, createHash('sha256').update(JSON.stringify(key)).digest('hex'));
  const began = now();
  const read = async () => parseEntry(await readPrivateFile(`${path}.json`));
  const write = async (entry: CacheEntry) => {
    try {
      await writePrivateFile(`${path}.json`, serializeEntry(entry));
      await sweep(folder, began);
    } catch {
      report(`Nothing is cached: ${folder} cannot be written.`);
    }
  };

  /** What an entry answers this run with, if it does. */
  const look = async () => {
    const { kept, failure } = await read();
    if (kept && isFresh(kept, now())) return kept.given;
    // One of a time to come is of a clock that was wrong.
    const isOfThisRun = failure && failure.at >= began && failure.at <= now();
    return isOfThisRun ? afterFailure(failure, kept, cached).given : undefined;
  };
  const renew = async () => {
    const { kept } = await read();
    const since = now();
    const left = kept && isUsable(kept, since) ? kept : undefined;
    try {
      const given = await request(left && SHORT_PATIENCE);
      await write({ kept: { given, since } });
      return given;
    } catch (error) {
      const failure = failureOf(error, now());
      await write({ ...(left && { kept: left }), failure });
      return afterFailure(failure, left, cached).given;
    }
  };
  return withFileLock(`${path}.lock`, look, renew);
}

/** The old credentials, unless the broker itself has said no or they have ended. */
function afterFailure(
  { message, refused }: CachedFailure,
  kept: CachedCredentials | undefined,
  { report, now }: Pick<CachedRequest, 'report' | 'now'>,
): CachedCredentials {
  if (refused || !kept || !isUsable(kept, now())) throw new Error(message);
  report(
    `${message} The credentials of before are good until ${kept.given.credentials.expiration.toISOString()}.`,
  );
  return kept;
}

function failureOf(error: unknown, at: Date): CachedFailure {
  const message = error instanceof Error ? error.message : 'No credentials could be had.';
  const refused = error instanceof BrokerRefusal && error.status < 500 && error.status !== 429;
  return { message, refused, at };
}

/** Entries that nobody has asked for in days. */
async function sweep(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (/^[0-9a-f]{64}\./.test(name) && found && now.getTime() - found.mtimeMs > LITTER)
      await rm(file, { force: true });
  }
}
