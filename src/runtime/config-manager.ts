// Holds the runtime of the config in use and replaces it on reload. A reload builds the whole new runtime first, then
// swaps it in one step; a config with errors keeps the old runtime in use. The old runtime is closed when all requests
// that were running at the swap have ended.
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/schema/config.js';
import type { LocatedConfigError } from '../core/config-error.js';
import type { Log } from '../core/ports.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Runtime, RuntimeResult } from './runtime.js';

/** The state of the config for operators: counts and names of settings, no values. */
export interface ConfigStatus {
  /** 1 at start, plus one with each activated config. */
  readonly epoch: number;
  readonly loadedAt: Date;
  readonly lastReload: 'ok' | 'failed';
  /** Number of errors in the config that was read last. */
  readonly faults: number;
  readonly shadowFaults: number;
  /** Changed settings that take effect at the next restart. */
  readonly restartNeeded: readonly string[];
}

export interface ConfigManagerOptions {
  readonly initial: Runtime;
  /** Reads the config and builds its runtime, which is to replace `previous`. */
  rebuild(previous: Runtime): Promise<RuntimeResult>;
  readonly metrics: Pick<Metrics, 'setConfigEpoch' | 'countConfigReload' | 'setShadowErrors'>;
  readonly log: Log;
  now(): Date;
}

/** Called before the next runtime replaces the previous one. If it throws, the reload fails. */
type BeforeSwap = (next: Runtime, previous: Runtime) => void;

/** Settings that apply only at start: the listener, and components that keep their state across configs. */
const RESTART_ONLY: readonly { readonly name: string; of(config: Config): unknown }[] = [
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

export class ConfigManager {
  readonly #options: ConfigManagerOptions;
  readonly #beforeSwap: BeforeSwap[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #closing = new Set<Promise<void>>();
  #current: Runtime;
  #status: ConfigStatus;
  #reloading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: ConfigManagerOptions) {
    this.#options = options;
    this.#current = options.initial;
    this.#reportActivation(options.initial, 1);
    this.#status = this.#activated(options.initial, 1);
  }

  /** The runtime in use. Requests take it with `withRuntime` instead. */
  get current(): Runtime {
    return this.#current;
  }

  get status(): ConfigStatus {
    return this.#status;
  }

  /** Runs a task with the runtime in use. The runtime stays open until the task has ended. */
  async withRuntime<T>(task: (runtime: Runtime) => Promise<T>): Promise<T> {
    const run = task(this.#current);
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  beforeSwap(listener: BeforeSwap): void {
    this.#beforeSwap.push(listener);
  }

  /** Resolves when a config read after this call is in use or has been rejected. Never rejects. */
  reload(): Promise<void> {
    if (this.#reloading) {
      this.#next ??= this.#reloading.then(() => {
        this.#next = undefined;
        return this.reload();
      });
      return this.#next;
    }
    this.#reloading = this.#reloadNow().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async close(): Promise<void> {
    await this.#next;
    await this.#reloading;
    await Promise.all(this.#closing);
    await this.#current.close();
  }

  async #reloadNow(): Promise<void> {
    const { rebuild, metrics, log } = this.#options;
    const previous = this.#current;
    try {
      const built = await rebuild(previous);
      if (built.ok) {
        const epoch = this.#status.epoch + 1;
        for (const listener of this.#beforeSwap) listener(built.runtime, previous);
        this.#reportActivation(built.runtime, epoch);
        this.#current = built.runtime;
        this.#status = this.#activated(built.runtime, epoch);
        this.#retire(previous);
        log.info({ epoch }, 'the new config is in use');
      } else {
        this.#status = { ...this.#status, lastReload: 'failed', faults: built.errors.length };
        this.#logErrors(built.errors, 'the new config has errors; the old one stays in use');
      }
    } catch (error) {
      this.#status = { ...this.#status, lastReload: 'failed', faults: 0 };
      log.error({ err: error }, 'the config could not be reloaded; the old one stays in use');
    }
    metrics.countConfigReload(this.#status.lastReload);
  }

  #reportActivation({ shadowErrors }: Runtime, epoch: number): void {
    this.#options.metrics.setConfigEpoch(epoch);
    this.#options.metrics.setShadowErrors(shadowErrors.length);
  }

  #activated({ config, shadowErrors }: Runtime, epoch: number): ConfigStatus {
    const { initial, log, now } = this.#options;
    const restartNeeded = RESTART_ONLY.filter(
      ({ of }) => !isDeepStrictEqual(of(initial.config), of(config)),
    ).map(({ name }) => name);
    this.#logErrors(shadowErrors, 'the shadow config has errors and is not evaluated');
    if (restartNeeded.length > 0)
      log.warn({ restartNeeded }, 'changed settings take effect at the next restart');
    return {
      epoch,
      loadedAt: now(),
      lastReload: 'ok',
      faults: 0,
      shadowFaults: shadowErrors.length,
      restartNeeded,
    };
  }

  #logErrors(errors: readonly LocatedConfigError[], summary: string): void {
    const { log } = this.#options;
    for (const { path, message: why, ...place } of errors.slice(0, MAX_LOGGED))
      log.error({ ...place, path: path.join('.'), why }, 'config error');
    if (errors.length > 0) log.error({ faults: errors.length }, summary);
  }

  #retire(old: Runtime): void {
    const closed = Promise.allSettled(this.#running)
      .then(() => old.close())
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error }, 'an old config was not closed cleanly'),
      )
      .finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
