// A self-signed X.509 certificate for an RSA key, in the fewest DER bytes: version 1, no extensions (RFC 5280
// section 4.1). SAML uses the certificate as a container for the key, without a chain.
import { createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';

const TAG = { integer: 0x02, bitString: 0x03, utf8String: 0x0c, utcTime: 0x17, sequence: 0x30, set: 0x31 };
const NULL = Buffer.from([0x05, 0x00]);
/** 2.5.4.3, commonName. */
const COMMON_NAME = Buffer.from('0603550403', 'hex');
/** 1.2.840.113549.1.1.11, sha256WithRSAEncryption. */
const SHA256_WITH_RSA = Buffer.from('06092a864886f70d01010b', 'hex');

/** Tag, length (short or long form, X.690 section 8.1.3) and contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const digits = body.length.toString(16);
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  const prefix = body.length < 0x80 ? [tag] : [tag, 0x80 | length.length];
  return Buffer.concat([Buffer.from(prefix), length, body]);
}

/** `YYMMDDHHMMSSZ`: RFC 5280 section 4.1.2.5.1, for years up to 2049. */
const utcTime = (time: Date) =>
  der(TAG.utcTime, Buffer.from(`${time.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));

const bitString = (bits: Buffer) => der(TAG.bitString, Buffer.from([0]), bits);

/** The certificate in DER. `validFrom` and `validUntil` lie before 2050. */
export function selfSignedCertificate(
  privateKey: KeyObject,
  commonName: string,
  validFrom: Date,
  validUntil: Date,
): Buffer {
  const name = der(
    TAG.sequence,
    der(TAG.set, der(TAG.sequence, COMMON_NAME, der(TAG.utf8String, Buffer.from(commonName)))),
  );
  const algorithm = der(TAG.sequence, SHA256_WITH_RSA, NULL);
  // Positive and not zero: the leading byte is neither 0x00 nor above 0x7f.
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const toBeSigned = der(
    TAG.sequence,
    der(TAG.integer, serial),
    algorithm,
    name,
    der(TAG.sequence, utcTime(validFrom), utcTime(validUntil)),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  return der(TAG.sequence, toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, privateKey)));
}
