// The signature and digest algorithms and the keys that are accepted. SHA-1, HMAC and DSA are not supported.
import { createHash, type KeyObject, verify, type X509Certificate } from 'node:crypto';
import { XENC } from '../xml/namespaces.js';

/** A signing key of an IdP with its certificate. The validity dates of the certificate do not limit the key. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

interface SignatureAlgorithm {
  readonly type: 'rsa' | 'ec';
  readonly hash: string;
}

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const MIN_RSA_BITS = 2048;
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** RFC 9231 sections 2.3.2 to 2.3.6. */
const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [`${MORE}rsa-sha256`, { type: 'rsa', hash: 'sha256' }],
  [`${MORE}rsa-sha384`, { type: 'rsa', hash: 'sha384' }],
  [`${MORE}rsa-sha512`, { type: 'rsa', hash: 'sha512' }],
  [`${MORE}ecdsa-sha256`, { type: 'ec', hash: 'sha256' }],
  [`${MORE}ecdsa-sha384`, { type: 'ec', hash: 'sha384' }],
  [`${MORE}ecdsa-sha512`, { type: 'ec', hash: 'sha512' }],
]);

const DIGESTS: ReadonlyMap<string, string> = new Map([
  [`${XENC}sha256`, 'sha256'],
  [`${MORE}sha384`, 'sha384'],
  [`${XENC}sha512`, 'sha512'],
]);

/** Algorithms that saml2-js supports: neither SHA-384 nor ECDSA. */
const SAML2_JS_ALGORITHMS: ReadonlySet<string> = new Set([
  `${MORE}rsa-sha256`,
  `${MORE}rsa-sha512`,
  `${XENC}sha256`,
  `${XENC}sha512`,
]);

export const isSignatureAlgorithm = (uri: string): boolean => SIGNATURES.has(uri);
export const isDigestAlgorithm = (uri: string): boolean => DIGESTS.has(uri);
export const isSaml2JsAlgorithm = (uri: string): boolean => SAML2_JS_ALGORITHMS.has(uri);

/** Why a key is too weak to sign, for a message to the operator; undefined if it is not. */
export function keyWeakness({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === 'rsa') {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return bits >= MIN_RSA_BITS
      ? undefined
      : `an RSA key of ${bits} bits; at least ${MIN_RSA_BITS} are needed`;
  }
  if (asymmetricKeyType === 'ec' && CURVES.has(asymmetricKeyDetails?.namedCurve)) return undefined;
  return 'a key that is neither RSA nor ECDSA on P-256, P-384 or P-521';
}

/** The key that made the signature (ECDSA: r and s in fixed length, RFC 9231 section 2.3.6). */
export function findSigner(
  keys: readonly SigningKey[],
  algorithm: string,
  material: string,
  signature: Buffer,
): SigningKey | undefined {
  const found = SIGNATURES.get(algorithm);
  if (!found) return undefined;
  return keys
    .filter(({ key }) => key.asymmetricKeyType === found.type)
    .find(({ key }) =>
      verify(found.hash, Buffer.from(material), { key, dsaEncoding: 'ieee-p1363' }, signature),
    );
}

/** Whether `digest` is the digest of the text in UTF-8. */
export function matchesDigest(text: string, algorithm: string, digest: Buffer): boolean {
  const hash = DIGESTS.get(algorithm);
  return hash !== undefined && createHash(hash).update(text, 'utf8').digest().equals(digest);
}
