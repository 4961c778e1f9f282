// Where audit lines go. A write resolves when the lines are durable: synced to disk, or accepted by the reader of stdout.
import { open, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';

export interface LineSink {
  /** Writes whole lines. Rejects if any of them may be lost. */
  write(lines: string): Promise<void>;
  close(): Promise<void>;
}

/** Appends to a file (created with mode 0600) and syncs it to disk. It is reopened after log rotation. */
export async function openFileSink(path: string): Promise<LineSink> {
  const openFile = () => open(path, 'a', 0o600);
  let file = await openFile();
  const isRotated = async () => {
    const [opened, current] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
    return opened.ino !== current?.ino || opened.dev !== current.dev;
  };
  return {
    write: async (lines) => {
      if (await isRotated()) {
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

/** Bytes that may be buffered for a reader that has stopped. Beyond that, writes fail immediately. */
const MAX_BUFFERED = 1024 * 1024;

/** Handles the error events of the stream: each failed write rejects with its error. */
export function streamSink(stream: Writable): LineSink {
  stream.on('error', () => {});
  return {
    write: (lines) =>
      new Promise((resolve, reject) => {
        if (stream.writableLength > MAX_BUFFERED) reject(new Error('the reader of the stream has stopped'));
        else stream.write(lines, (error) => (error ? reject(error) : resolve()));
      }),
    close: async () => {},
  };
}
