// From a config file to a listening broker that follows the file, for every command that runs one.

import { loadConfig } from '../config/load.js';
import { FileWatcher } from '../config/watch.js';
import type { LocatedConfigError } from '../core/config-error.js';
import type { Log } from '../core/ports.js';
import { type Broker, type BrokerResult, createBroker } from '../server.js';

export type Started =
  | { readonly ok: true; readonly broker: Broker; readonly url: string }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] };

/** Faults of the file and of building the broker come together. Rejects if the port cannot be had. */
export async function startBroker(file: string, log: Log): Promise<Started> {
  let composing: Promise<BrokerResult> | undefined;
  const watch = new FileWatcher(async () => {
    // A change while the broker is being built waits for it.
    const composed = await composing?.catch(() => undefined);
    if (composed?.ok) await composed.broker.reload();
  });
  const load = () => watch.track(() => loadConfig(file, process.env));
  try {
    const { ok, loaded, errors } = load();
    composing = loaded && createBroker(loaded, log, load);
    const composed = await composing;
    if (ok && composed?.ok) {
      const broker = alsoClosing(composed.broker, watch);
      return { ok, broker, url: await listen(broker) };
    }
    watch.close();
    if (composed?.ok) await composed.broker.close();
    const later = composed?.ok === false ? composed.errors : [];
    return { ok: false, errors: inOrder([...errors, ...later]) };
  } catch (error) {
    watch.close();
    throw error;
  }
}

const alsoClosing = (broker: Broker, watch: FileWatcher): Broker => ({
  ...broker,
  close: async () => {
    watch.close();
    await broker.close();
  },
});

async function listen(broker: Broker): Promise<string> {
  try {
    return await broker.listen();
  } catch (error) {
    await broker.close();
    throw error;
  }
}

const inOrder = (faults: readonly LocatedConfigError[]) =>
  [...faults].sort((a, b) => a.line - b.line || a.column - b.column);
