// The snapshot in use, and its replacement: the new one is built whole, then swapped in one step. A config with faults
// changes nothing but what is told of it. The old snapshot is closed when all that ran at the swap has ended.
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/schema/config.js';
import type { LocatedConfigError } from '../core/config-error.js';
import type { Log } from '../core/ports.js';
import type { OwnedRuntime } from './runtime.js';

/** What the operator is told; counts and names of settings only. */
export interface ConfigStatus {
  /** 1 since the start, one more with each config that was taken. */
  readonly epoch: number;
  readonly loadedAt: Date;
  readonly lastReload: 'ok' | 'failed';
  /** Of the config that was read last. */
  readonly faults: number;
  readonly shadowFaults: number;
  /** Settings that were changed, but wait for a restart. */
  readonly restartNeeded: readonly string[];
}

type Rebuilt =
  | { readonly ok: true; readonly snapshot: OwnedRuntime }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] };

export interface ReloadOptions {
  readonly first: OwnedRuntime;
  build(previous: OwnedRuntime): Promise<Rebuilt>;
  /** Told of each snapshot before it is taken; the first has no previous one. */
  onActivated(snapshot: OwnedRuntime, epoch: number, previous?: OwnedRuntime): void;
  onReloaded(outcome: 'ok' | 'failed'): void;
  readonly log: Log;
  now(): Date;
}

export interface ConfigManager {
  /** The one in use now. Whoever takes it keeps it to the end. */
  snapshot(): OwnedRuntime;
  /** Runs a task; snapshots it takes stay open until it has ended. */
  hold<T>(task: () => Promise<T>): Promise<T>;
  /** Resolves when a config read after this call is in use or has been refused. Never rejects. */
  reload(): Promise<void>;
  status(): ConfigStatus;
  close(): Promise<void>;
}

/** Settings of things made once: the socket, and what must remember across configs. */
const FIXED: readonly { readonly name: string; of(config: Config): unknown }[] = [
  { name: 'server.url', of: ({ server }) => server.url },
  { name: 'server.listen', of: ({ server }) => server.listen },
  { name: 'server.tls', of: ({ server }) => server.tls !== undefined },
  { name: 'server.trustProxy', of: ({ server }) => server.trustProxy },
  { name: 'server.cookieKey', of: ({ server }) => server.cookieKey },
  { name: 'audit', of: ({ audit }) => audit },
  { name: 'store', of: ({ store }) => store },
  { name: 'limits', of: ({ limits }) => limits },
  { name: 'cache', of: ({ cache }) => cache },
];

const MAX_LOGGED = 20;

export function createConfigManager({
  first,
  build,
  onActivated,
  onReloaded,
  log,
  now,
}: ReloadOptions): ConfigManager {
  const running = new Set<Promise<unknown>>();
  const closing = new Set<Promise<void>>();
  let current = first;
  onActivated(first, 1);
  let status = take(first, 1);
  let reloading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function take(snapshot: OwnedRuntime, epoch: number): ConfigStatus {
    current = snapshot;
    const { shadowFaults } = snapshot;
    const restartNeeded = FIXED.filter(
      ({ of }) => !isDeepStrictEqual(of(first.config), of(snapshot.config)),
    ).map(({ name }) => name);
    logFaults(shadowFaults, 'the shadow config has faults and is not asked');
    if (restartNeeded.length > 0) log.warn({ restartNeeded }, 'these settings change with a restart only');
    return {
      epoch,
      loadedAt: now(),
      lastReload: 'ok',
      faults: 0,
      shadowFaults: shadowFaults.length,
      restartNeeded,
    };
  }

  function logFaults(faults: readonly LocatedConfigError[], message: string): void {
    for (const { path, message: why, ...place } of faults.slice(0, MAX_LOGGED))
      log.error({ ...place, path: path.join('.'), why }, 'fault in a config');
    if (faults.length > 0) log.error({ faults: faults.length }, message);
  }

  async function attempt(): Promise<void> {
    const old = current;
    try {
      const built = await build(old);
      if (built.ok) {
        const epoch = status.epoch + 1;
        onActivated(built.snapshot, epoch, old);
        status = take(built.snapshot, epoch);
        retire(old);
        log.info({ epoch }, 'the new config is in use');
      } else {
        status = { ...status, lastReload: 'failed', faults: built.errors.length };
        logFaults(built.errors, 'the new config has faults; the old one stays in use');
      }
    } catch (error) {
      status = { ...status, lastReload: 'failed', faults: 0 };
      log.error({ err: error }, 'the config could not be reloaded; the old one stays in use');
    }
    onReloaded(status.lastReload);
  }

  function retire(old: OwnedRuntime): void {
    const closed = Promise.allSettled(running)
      .then(() => old.close())
      .catch((error: unknown) => log.warn({ err: error }, 'an old config was not closed cleanly'))
      .finally(() => closing.delete(closed));
    closing.add(closed);
  }

  function reload(): Promise<void> {
    if (reloading) {
      next ??= reloading.then(() => {
        next = undefined;
        return reload();
      });
      return next;
    }
    reloading = attempt().finally(() => {
      reloading = undefined;
    });
    return reloading;
  }

  return {
    snapshot: () => current,
    hold: async (task) => {
      const run = task();
      running.add(run);
      try {
        return await run;
      } finally {
        running.delete(run);
      }
    },
    reload,
    status: () => status,
    close: async () => {
      await next;
      await reloading;
      await Promise.all(closing);
      await current.close();
    },
  };
}
