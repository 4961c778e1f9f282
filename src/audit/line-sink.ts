// Where audit lines go. A write resolves only when the line is durable: on disk, or taken by the reader of stdout.
import { open } from 'node:fs/promises';

export interface LineSink {
  /** Writes whole lines. Rejects if any of them may be lost. */
  write(lines: string): Promise<void>;
  close(): Promise<void>;
}

/** Appends to a file (created 0600) and syncs it to disk. */
export async function openFileSink(path: string): Promise<LineSink> {
  const file = await open(path, 'a', 0o600);
  return {
    write: async (lines) => {
      await file.appendFile(lines);
      await file.datasync();
    },
    close: () => file.close(),
  };
}

/** Takes over the stream's errors: each reaches the write it befell. */
export function streamSink(stream: NodeJS.WritableStream): LineSink {
  stream.on('error', () => {});
  return {
    write: (lines) =>
      new Promise((resolve, reject) => {
        stream.write(lines, (error) => (error ? reject(error) : resolve()));
      }),
    close: async () => {},
  };
}
