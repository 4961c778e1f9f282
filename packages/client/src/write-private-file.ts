// A file that only its owner may read, put in place whole: whoever reads it finds the old text or the new one.
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/** The folder must be there, and may be everyone's. Where it rejects, nothing of the text is left. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  // Under a name of its own first: a mode applies only to a file that is created. Processes of two containers may have
  // the same id, so it is not of that.
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
