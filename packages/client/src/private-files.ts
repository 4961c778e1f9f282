// Files and folders that only their owner can use. Files with other permissions are not read.
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';

const MAX_BYTES = 64 * 1024;

/** Creates the folder if it does not exist. Rejects if it is a link, has another owner, or is open to others. */
export async function openPrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const stats = await lstat(path);
  if (!stats.isDirectory() || !isPrivate(stats))
    throw new Error(`${path} must be a folder that only you can access. Delete it, or run chmod 700 on it.`);
}

/** Returns undefined if the file does not exist, is a link, has another owner, is open to others, or is too large. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(() => undefined);
  if (!file) return undefined;
  try {
    const stats = await file.stat();
    const isAccepted = stats.isFile() && isPrivate(stats) && stats.size <= MAX_BYTES;
    return isAccepted ? await file.readFile('utf8') : undefined;
  } finally {
    await file.close();
  }
}

/**
 * Writes a file with mode 0600 atomically: a reader sees the old text or the new text. The folder must exist and may be
 * shared. If it rejects, it leaves no temporary file.
 */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  // A new file, because the mode applies at creation only. Its name is random: processes in two containers can have the
  // same process ID.
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Always true on Windows, which has no such owners and modes. The user's profile folder protects files there. */
function isPrivate({ uid, mode }: Stats): boolean {
  const self = process.getuid?.();
  return self === undefined || (uid === self && (mode & 0o077) === 0);
}
