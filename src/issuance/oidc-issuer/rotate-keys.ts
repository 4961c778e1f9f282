// Changes in the folder of signing keys, one step at a time: a key is published before it signs, and for some time after
// it has signed. Files appear whole or not at all, for their owner alone; a key that no longer signs keeps its public
// half only.
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
import { toIsoSeconds } from '../../core/time.js';

/** Seconds. AWS does not say how long it keeps a key set before it fetches it anew: a day is assumed. */
const PUBLISHED_BEFORE = 86_400;

/** Seconds. The longest life of a token, and an hour in which the last broker learns of the new key. */
const PUBLISHED_AFTER = MAX_TOKEN_LIFETIME + 3600;

const RSA_BITS = 2048;

export interface KeyState {
  readonly use: KeyUse;
  readonly kid: string;
  /** When the file was written: next.pem is published since then at the earliest, previous.pem signs no longer since then. */
  readonly since: Date;
}

export interface Step {
  readonly now: Date;
  /** Do not wait: the old key is known to others. */
  readonly atOnce?: boolean;
}

/** The keys there are, by the order in which they are published. Rejects for a file that is no such key. */
export async function keyStates(folder: string): Promise<readonly KeyState[]> {
  const states = await Promise.all(KEY_USES.map((use) => stateOf(folder, use)));
  return states.filter((state) => state !== undefined);
}

/** When `rotateKeys` may be, and when `retireKey` may be, if they may be at all. */
export function dueTimes(states: readonly KeyState[]): { readonly rotate?: Date; readonly retire?: Date } {
  const after = (use: KeyUse, seconds: number) => {
    const state = states.find((each) => each.use === use);
    return state && new Date(state.since.getTime() + seconds * 1000);
  };
  const rotate = after('next', PUBLISHED_BEFORE);
  const retire = after('previous', PUBLISHED_AFTER);
  return { ...(rotate && { rotate }), ...(retire && { retire }) };
}

/** The first key of a folder signs; a second one is only published until `rotateKeys`. */
export async function generateKey(folder: string, { now }: Pick<Step, 'now'>): Promise<void> {
  const states = await keyStates(folder);
  const has = (use: KeyUse) => states.some((state) => state.use === use);
  if (has('next')) throw new Error('There is a next key already. Let it sign with sallyport issuer rotate.');
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await put(folder, has('current') ? 'next' : 'current', pem, now);
}

/** `next` signs from now on, and `current` becomes `previous`. A broker that reads in between finds a sound folder. */
export async function rotateKeys(folder: string, { now, atOnce = false }: Step): Promise<void> {
  const states = await keyStates(folder);
  const { rotate, retire } = dueTimes(states);
  if (!rotate) throw new Error('There is no next key. Publish one first with sallyport issuer generate.');
  if (!atOnce) {
    await refuseBefore(rotate, now, 'AWS may not know the next key yet');
    if (retire)
      throw new Error('There still is a previous key. Remove it first with sallyport issuer retire.');
  }
  if (!parsePrivateKey(await readFile(keyFilePath(folder, 'next'), 'utf8')))
    throw new Error('The next key cannot sign: there is only its public half. Replace next.pem.');
  const pem = await readFile(keyFilePath(folder, 'current'), 'utf8');
  const publicHalf = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
  await put(folder, 'previous', publicHalf, now);
  await rename(keyFilePath(folder, 'next'), keyFilePath(folder, 'current'));
}

/** `previous` is published no longer: tokens that it signed are refused once AWS has fetched the keys anew. */
export async function retireKey(folder: string, { now, atOnce = false }: Step): Promise<void> {
  const { retire } = dueTimes(await keyStates(folder));
  if (!retire) throw new Error('There is no previous key to retire.');
  if (!atOnce) await refuseBefore(retire, now, 'Tokens that it signed may still be good');
  await rm(keyFilePath(folder, 'previous'));
}

async function refuseBefore(due: Date, now: Date, why: string): Promise<void> {
  if (now >= due) return;
  throw new Error(`${why}. Wait until ${toIsoSeconds(due)}, or force it with --now if a key has leaked.`);
}

async function stateOf(folder: string, use: KeyUse): Promise<KeyState | undefined> {
  const file = keyFilePath(folder, use);
  try {
    const [pem, { mtime }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    const jwk = parsePublicJwk(pem);
    if (!jwk) throw new Error(`The file ${file} holds no RSA key of 2048 bits or more in PEM.`);
    return { use, kid: jwk.kid, since: mtime };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function put(folder: string, use: KeyUse, pem: string, now: Date): Promise<void> {
  const file = keyFilePath(folder, use);
  const draft = `${file}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, pem, { mode: 0o600, flag: 'wx' });
  await chmod(draft, 0o600);
  await utimes(draft, now, now);
  await rename(draft, file);
}
