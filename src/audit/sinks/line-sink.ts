// Where audit lines go. A write resolves only when the line is durable: on disk, or taken by the reader of stdout.
import { open, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';

export interface LineSink {
  /** Writes whole lines. Rejects if any of them may be lost. */
  write(lines: string): Promise<void>;
  close(): Promise<void>;
}

/** Appends to a file (created 0600) and syncs it to disk. A file that was moved away or deleted is begun anew. */
export async function openFileSink(path: string): Promise<LineSink> {
  const openFile = () => open(path, 'a', 0o600);
  let file = await openFile();
  const isInPlace = async () => {
    const [held, there] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
    return held.ino === there?.ino && held.dev === there.dev;
  };
  return {
    write: async (lines) => {
      if (!(await isInPlace())) {
        const old = file;
        file = await openFile();
        await old.close();
      }
      await file.appendFile(lines);
      await file.datasync();
    },
    close: () => file.close(),
  };
}

/** Bytes that may wait for a reader who has stopped; what comes after that is refused at once. */
const MAX_BACKLOG = 1024 * 1024;

/** Takes over the stream's errors: each reaches the write it befell. */
export function streamSink(stream: Writable): LineSink {
  stream.on('error', () => {});
  return {
    write: (lines) =>
      new Promise((resolve, reject) => {
        if (stream.writableLength > MAX_BACKLOG) reject(new Error('nobody reads the stream'));
        else stream.write(lines, (error) => (error ? reject(error) : resolve()));
      }),
    close: async () => {},
  };
}
