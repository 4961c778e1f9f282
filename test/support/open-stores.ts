// Stores as the broker opens them, closed when the test ends, with a log that tests can wait for.
import { EventEmitter, once } from 'node:events';
import type { Test } from 'tap';
import type { LimitsConfig } from '../../src/config/schema/limits.js';
import type { StoreConfig } from '../../src/config/schema/store.js';
import type { Log } from '../../src/core/ports.js';
import { openStores as openConfiguredStores, type Stores } from '../../src/runtime/open-stores.js';

export interface OpenStores extends Stores {
  /** Resolves at the next log line with this message for claims or limits. */
  logged(message: string, use?: 'claims' | 'limits'): Promise<void>;
}

export const LOST = 'Redis is unavailable';
export const BACK = 'Redis is available again';

interface Options {
  readonly limits?: LimitsConfig;
  readonly now?: () => Date;
}

/** The Redis store remembers from one minute after its start, so with this clock from now. */
export const aMinuteAgo = () => new Date(Date.now() - 60_000);

export async function openStores(t: Test, store: StoreConfig, options: Options = {}): Promise<OpenStores> {
  const { limits, now = aMinuteAgo } = options;
  const lines = new EventEmitter();
  const record: Log['info'] = ({ use }, message) => lines.emit(`${use}: ${message}`);
  const log = { debug: record, info: record, warn: record, error: record };
  const stores = await openConfiguredStores({ store, ...(limits && { limits }) }, { now, log });
  t.teardown(() => stores.close());
  return {
    ...stores,
    logged: async (message, use = 'claims') => {
      await once(lines, `${use}: ${message}`);
    },
  };
}
