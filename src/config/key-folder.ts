// The folder with the broker's own signing keys. `current.pem` signs; `next.pem` and `previous.pem` are only published,
// before and after a rotation. File names are fixed, so that the folder can be a mounted Secret and can be watched.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigError } from '../core/config-error.js';

/** Uses of a key, in the order of publication. */
export const KEY_USES = ['current', 'next', 'previous'] as const;
export type KeyUse = (typeof KEY_USES)[number];

export const keyFilePath = (folder: string, use: KeyUse): string => join(folder, `${use}.pem`);

/** Paths of all key files, whether they exist or not. */
export const keyFilePaths = (folder: string): readonly string[] =>
  KEY_USES.map((use) => keyFilePath(folder, use));

/** A public key as in a JWK Set (RFC 7517 section 4, RFC 7518 section 6.3.1). */
export interface PublicJwk {
  readonly kty: 'RSA';
  /** JWK thumbprint (RFC 7638). It does not depend on the file name, so it survives a rotation. */
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

export interface SigningKeys {
  readonly signing: { readonly kid: string; readonly privateKey: KeyObject };
  /** The signing key first, without duplicates. */
  readonly published: readonly PublicJwk[];
}

const MIN_RSA_BITS = 2048;

const REQUIRED_FORMAT = 'an RSA key of at least 2048 bits, in PEM without a passphrase';

/** Reads and validates the keys. Errors name the files, never their content. */
export async function readSigningKeys(
  folder: string,
): Promise<{ ok: true; keys: SigningKeys } | { ok: false; errors: readonly ConfigError[] }> {
  const errors: ConfigError[] = [];
  const report = (message: string) => {
    errors.push({ path: ['webIdentity', 'keys'], message });
    return undefined;
  };
  const published: PublicJwk[] = [];
  let signing: SigningKeys['signing'] | undefined;
  for (const use of KEY_USES) {
    const file = keyFilePath(folder, use);
    const pem = await readKey(file, use !== 'current').catch((error: NodeJS.ErrnoException) =>
      report(
        `Cannot read file ${file} (${error.code ?? 'unknown error'}). Create it with "sallyport issuer generate", or check the path and the permissions.`,
      ),
    );
    if (pem === undefined) continue;
    const jwk = parsePublicJwk(pem) ?? report(`File ${file} must contain ${REQUIRED_FORMAT}.`);
    if (jwk && !published.some(({ kid }) => kid === jwk.kid)) published.push(jwk);
    if (!jwk || use !== 'current') continue;
    const privateKey =
      parsePrivateKey(pem) ?? report(`File ${file} contains no private key, which is required for signing.`);
    if (privateKey) signing = { kid: jwk.kid, privateKey };
  }
  return signing && errors.length === 0 ? { ok: true, keys: { signing, published } } : { ok: false, errors };
}

/** The content of a file; undefined for an optional file that does not exist. */
async function readKey(file: string, optional: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The public part of a private or public key in PEM; undefined unless it is an RSA key of at least 2048 bits. */
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

/** Undefined if the PEM text has no private key or needs a passphrase. */
export function parsePrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
