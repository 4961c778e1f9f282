// The folder of the broker's own signing keys: `current.pem` signs; `next.pem`, which will, and `previous.pem`, which
// did, are only published. Fixed names, so that the folder can be a mounted Secret and a change of any file is noticed.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigError } from '../core/config-error.js';

/** What a key is used for, by the order in which keys are published. */
export const KEY_USES = ['current', 'next', 'previous'] as const;
export type KeyUse = (typeof KEY_USES)[number];

export const keyFilePath = (folder: string, use: KeyUse): string => join(folder, `${use}.pem`);

/** Paths of all files it may have. */
export const keyFilePaths = (folder: string): readonly string[] =>
  KEY_USES.map((use) => keyFilePath(folder, use));

/** The public half, as a JWK Set has it (RFC 7517 section 4, RFC 7518 section 6.3.1). */
export interface PublicJwk {
  readonly kty: 'RSA';
  /** The key's thumbprint (RFC 7638): the same key has the same one, whatever file it is in. */
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

export interface SigningKeys {
  readonly signing: { readonly kid: string; readonly privateKey: KeyObject };
  /** The signing key first; each once. */
  readonly published: readonly PublicJwk[];
}

const MIN_RSA_BITS = 2048;

const FORM = 'an RSA key of 2048 bits or more, in PEM without a passphrase';

/** Reads and judges the keys. Faults name files, never what is in them. */
export async function readSigningKeys(
  folder: string,
): Promise<{ ok: true; keys: SigningKeys } | { ok: false; errors: readonly ConfigError[] }> {
  const faults: ConfigError[] = [];
  const fault = (message: string) => {
    faults.push({ path: ['webIdentity', 'keys'], message });
    return undefined;
  };
  const published: PublicJwk[] = [];
  let signing: SigningKeys['signing'] | undefined;
  for (const use of KEY_USES) {
    const file = keyFilePath(folder, use);
    const pem = await readKey(file, use !== 'current').catch((error: NodeJS.ErrnoException) =>
      fault(
        `The file ${file} cannot be read (${error.code ?? 'unknown error'}). Make it with sallyport issuer generate, or check path and permissions.`,
      ),
    );
    if (pem === undefined) continue;
    const jwk = parsePublicJwk(pem) ?? fault(`The file ${file} must hold ${FORM}.`);
    if (jwk && !published.some(({ kid }) => kid === jwk.kid)) published.push(jwk);
    if (!jwk || use !== 'current') continue;
    const privateKey =
      parsePrivateKey(pem) ?? fault(`The file ${file} holds no private key, so it cannot sign.`);
    if (privateKey) signing = { kid: jwk.kid, privateKey };
  }
  return signing && faults.length === 0
    ? { ok: true, keys: { signing, published } }
    : { ok: false, errors: faults };
}

/** Undefined for a file that need not be there and is not. */
async function readKey(file: string, optional: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The public half of a private or public key in PEM; undefined if it is none that may sign for the broker. */
export function parsePublicJwk(pem: string): PublicJwk | undefined {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return undefined;
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  const { n, e } = key.asymmetricKeyType === 'rsa' ? key.export({ format: 'jwk' }) : {};
  if (bits < MIN_RSA_BITS || n === undefined || e === undefined) return undefined;
  const kid = createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url');
  return { kty: 'RSA', kid, n, e };
}

/** The private key in PEM; undefined if there is none, or it has a passphrase. */
export function parsePrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
