// The key and the certificate of the SAML IdP, generated at start and kept in memory.
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { selfSignedCertificate } from './certificate.js';

export interface SigningKey {
  readonly privateKey: KeyObject;
  /** DER in base64, as metadata and KeyInfo carry it. */
  readonly certificate: string;
}

const YEAR_MILLISECONDS = 365 * 86_400_000;

/** A new RSA key whose certificate is valid for a year from `now`. */
export async function generateSigningKey(commonName: string, now: Date): Promise<SigningKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const until = new Date(now.getTime() + YEAR_MILLISECONDS);
  return {
    privateKey,
    certificate: selfSignedCertificate(privateKey, commonName, now, until).toString('base64'),
  };
}
