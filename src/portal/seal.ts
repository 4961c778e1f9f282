// A sent request, sealed for the browser that it was sent for to keep: encrypted, so that nothing in it can be read or
// altered there, and good for ten minutes.
import { hkdfSync, randomBytes } from 'node:crypto';
import type { Secret } from '@sallyport/client/internal/secret';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { LoginRequest } from '../core/types.js';
import { SessionParameterFields, toSessionParameters } from '../http/request-fields.js';

/** Seconds that a sign-in may take. */
export const SIGN_IN_SECONDS = 600;

export interface PendingSignIn {
  /** Of the request. */
  readonly id: string;
  readonly issuer: string;
  readonly asked: SessionParameterFields;
}

export interface Seal {
  /** Begins the ten minutes. */
  seal(begun: PendingSignIn, now: Date): Promise<string>;
  /** Undefined for what was not sealed with this key, or too long ago. */
  open(sealed: string, now: Date): Promise<LoginRequest | undefined>;
}

const Sealed = Type.Object({
  jti: Type.String(),
  iat: Type.Number(),
  exp: Type.Number(),
  issuer: Type.String(),
  asked: SessionParameterFields,
});
type Sealed = Static<typeof Sealed>;

const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;

/** `secret`: shared by all replicas; without one the key is this process's own. */
export function createSeal(secret?: Secret): Seal {
  const material = secret?.reveal() ?? randomBytes(32);
  const key = new Uint8Array(hkdfSync('sha256', material, '', 'sallyport sign-in', 32));
  return {
    seal: ({ id, issuer, asked }, now) => {
      // With its fraction (RFC 7519 section 2): rounded down, it would be before a broker that has just started.
      const iat = now.getTime() / 1000;
      const content: Sealed = { jti: id, iat, exp: iat + SIGN_IN_SECONDS, issuer, asked };
      return new EncryptJWT(content).setProtectedHeader(ALGORITHMS).encrypt(key);
    },
    open: async (sealed, now) => {
      const content = await decrypt(sealed, key, now);
      if (!Value.Check(Sealed, content)) return undefined;
      const { jti: id, iat: issuedAt, exp: expiresAt, issuer, asked } = content;
      return { id, issuer, issuedAt, expiresAt, parameters: toSessionParameters(asked) };
    },
  };
}

async function decrypt(sealed: string, key: Uint8Array, now: Date): Promise<unknown> {
  try {
    const { payload } = await jwtDecrypt(sealed, key, {
      keyManagementAlgorithms: [ALGORITHMS.alg],
      contentEncryptionAlgorithms: [ALGORITHMS.enc],
      currentDate: now,
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
