// Opens the sinks of the config. A file that cannot be opened is a config error.
import type { Config } from '../../config/schema/config.js';
import type { ConfigError } from '../../core/config-error.js';
import { type LineSink, openFileSink, streamSink } from './line-sink.js';

export type OpenSinks =
  | { readonly ok: true; readonly sinks: readonly LineSink[] }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

const STDOUT = { type: 'stdout' } as const;

/** Opens all sinks or none. Default: stdout. */
export async function openSinks(audit: Config['audit']): Promise<OpenSinks> {
  const errors: ConfigError[] = [];
  const sinks: LineSink[] = [];
  for (const [index, sink] of (audit?.sinks ?? [STDOUT]).entries()) {
    try {
      sinks.push(sink.type === 'file' ? await openFileSink(sink.path) : streamSink(process.stdout));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      const message = `The file cannot be written (${code}). Check that its folder exists, and its permissions.`;
      errors.push({ path: ['audit', 'sinks', index, 'path'], message });
    }
  }
  if (errors.length === 0) return { ok: true, sinks };
  for (const sink of sinks) await sink.close();
  return { ok: false, errors };
}

/** The files of the audit log, for reading it back. */
export function auditFiles({ audit }: Pick<Config, 'audit'>): readonly string[] {
  return (audit?.sinks ?? []).flatMap((sink) => (sink.type === 'file' ? [sink.path] : []));
}
