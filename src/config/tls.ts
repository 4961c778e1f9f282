// The server certificate and key: read from their files and parsed, so that a mistake is reported as a config error.
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { ConfigError } from '../core/config-error.js';

/** PEM text, or the paths of PEM files. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

/** Reads the files of `server.tls`. Errors name the files, never their content. */
export async function readTls(
  files: TlsMaterial,
): Promise<{ ok: true; tls: TlsMaterial } | { ok: false; errors: readonly ConfigError[] }> {
  const errors: ConfigError[] = [];
  const read = async (name: keyof TlsMaterial) => {
    try {
      return await readFile(files[name], 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      const message = `Cannot read file ${files[name]} (${code}). Check the path and the permissions.`;
      errors.push({ path: ['server', 'tls', name], message });
      return '';
    }
  };
  const tls = { cert: await read('cert'), key: await read('key') };
  if (errors.length > 0) return { ok: false, errors };
  try {
    createSecureContext(tls);
    return { ok: true, tls };
  } catch {
    const message =
      'Certificate and key are invalid or do not match. Set cert to a PEM certificate with its chain, and key to its private key in PEM without a passphrase.';
    return { ok: false, errors: [{ path: ['server', 'tls'], message }] };
  }
}
