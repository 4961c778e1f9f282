// A file that only its owner may read, put in place whole: whoever reads it finds the old text or the new one.
import { rename, rm, writeFile } from 'node:fs/promises';

/** The folder must be there, and may be everyone's. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  // Under a name of its own first: a mode applies only to a file that is created.
  const draft = `${file}.${process.pid}`;
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
}
