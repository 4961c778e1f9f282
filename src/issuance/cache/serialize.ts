// Serializes issued credentials to bytes. Unlike strings, which stay in memory until they are garbage-collected, bytes
// can be overwritten when they are evicted.
import { Secret } from '@sallyport/client/internal/secret';
import type { IssuedCredentials } from '../../core/types.js';

type SerializedCredentials = Omit<IssuedCredentials, 'credentials'> & {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds. */
  readonly expiration: number;
};

/** ASCII, in an unpooled buffer: a pooled one would hold the memory of the whole pool. */
export function serialize({ credentials, ...rest }: IssuedCredentials): Buffer {
  const serialized: SerializedCredentials = {
    ...rest,
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey.reveal(),
    sessionToken: credentials.sessionToken.reveal(),
    expiration: credentials.expiration.getTime(),
  };
  const text = JSON.stringify(serialized).replace(/[^\0-\x7f]/g, escapeCharacter);
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}

export function deserialize(bytes: Buffer): IssuedCredentials {
  const serialized: SerializedCredentials = JSON.parse(bytes.toString('latin1'));
  const { accessKeyId, secretAccessKey, sessionToken, expiration, ...rest } = serialized;
  return {
    ...rest,
    credentials: {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: new Secret(sessionToken),
      expiration: new Date(expiration),
    },
  };
}

/** RFC 8259 section 7. */
const escapeCharacter = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
