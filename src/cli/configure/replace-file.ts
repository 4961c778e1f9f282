// Reads and atomically replaces a text file that can be a symbolic link. Mode and owner are preserved.
import { randomUUID } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname } from 'node:path';

/** Returns '' if the file does not exist. Rejects if it is not UTF-8, because it could not be written back unchanged. */
export async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) throw new Error(`${path} is not UTF-8. Convert it, then try again.`);
  return text;
}

/**
 * Replaces the text `before` by `after`. Follows links. A new file gets mode 0600. Rejects if the file has changed since
 * it was read.
 */
export async function replaceText(path: string, before: string, after: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const exists = await lstat(path).catch(() => undefined);
  // Rejects for a dangling link.
  const target = exists ? await realpath(path) : path;
  const stats = exists && (await stat(target));
  if (stats && !stats.isFile())
    throw new Error(`${path} is not a regular file. Set AWS_CONFIG_FILE to another file.`);
  const temporary = `${target}.${randomUUID()}`;
  try {
    await writeFile(temporary, after, { mode: 0o600, flag: 'wx' });
    if (stats) {
      await chown(temporary, stats.uid, stats.gid);
      // After chown, which can clear bits; separate from writeFile, whose mode is subject to the umask.
      await chmod(temporary, stats.mode & 0o7777);
    }
    if ((await readText(path)) !== before)
      throw new Error(`${path} has been changed by another program. Run the command again.`);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
