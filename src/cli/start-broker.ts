// Starts a broker from a config file and reloads it when the file changes. Used by every command that runs a broker.
import { loadConfig } from '../config/load.js';
import { FileWatcher } from '../config/watch.js';
import type { LocatedConfigError } from '../core/config-error.js';
import type { Log } from '../core/ports.js';
import { type Broker, type BrokerResult, createBroker } from '../server.js';
import { sortByLocation } from './output/errors.js';

export type StartedBroker =
  | { readonly ok: true; readonly broker: Broker; readonly url: string }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] };

/**
 * Returns the errors of loading and of building together. Rejects if the broker cannot listen. `env`: variables for
 * `${env:NAME}` in the config.
 */
export async function startBroker(file: string, log: Log, env: NodeJS.ProcessEnv): Promise<StartedBroker> {
  let creating: Promise<BrokerResult> | undefined;
  const watch = new FileWatcher(async () => {
    // A change during startup is applied after startup.
    const created = await creating?.catch(() => undefined);
    if (created?.ok) await created.broker.reload();
  });
  const load = () => watch.track(() => loadConfig(file, env));
  try {
    const { ok, loaded, errors } = load();
    creating = loaded && createBroker(loaded, log, load);
    const created = await creating;
    if (ok && created?.ok) {
      const broker = closeWatchToo(created.broker, watch);
      return { ok, broker, url: await listen(broker) };
    }
    watch.close();
    if (created?.ok) await created.broker.close();
    const buildErrors = created?.ok === false ? created.errors : [];
    return { ok: false, errors: sortByLocation([...errors, ...buildErrors]) };
  } catch (error) {
    watch.close();
    throw error;
  }
}

const closeWatchToo = (broker: Broker, watch: FileWatcher): Broker => ({
  ...broker,
  close: async () => {
    watch.close();
    await broker.close();
  },
});

/** Closes the broker if it cannot listen. */
async function listen(broker: Broker): Promise<string> {
  try {
    return await broker.listen();
  } catch (error) {
    await broker.close();
    throw error;
  }
}
