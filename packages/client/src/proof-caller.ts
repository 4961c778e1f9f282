// Whom a proof is about, as far as can be told without verifying it: enough to keep callers of one machine apart, and
// nothing to trust.
import { createHash } from 'node:crypto';
import type { Proof } from './types.js';

/** Claims of one token rather than of its subject: RFC 7519 section 4.1, OpenID Connect Core sections 2 and 3.3.2.11. */
const OF_ONE_TOKEN = new Set(['exp', 'nbf', 'iat', 'jti', 'nonce', 'at_hash', 'c_hash', 'auth_time']);

/**
 * The same text for each JWT of the same subject with the same claims, another for any other. An assertion, or what
 * cannot be read, is only like itself.
 */
export function callerOfProof({ type, value }: Proof): string {
  const text = value.reveal();
  const claims = type === 'oidc' ? claimsOf(text) : undefined;
  const lasting = claims && Object.entries(claims).filter(([name]) => !OF_ONE_TOKEN.has(name));
  return lasting ? JSON.stringify(lasting.sort()) : createHash('sha256').update(text).digest('hex');
}

function claimsOf(jwt: string): object | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}
