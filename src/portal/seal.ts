// Seals pending sign-ins for a browser cookie: encrypted, so that the browser can neither read nor change them, and valid
// for ten minutes.
import { hkdfSync, randomBytes } from 'node:crypto';
import type { Secret } from '@sallyport/client/internal/secret';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { LoginRequest } from '../core/types.js';
import { SessionParameterFields, toSessionParameters } from '../http/request-fields.js';

/** Seconds until a pending sign-in expires. */
export const SIGN_IN_TIMEOUT_SECONDS = 600;

export interface PendingSignIn {
  /** ID of the AuthnRequest. */
  readonly id: string;
  readonly issuer: string;
  readonly parameters: SessionParameterFields;
}

const SealedSignIn = Type.Object({
  jti: Type.String(),
  iat: Type.Number(),
  exp: Type.Number(),
  issuer: Type.String(),
  /** Session parameters. The name is part of the cookie format. */
  asked: SessionParameterFields,
});
type SealedSignIn = Static<typeof SealedSignIn>;

const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;

export class Seal {
  readonly #key: Uint8Array;

  /** `secret` is shared by all replicas. Without it, each process has its own random key. */
  constructor(secret?: Secret) {
    const material = secret?.reveal() ?? randomBytes(32);
    this.#key = new Uint8Array(hkdfSync('sha256', material, '', 'sallyport sign-in', 32));
  }

  async seal({ id, issuer, parameters }: PendingSignIn, now: Date): Promise<string> {
    // With its fraction (RFC 7519 section 2): rounded down, it could be before the start of the broker.
    const iat = now.getTime() / 1000;
    const exp = iat + SIGN_IN_TIMEOUT_SECONDS;
    const content: SealedSignIn = { jti: id, iat, exp, issuer, asked: parameters };
    return new EncryptJWT(content).setProtectedHeader(ALGORITHMS).encrypt(this.#key);
  }

  /** Undefined if it was sealed with another key, or has expired. */
  async open(sealed: string, now: Date): Promise<LoginRequest | undefined> {
    const content = await decrypt(sealed, this.#key, now);
    if (!Value.Check(SealedSignIn, content)) return undefined;
    const { jti: id, iat: issuedAt, exp: expiresAt, issuer, asked } = content;
    return { id, issuer, issuedAt, expiresAt, parameters: toSessionParameters(asked) };
  }
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
