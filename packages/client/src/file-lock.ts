// A lock between processes, held as a file. The holder touches the file once a second; a lock whose holder has ended is
// taken over. In a rare race two processes hold it: use it to save work, not for safety.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. */
const HEARTBEAT_MS = 1000;
const ABANDONED_AFTER_MS = 10_000;
const POLL_MS = 50;

/**
 * Returns what `lookUp` finds. Otherwise it acquires the lock and returns the result of `work`. While it waits for the
 * lock, it calls `lookUp` repeatedly, because the holder probably does the same work. Rejects as `lookUp` and `work` do.
 */
export async function withFileLock<T>(
  file: string,
  lookUp: () => Promise<T | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const owner = `${hostname()} ${process.pid} ${randomUUID()}`;
  for (;;) {
    const found = await lookUp();
    if (found !== undefined) return found;
    if (await acquire(file, owner)) break;
    await removeIfAbandoned(file);
    await sleep(POLL_MS);
  }
  const heartbeat = setInterval(() => void touch(file), HEARTBEAT_MS);
  try {
    // The previous holder may have finished between the last lookup and the acquisition.
    return (await lookUp()) ?? (await work());
  } finally {
    clearInterval(heartbeat);
    if ((await readText(file)) === owner) await rm(file, { force: true });
  }
}

/** Returns false if another process holds the lock. If the lock file cannot be created, the caller proceeds without a lock. */
async function acquire(file: string, owner: string): Promise<boolean> {
  try {
    await writeFile(file, owner, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => {});
}

async function removeIfAbandoned(file: string): Promise<void> {
  const owner = await readText(file);
  if (owner === undefined || !(await isAbandoned(file, owner))) return;
  const moved = `${file}.${randomUUID()}`;
  try {
    await rename(file, moved);
    // Another process replaced the lock in the meantime: put its lock back.
    if ((await readText(moved)) !== owner) await link(moved, file);
  } catch {
    // Another process has removed or replaced the lock.
  } finally {
    await rm(moved, { force: true });
  }
}

async function isAbandoned(file: string, owner: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  if (!stats) return false;
  const [host, pid] = owner.split(' ');
  const hasEnded = host === hostname() && pid !== undefined && !isRunning(Number(pid));
  return hasEnded || Math.abs(Date.now() - stats.mtimeMs) > ABANDONED_AFTER_MS;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const readText = (file: string) => readFile(file, 'utf8').catch(() => undefined);
