// From a config file to a listening broker, for every command that runs one.
import { type Broker, compose } from '../compose.js';
import { loadConfig } from '../config/load.js';
import type { LocatedFault } from '../core/fault.js';
import type { Log } from '../core/ports.js';

export type Started =
  | { readonly ok: true; readonly broker: Broker; readonly url: string }
  | { readonly ok: false; readonly faults: readonly LocatedFault[] };

/** Faults of the file and of building the broker come together. Rejects if the port cannot be had. */
export async function startBroker(file: string, log: Log): Promise<Started> {
  const { ok, loaded, faults } = loadConfig(file, process.env);
  if (!loaded) return { ok: false, faults };
  const composed = await compose(loaded, log);
  if (!composed.ok) return { ok: false, faults: inOrder([...faults, ...composed.faults]) };
  if (!ok) {
    await composed.broker.close();
    return { ok: false, faults };
  }
  try {
    return { ok: true, broker: composed.broker, url: await composed.broker.listen() };
  } catch (error) {
    await composed.broker.close();
    throw error;
  }
}

const inOrder = (faults: readonly LocatedFault[]) =>
  [...faults].sort((a, b) => a.line - b.line || a.column - b.column);
