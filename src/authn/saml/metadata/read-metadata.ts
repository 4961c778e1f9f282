// Where metadata comes from: a file, or an https URL of the config. Nothing in a proof chooses either.
import { readFile } from 'node:fs/promises';
import { isLoopback } from '@sallyport/client/internal/secure-url';
import { Agent, request } from 'undici';
import { MetadataError } from './parse-metadata.js';

const MAX_BYTES = 1024 * 1024;
const FETCH_LIMIT = 10_000;
/** Answers of a server, or of what stands before it, that may be another one soon: an IdP that is being set up, a busy proxy. */
const PASSING = new Set([404, 408, 425, 429]);

/** Else it is a file. */
export const isUrl = (source: string): boolean => /^https?:\/\//.test(source);

/** The source cannot be reached just now; trying again later may help. */
export class MetadataUnavailableError extends Error {
  override readonly name = 'SourceUnavailable';
}

/**
 * Reads at most 1 MiB, in at most 10 s. Redirects are not followed.
 * @throws MetadataFault for what only the operator can mend, SourceUnavailable for a network or server that is down.
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
      'The URL must begin with https://; keys would come over a line anyone can alter.',
    );
  }
  const agent = new Agent({
    // NODE_TLS_REJECT_UNAUTHORIZED=0 has no say here: whoever answers names the keys to trust.
    connect: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
  });
  try {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      headers: { 'accept-encoding': 'identity' },
      signal: AbortSignal.timeout(FETCH_LIMIT),
    });
    if (statusCode === 200) return await readAtMost(body, MAX_BYTES + 1);
    if (statusCode >= 500 || PASSING.has(statusCode)) throw new Error(`status ${statusCode}`);
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
