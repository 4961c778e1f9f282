// Makes an ID token for a user: OpenID Connect Core section 2, with what a test or a demo wants changed.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { claimsOf, type SandboxUser } from '../users.js';
import type { SigningAlgorithm, SigningKeys } from './keys.js';

export interface TokenValues {
  readonly audience: string;
  readonly lifetimeSeconds: number;
  /** Claims besides, or instead of, the user's own. They cannot replace `iss`, `sub`, `aud`, `iat` and `exp`. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly algorithm: SigningAlgorithm;
}

/** A signed JWT for `user`, issued at `now`. */
export async function mintIdToken(
  issuer: string,
  keys: SigningKeys,
  user: SandboxUser,
  values: TokenValues,
  now: Date,
): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const key = keys[values.algorithm];
  return new SignJWT({ jti: randomUUID(), ...claimsOf(user), ...values.claims })
    .setProtectedHeader({ alg: values.algorithm, typ: 'JWT', kid: key.kid })
    .setIssuer(issuer)
    .setSubject(user.name)
    .setAudience(values.audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + values.lifetimeSeconds)
    .sign(key);
}
