// A text file that may be a link: read whole, and replaced whole, with its mode and owner kept.
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

/** `''` if there is none. Rejects if it is not UTF-8, which could not be written back as it was. */
export async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes))
    throw new Error(`${path} is not UTF-8 text. Convert it, then try again.`);
  return text;
}

/** Replaces `before`; a link's target, not the link. A new file is its owner's alone. Rejects if it has changed since. */
export async function replaceText(path: string, before: string, after: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const isThere = await lstat(path).catch(() => undefined);
  // Rejects for a link that leads nowhere.
  const target = isThere ? await realpath(path) : path;
  const stats = isThere && (await stat(target));
  if (stats && !stats.isFile()) throw new Error(`${path} is not a file. Name another in AWS_CONFIG_FILE.`);
  const draft = `${target}.${randomUUID()}`;
  try {
    await writeFile(draft, after, { mode: 0o600, flag: 'wx' });
    if (stats) {
      await chown(draft, stats.uid, stats.gid);
      // After the owner, and by itself: the umask takes from the mode of a new file.
      await chmod(draft, stats.mode & 0o7777);
    }
    if ((await readText(path)) !== before)
      throw new Error(`${path} has just been changed. Run the command again.`);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
