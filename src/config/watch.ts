// Reports when the content of files has changed and is stable again. It watches folders rather than files, because editors
// and Kubernetes replace a file, or a symbolic link above it. It also polls, because not every file system sends events.
import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, realpathSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

export interface WatchOptions {
  /** Milliseconds for which a change must be stable, so that a partly written file is not read. Default 200. */
  readonly settleMs?: number;
  /** Milliseconds between polls. Default 10000. */
  readonly pollIntervalMs?: number;
}

/** Content hashes by file. */
type Fingerprint = ReadonlyMap<string, string>;

/** Watches files until `close`. It does not keep the process alive. */
export class FileWatcher {
  readonly #onChange: () => void;
  readonly #settleMs: number;
  readonly #poll: NodeJS.Timeout;
  /** By folder. */
  readonly #watchers = new Map<string, FSWatcher>();
  /** The content that `onChange` was last called for. */
  #reported: Fingerprint = new Map();
  /** The content at the last check. */
  #observed = this.#reported;
  #pendingCheck: NodeJS.Timeout | undefined;

  /** `onChange` is called once for each new content, not when a file is touched or linked to the same content. */
  constructor(onChange: () => void, { settleMs = 200, pollIntervalMs = 10_000 }: WatchOptions = {}) {
    this.#onChange = onChange;
    this.#settleMs = settleMs;
    this.#poll = setInterval(() => {
      if (!this.#pendingCheck) this.#check();
    }, pollIntervalMs).unref();
  }

  /** Calls `read` and from then on watches the files that it read. Changes during `read` are reported too. */
  track<T extends { readonly files: readonly string[] }>(read: () => T): T {
    const before = fingerprint(this.#reported.keys());
    const result = read();
    this.#reported = new Map(result.files.map((file) => [file, before.get(file) ?? contentHash(file)]));
    this.#watchFolders();
    return result;
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#pendingCheck);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #check(): void {
    this.#pendingCheck = undefined;
    const current = fingerprint(this.#reported.keys());
    if (isDeepStrictEqual(current, this.#reported)) return;
    if (isDeepStrictEqual(current, this.#observed)) {
      this.#reported = current;
      this.#watchFolders();
      this.#onChange();
    } else {
      this.#observed = current;
      this.#scheduleCheck();
    }
  }

  /** Further events do not postpone the check: an audit log in the same folder may cause them all the time. */
  #scheduleCheck(): void {
    this.#pendingCheck ??= setTimeout(() => this.#check(), this.#settleMs).unref();
  }

  #watchFolders(): void {
    const folders = new Set([...this.#reported.keys()].flatMap(foldersOf));
    for (const folder of this.#watchers.keys()) if (!folders.has(folder)) this.#unwatch(folder);
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#scheduleCheck());
      this.#watchers.set(
        folder,
        watcher.on('error', () => this.#unwatch(folder)),
      );
    } catch {
      // The folder does not exist, or the limit of watches is reached: polling must suffice.
    }
  }

  #unwatch(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}

/** The folder of the path, and the folder that its symbolic links lead to. */
function foldersOf(file: string): readonly string[] {
  try {
    return [dirname(file), dirname(realpathSync(file))];
  } catch {
    return [dirname(file)];
  }
}

const fingerprint = (files: Iterable<string>): Fingerprint =>
  new Map([...files].map((file) => [file, contentHash(file)]));

/** A hash of the content, or the error code if the file cannot be read. */
function contentHash(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}
