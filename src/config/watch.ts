// Tells when the content of files has changed and then stood still. Folders are watched, not files: editors and
// Kubernetes put a new file, or a new symlink above it, in the place of the old. Now and then it looks without being
// told, since not every file system tells.
import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, realpathSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

export interface WatchOptions {
  /** Milliseconds a change must stand still, so that no file is taken half written. Default 200. */
  readonly settleMs?: number;
  /** Milliseconds between looks that nothing asked for. Default 10000. */
  readonly pollIntervalMs?: number;
}

export interface ConfigWatch {
  /** Reads, and follows from then on the files that were read. Whatever changes after it has begun is told. */
  track<T extends { readonly files: readonly string[] }>(read: () => T): T;
  close(): void;
}

/** Content hashes by file. */
type Fingerprint = ReadonlyMap<string, string>;

/** Calls `onChange` once for each new content; a touch, or a new link to the same, is none. Keeps no process alive. */
export function watchFiles(
  onChange: () => void,
  { settleMs: settle = 200, pollIntervalMs: interval = 10_000 }: WatchOptions = {},
): ConfigWatch {
  const watchers = new Map<string, FSWatcher>();
  let known: Fingerprint = new Map();
  let seen = known;
  let timer: NodeJS.Timeout | undefined;

  const look = () => {
    timer = undefined;
    const now = fingerprint(known.keys());
    if (isDeepStrictEqual(now, known)) return;
    if (isDeepStrictEqual(now, seen)) {
      known = now;
      watchFolders();
      onChange();
    } else {
      seen = now;
      lookSoon();
    }
  };
  // Not put off by what goes on in the same folder: an audit log there is written all the time.
  const lookSoon = () => {
    timer ??= setTimeout(look, settle).unref();
  };
  const watchFolders = () => {
    const folders = new Set([...known.keys()].flatMap(foldersOf));
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) if (!watchers.has(folder)) watchFolder(folder);
  };
  const watchFolder = (folder: string) => {
    const forget = () => {
      watchers.get(folder)?.close();
      watchers.delete(folder);
    };
    try {
      const watcher = watch(folder, { persistent: false }, lookSoon).on('error', forget);
      watchers.set(folder, watcher);
    } catch {
      // Not there, or no more watches to be had: the looks in between must do.
    }
  };
  const looking = setInterval(() => {
    if (!timer) look();
  }, interval).unref();

  return {
    track: (read) => {
      const before = fingerprint(known.keys());
      const result = read();
      known = new Map(result.files.map((file) => [file, before.get(file) ?? contentHash(file)]));
      watchFolders();
      return result;
    },
    close: () => {
      clearInterval(looking);
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** Where a file is named, and where its links lead. */
function foldersOf(file: string): readonly string[] {
  try {
    return [dirname(file), dirname(realpathSync(file))];
  } catch {
    return [dirname(file)];
  }
}

const fingerprint = (files: Iterable<string>): Fingerprint =>
  new Map([...files].map((file) => [file, contentHash(file)]));

function contentHash(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}
