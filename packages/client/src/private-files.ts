// A folder that nobody but its owner may use, and files in it of the same kind. What is not so is not read.
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open } from 'node:fs/promises';

const MAX_BYTES = 64 * 1024;

/** Makes the folder where there is none. Rejects if it is a link, somebody else's, or open to others. */
export async function openPrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const stats = await lstat(path);
  if (!stats.isDirectory() || !isPrivate(stats))
    throw new Error(
      `${path} must be a folder of yours that only you can use. Remove it, or run chmod 700 on it.`,
    );
}

/** The text; undefined if there is no such file, or it is a link, somebody else's, open to others, or too large. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(() => undefined);
  if (!file) return undefined;
  try {
    const stats = await file.stat();
    const isGood = stats.isFile() && isPrivate(stats) && stats.size <= MAX_BYTES;
    return isGood ? await file.readFile('utf8') : undefined;
  } finally {
    await file.close();
  }
}

/** Windows has neither such owners nor such modes: there the user's profile keeps others out. */
function isPrivate({ uid, mode }: Stats): boolean {
  const self = process.getuid?.();
  return self === undefined || (uid === self && (mode & 0o077) === 0);
}
