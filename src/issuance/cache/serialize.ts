// What STS answered as bytes and back. A string stays in memory until the collector has run; bytes can be overwritten
// when they are no longer wanted.
import { Secret } from '@sallyport/client/internal/secret';
import type { IssuedCredentials } from '../../core/types.js';

type Packed = Omit<IssuedCredentials, 'credentials'> & {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiration: number;
};

/** ASCII, in memory of its own: bytes of Node's shared pool would stay as long as any of their neighbours. */
export function serialize({ credentials, ...rest }: IssuedCredentials): Buffer {
  const packed: Packed = {
    ...rest,
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey.reveal(),
    sessionToken: credentials.sessionToken.reveal(),
    expiration: credentials.expiration.getTime(),
  };
  const text = JSON.stringify(packed).replace(/[^\0-\x7f]/g, escaped);
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}

export function deserialize(bytes: Buffer): IssuedCredentials {
  const packed: Packed = JSON.parse(bytes.toString('latin1'));
  const { accessKeyId, secretAccessKey, sessionToken, expiration, ...rest } = packed;
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
const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
