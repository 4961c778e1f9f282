// A lock that processes share, by a file. Its holder touches it all the time; one whose holder is gone is taken over.
// In the rarest race two may hold it: it spares work, and must not be what safety rests on.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds. */
const BEAT = 1000;
const ABANDONED = 10_000;
const POLL = 50;

/**
 * What `look` finds; else what the work yields, done while holding the lock. Whoever has to wait goes on looking: most
 * likely the holder is doing the same work. Rejects as `look` and `work` do.
 */
export async function withFileLock<T>(
  file: string,
  look: () => Promise<T | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const mine = `${hostname()} ${process.pid} ${randomUUID()}`;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (await acquire(file, mine)) break;
    await clearAbandoned(file);
    await pause(POLL);
  }
  const beat = setInterval(() => void touch(file), BEAT);
  try {
    // The last holder may have just done it.
    return (await look()) ?? (await work());
  } finally {
    clearInterval(beat);
    if ((await textOf(file)) === mine) await rm(file, { force: true });
  }
}

/** False: another holds it. Where no lock can be made at all, nobody can be kept out. */
async function acquire(file: string, mine: string): Promise<boolean> {
  try {
    await writeFile(file, mine, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => {});
}

async function clearAbandoned(file: string): Promise<void> {
  const found = await textOf(file);
  if (found === undefined || !(await isAbandoned(file, found))) return;
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    // Another may have been faster, and this is its lock: it goes back.
    if ((await textOf(aside)) !== found) await link(aside, file);
  } catch {
    // Somebody else has cleared it, or has taken the lock already.
  } finally {
    await rm(aside, { force: true });
  }
}

async function isAbandoned(file: string, text: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (!found) return false;
  const [host, pid] = text.split(' ');
  const isGone = host === hostname() && pid !== undefined && !isRunning(Number(pid));
  return isGone || Math.abs(Date.now() - found.mtimeMs) > ABANDONED;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const textOf = (file: string) => readFile(file, 'utf8').catch(() => undefined);
