// The sinks of the config, opened; one that cannot be is a fault of the config.
import type { Config } from '../../config/schema/config.js';
import type { ConfigError } from '../../core/config-error.js';
import { type LineSink, openFileSink, streamSink } from './line-sink.js';

export type OpenSinks =
  | { readonly ok: true; readonly sinks: readonly LineSink[] }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

const STDOUT = { type: 'stdout' } as const;

/** Opens all or none. Default: stdout. */
export async function openSinks(audit: Config['audit']): Promise<OpenSinks> {
  const faults: ConfigError[] = [];
  const sinks: LineSink[] = [];
  for (const [index, sink] of (audit?.sinks ?? [STDOUT]).entries()) {
    try {
      sinks.push(sink.type === 'file' ? await openFileSink(sink.path) : streamSink(process.stdout));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      const message = `The file cannot be written (${code}). Check that its folder is there, and its permissions.`;
      faults.push({ path: ['audit', 'sinks', index, 'path'], message });
    }
  }
  if (faults.length === 0) return { ok: true, sinks };
  for (const sink of sinks) await sink.close();
  return { ok: false, errors: faults };
}
