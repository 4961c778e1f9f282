// Reads metadata from the file or https URL in the config. Nothing in a proof chooses the source.
import { readFile } from 'node:fs/promises';
import { isLoopback } from '@sallyport/client/internal/secure-url';
import { Agent, request } from 'undici';
import { MetadataError } from './parse-metadata.js';

const MAX_BYTES = 1024 * 1024;
/** Milliseconds. */
const FETCH_TIMEOUT = 10_000;
/** Statuses below 500 that may be temporary, for example of an IdP that is being set up or of a busy proxy. */
const TEMPORARY_STATUSES = new Set([404, 408, 425, 429]);

/** Whether the source is a URL. Otherwise it is the path of a file. */
export const isUrl = (source: string): boolean => /^https?:\/\//.test(source);

/** The source is temporarily unavailable. A later attempt may succeed. */
export class MetadataUnavailableError extends Error {
  override readonly name = 'MetadataUnavailableError';
}

/**
 * Reads at most 1 MiB, in at most 10 s. Redirects are not followed.
 * @throws MetadataError if the operator must correct something, MetadataUnavailableError if the network or server is down.
 */
export async function readMetadataSource(source: string): Promise<string> {
  const bytes = isUrl(source) ? await fetchBytes(new URL(source)) : await readBytes(source);
  if (bytes.length > MAX_BYTES)
    throw new MetadataError('It is larger than 1 MiB. Save the metadata of one IdP.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new MetadataError('It is not UTF-8 text.');
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new MetadataError(`The file cannot be read (${code}). Check the path and its permissions.`, {
      cause,
    });
  }
}

async function fetchBytes(url: URL): Promise<Uint8Array> {
  if (url.protocol !== 'https:' && !isLoopback(url.hostname)) {
    throw new MetadataError(
      'The URL must begin with https://, because anyone on the path could replace the keys.',
    );
  }
  const agent = new Agent({
    // NODE_TLS_REJECT_UNAUTHORIZED=0 must not turn it off: the server provides the keys to trust.
    connect: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
  });
  try {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      headers: { 'accept-encoding': 'identity' },
      signal: AbortSignal.timeout(FETCH_TIMEOUT),
    });
    if (statusCode === 200) return await readAtMost(body, MAX_BYTES + 1);
    if (statusCode >= 500 || TEMPORARY_STATUSES.has(statusCode)) throw new Error(`status ${statusCode}`);
    throw new MetadataError(
      `The URL answered ${statusCode}. Write the URL that answers 200 with the metadata itself.`,
    );
  } catch (cause) {
    if (cause instanceof MetadataError) throw cause;
    throw new MetadataUnavailableError('The metadata URL cannot be reached.', { cause });
  } finally {
    await agent.destroy();
  }
}

async function readAtMost(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limit) break;
  }
  return Buffer.concat(chunks);
}
