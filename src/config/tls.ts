// The certificate the server shows: read from its files and tried, so that a mistake is a fault of the config.
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { ConfigError } from '../core/config-error.js';

/** PEM texts. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

/** Reads the files of `server.tls`; faults are about their paths, never about what is in them. */
export async function readTls(
  files: TlsMaterial,
): Promise<{ ok: true; tls: TlsMaterial } | { ok: false; errors: readonly ConfigError[] }> {
  const faults: ConfigError[] = [];
  const read = async (name: keyof TlsMaterial) => {
    try {
      return await readFile(files[name], 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      const message = `The file ${files[name]} cannot be read (${code}). Check the path and its permissions.`;
      faults.push({ path: ['server', 'tls', name], message });
      return '';
    }
  };
  const tls = { cert: await read('cert'), key: await read('key') };
  if (faults.length > 0) return { ok: false, errors: faults };
  try {
    createSecureContext(tls);
    return { ok: true, tls };
  } catch {
    const message =
      'Certificate and key do not work together. cert must be a PEM certificate with its chain, key its private key in PEM without a passphrase.';
    return { ok: false, errors: [{ path: ['server', 'tls'], message }] };
  }
}
