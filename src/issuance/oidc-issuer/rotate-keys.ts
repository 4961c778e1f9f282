// Rotation of the signing keys in a folder (config/key-folder.ts). A key is published before it signs, and for some time
// after it has signed; then only its public half is kept. Files are written atomically, readable by their owner only.
import { createPublicKey, generateKeyPair } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import {
  KEY_USES,
  type KeyUse,
  keyFilePath,
  parsePrivateKey,
  parsePublicJwk,
} from '../../config/key-folder.js';
import { MAX_TOKEN_LIFETIME } from '../../config/schema/web-identity.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import { toIsoSeconds } from '../../core/time.js';

/** Seconds. AWS does not document for how long it caches a JWK Set; a day is assumed. */
const PUBLISHED_BEFORE = 86_400;

/** Seconds: the maximum lifetime of a token, and an hour until the last broker has the new key. */
const PUBLISHED_AFTER = MAX_TOKEN_LIFETIME + 3600;

const RSA_BITS = 2048;

export interface KeyState {
  readonly use: KeyUse;
  readonly kid: string;
  /** When the file was written. next.pem is published since then at the earliest; previous.pem no longer signs since then. */
  readonly since: Date;
}

export interface RotationOptions {
  readonly now: Date;
  /** Skips the waiting times: the old key has leaked. */
  readonly immediately?: boolean;
}

/** The keys of the folder in the order in which they are published. @throws Error for a file that is not an RSA key. */
export async function listKeys(folder: string): Promise<readonly KeyState[]> {
  const states = await Promise.all(KEY_USES.map((use) => readKeyState(folder, use)));
  return states.filter((state) => state !== undefined);
}

/** When `rotateKeys` and `retireKey` are possible at the earliest. Absent: there is no such key. */
export function rotationTimes(states: readonly KeyState[]): {
  readonly rotate?: Date;
  readonly retire?: Date;
} {
  const after = (use: KeyUse, seconds: number) => {
    const state = states.find((each) => each.use === use);
    return state && new Date(state.since.getTime() + seconds * 1000);
  };
  return omitUndefined({
    rotate: after('next', PUBLISHED_BEFORE),
    retire: after('previous', PUBLISHED_AFTER),
  });
}

/** The first key of a folder signs. A second one is only published until `rotateKeys`. */
export async function generateKey(folder: string, { now }: Pick<RotationOptions, 'now'>): Promise<void> {
  const states = await listKeys(folder);
  const has = (use: KeyUse) => states.some((state) => state.use === use);
  if (has('next')) throw new Error('There is a next key already. Make it sign with sallyport issuer rotate.');
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeKey(folder, has('current') ? 'next' : 'current', pem, now);
}

/** Makes `next` the current key, and `current` the previous one. The folder is valid at every moment. */
export async function rotateKeys(
  folder: string,
  { now, immediately = false }: RotationOptions,
): Promise<void> {
  const states = await listKeys(folder);
  const { rotate, retire } = rotationTimes(states);
  if (!rotate) throw new Error('There is no next key. Publish one first with sallyport issuer generate.');
  if (!immediately) {
    assertDue(rotate, now, 'AWS may not know the next key yet');
    if (retire)
      throw new Error('There is still a previous key. Remove it first with sallyport issuer retire.');
  }
  if (!parsePrivateKey(await readFile(keyFilePath(folder, 'next'), 'utf8')))
    throw new Error('next.pem cannot sign, because it holds only a public key. Replace it.');
  const pem = await readFile(keyFilePath(folder, 'current'), 'utf8');
  const publicHalf = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
  await writeKey(folder, 'previous', publicHalf, now);
  await rename(keyFilePath(folder, 'next'), keyFilePath(folder, 'current'));
}

/** Stops publishing `previous`. AWS refuses tokens that it signed once it has fetched the keys again. */
export async function retireKey(
  folder: string,
  { now, immediately = false }: RotationOptions,
): Promise<void> {
  const { retire } = rotationTimes(await listKeys(folder));
  if (!retire) throw new Error('There is no previous key to retire.');
  if (!immediately) assertDue(retire, now, 'Tokens that it signed may still be valid');
  await rm(keyFilePath(folder, 'previous'));
}

function assertDue(due: Date, now: Date, why: string): void {
  if (now >= due) return;
  throw new Error(`${why}. Wait until ${toIsoSeconds(due)}, or force it with --now if a key has leaked.`);
}

async function readKeyState(folder: string, use: KeyUse): Promise<KeyState | undefined> {
  const file = keyFilePath(folder, use);
  try {
    const [pem, { mtime }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    const jwk = parsePublicJwk(pem);
    if (!jwk) throw new Error(`The file ${file} holds no RSA key of 2048 bits or more in PEM format.`);
    return { use, kid: jwk.kid, since: mtime };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeKey(folder: string, use: KeyUse, pem: string, now: Date): Promise<void> {
  const file = keyFilePath(folder, use);
  const draft = `${file}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, pem, { mode: 0o600, flag: 'wx' });
  await chmod(draft, 0o600);
  await utimes(draft, now, now);
  await rename(draft, file);
}
