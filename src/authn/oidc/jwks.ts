// Parses a JWK Set (RFC 7517 section 5). Keys that must not verify a signature are left out.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { isJsonObject } from '../../core/json.js';
import type { ClaimValue } from '../../core/types.js';
import { KeyFetchError } from './fetch-json.js';

/** A public key that may verify signatures. */
export interface VerificationKey {
  /** RFC 7638 thumbprint and `alg`. It stays the same however the issuer writes the key. */
  readonly thumbprint: string;
  readonly kid?: string;
  /** The only algorithm of the key, if the JWK names one. */
  readonly alg?: string;
  readonly key: KeyObject;
}

const MAX_KEYS = 100;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const MAX_RSA_EXPONENT = 2n ** 32n;

/** The type of key for each algorithm: RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1. */
const KEY_TYPES: readonly [algorithm: RegExp, type: string, curve?: string][] = [
  [/^(?:RS|PS)(?:256|384|512)$/, 'rsa'],
  [/^ES256$/, 'ec', 'prime256v1'],
  [/^ES384$/, 'ec', 'secp384r1'],
  [/^ES512$/, 'ec', 'secp521r1'],
  [/^EdDSA$/, 'ed25519'],
];

/**
 * The usable keys of a JWK Set. Left out are symmetric and private keys, keys that are not for signatures, RSA keys that
 * are too weak or too costly, and keys that cannot be parsed.
 * @throws KeyFetchError if no key is usable.
 */
export async function parseJwks(set: ClaimValue): Promise<readonly VerificationKey[]> {
  const keys = isJsonObject(set) ? set['keys'] : undefined;
  if (!Array.isArray(keys)) throw new KeyFetchError('jwks.malformed');
  if (keys.length > MAX_KEYS) throw new KeyFetchError('jwks.too_many_keys');
  const read = await Promise.all(keys.map((jwk: ClaimValue) => readKey(jwk)));
  const usable = read.filter((key) => key !== undefined);
  if (usable.length === 0) throw new KeyFetchError('jwks.no_usable_key');
  return usable;
}

/** The keys that may have signed a token with this header. Without a `kid`, exactly one key must fit the algorithm. */
export function selectKeys(
  keys: readonly VerificationKey[],
  { alg, kid }: { alg: string; kid?: string },
): readonly VerificationKey[] {
  const fitting = keys.filter((key) => fits(key, alg));
  if (kid !== undefined) return fitting.filter((key) => key.kid === kid);
  return fitting.length === 1 ? fitting : [];
}

function fits(key: VerificationKey, alg: string): boolean {
  if (key.alg !== undefined && key.alg !== alg) return false;
  const { asymmetricKeyType, asymmetricKeyDetails } = key.key;
  return KEY_TYPES.some(
    ([algorithm, type, curve]) =>
      algorithm.test(alg) && type === asymmetricKeyType && curve === asymmetricKeyDetails?.namedCurve,
  );
}

async function readKey(jwk: ClaimValue): Promise<VerificationKey | undefined> {
  if (!isJsonObject(jwk) || 'd' in jwk || !isForSignatures(jwk)) return undefined;
  const { kid, alg } = jwk;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  if (alg !== undefined && typeof alg !== 'string') return undefined;
  const key = publicKey(jwk);
  if (key === undefined) return undefined;
  return {
    thumbprint: `${await calculateJwkThumbprint(key)} ${alg ?? ''}`,
    ...(kid !== undefined && { kid }),
    ...(alg !== undefined && { alg }),
    key,
  };
}

/** RFC 7517 sections 4.2 and 4.3. */
function isForSignatures({ use, key_ops: operations }: { readonly [name: string]: ClaimValue }): boolean {
  if (use !== undefined && use !== 'sig') return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

function publicKey(jwk: { readonly [name: string]: ClaimValue }): KeyObject | undefined {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
  if (key.asymmetricKeyType !== 'rsa') return key;
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isSizeAllowed = bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
  return isSizeAllowed && exponent >= 3n && exponent % 2n === 1n && exponent < MAX_RSA_EXPONENT
    ? key
    : undefined;
}
