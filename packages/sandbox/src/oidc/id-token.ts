// Signs ID tokens (OpenID Connect Core section 2), with the values that a test or a demo overrides.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { claimsOf, type SandboxUser } from '../users.js';
import type { SigningAlgorithm, SigningKeys } from './keys.js';

export interface IdTokenValues {
  readonly audience: string;
  readonly lifetimeSeconds: number;
  /** Added to the user's claims, or replacing them. They cannot replace `iss`, `sub`, `aud`, `iat` and `exp`. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly algorithm: SigningAlgorithm;
}

/** A signed JWT for `user`, issued at `now`. */
export async function mintIdToken(
  issuer: string,
  keys: SigningKeys,
  user: SandboxUser,
  values: IdTokenValues,
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
