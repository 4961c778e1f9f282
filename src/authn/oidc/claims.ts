// Checks the claims of a token against the settings of its issuer. Pure. Called after the signature is verified, except
// for `readAudience`, which also selects the issuer. The type of each claim is checked before its value.

import { hasInvisibleCharacters } from '../../core/invisible-characters.js';
import { isJsonObject } from '../../core/json.js';
import { OmittedClaims } from '../../core/omitted-claims.js';
import { CLOCK_SKEW_SECONDS } from '../../core/time.js';
import type { Claims, ClaimValue } from '../../core/types.js';
import { invalidToken } from './invalid-token.js';
import type { Issuer } from './issuer.js';

/** Characters of `sub` and `jti`: above what any provider sends, and short enough for the log and the replay store. */
const MAX_ID_LENGTH = 1024;

/** Member of `events` in a logout token: OpenID Connect Back-Channel Logout 1.0 section 2.4. */
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** The times of a token in epoch seconds. */
export interface TokenTimes {
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
}

/** RFC 7519 section 4.1.3: one string or several. */
export function readAudience(claims: Claims): readonly string[] {
  const { aud } = claims;
  if (aud === undefined) throw invalidToken('claim_missing', 'aud.missing');
  const list = Array.isArray(aud) ? aud : [aud];
  if (list.length === 0 || !list.every((value) => typeof value === 'string')) {
    throw invalidToken('proof_invalid', 'aud.type');
  }
  return list;
}

/** Checks all claims except the times. Returns those that identify the caller and the token. */
export function checkClaims(claims: Claims, issuer: Issuer): { subject: string; id?: string } {
  if (isLogoutToken(claims)) throw invalidToken('proof_invalid', 'logout.refused');
  requireBearerToken(claims);
  const subject = readIdentifier(claims, 'sub');
  if (subject === undefined) throw invalidToken('claim_missing', 'sub.missing');
  const id = readIdentifier(claims, 'jti');
  if (id === undefined && issuer.singleUse) throw invalidToken('claim_missing', 'jti.missing');
  checkAuthorizedParty(claims, subject, issuer);
  checkRequiredClaims(claims, issuer);
  return { subject, ...(id !== undefined && { id }) };
}

/** Reads the times and checks what does not depend on the clock: presence, order and `maxLifetime`. */
export function readTimes(claims: Claims, issuer: Issuer): TokenTimes {
  const exp = readTime(claims, 'exp');
  const iat = readTime(claims, 'iat');
  const nbf = readTime(claims, 'nbf');
  if (exp === undefined) throw invalidToken('claim_missing', 'exp.missing');
  if (iat === undefined) throw invalidToken('claim_missing', 'iat.missing');
  if (exp <= iat || (nbf !== undefined && exp <= nbf))
    throw invalidToken('proof_invalid', 'exp.before_start');
  if (exp - iat > issuer.maxLifetime) throw invalidToken('proof_invalid', 'lifetime.exceeded');
  return { iat, exp, ...(nbf !== undefined && { nbf }) };
}

/** Checks the times against the clock; `now` in epoch seconds. RFC 7519 sections 4.1.4 to 4.1.6. */
export function checkTimes({ iat, exp, nbf }: TokenTimes, now: number): void {
  if (now >= exp + CLOCK_SKEW_SECONDS) throw invalidToken('proof_expired', 'exp.past');
  if (iat > now + CLOCK_SKEW_SECONDS) throw invalidToken('proof_not_yet_valid', 'iat.future');
  if (nbf !== undefined && nbf > now + CLOCK_SKEW_SECONDS)
    throw invalidToken('proof_not_yet_valid', 'nbf.future');
}

function readIdentifier(claims: Claims, name: 'sub' | 'jti'): string | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw invalidToken('proof_invalid', `${name}.type`);
  if (value.length > MAX_ID_LENGTH || hasInvisibleCharacters(value))
    throw invalidToken('proof_invalid', `${name}.form`);
  return value;
}

function readTime(claims: Claims, name: 'exp' | 'iat' | 'nbf'): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw invalidToken('proof_invalid', `${name}.type`);
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) throw invalidToken('proof_invalid', `${name}.range`);
  return value;
}

/**
 * OpenID Connect Core 1.0 section 3.1.3.7, steps 3 to 5. Any other audience of a token can replay it at the broker, so
 * a token with other audiences must name an authorized party in `azp`. In a token for the broker alone, `azp` may also
 * be the subject: a service that requested the token for itself.
 */
function checkAuthorizedParty(claims: Claims, subject: string, issuer: Issuer): void {
  const { azp } = claims;
  if (azp !== undefined && typeof azp !== 'string') throw invalidToken('proof_invalid', 'azp.type');
  const hasOtherAudience = readAudience(claims).some((audience) => !issuer.audience.includes(audience));
  if (azp === undefined) {
    if (hasOtherAudience) throw invalidToken('audience_mismatch', 'aud.foreign');
    return;
  }
  const accepted = [...issuer.audience, ...issuer.authorizedParties, ...(hasOtherAudience ? [] : [subject])];
  if (!accepted.includes(azp)) throw invalidToken('audience_mismatch', 'azp.refused');
}

function checkRequiredClaims(claims: Claims, issuer: Issuer): void {
  const omitted = OmittedClaims.of(claims);
  for (const [name, accepted] of issuer.requiredClaims) {
    const value = claims[name];
    const scalar = Array.isArray(value) && value.length === 1 ? value[0] : value;
    // If it is left out and present all the same, it may have further values.
    const isOmitted = omitted.includesPath(name);
    const detail = `The proof must carry the claim ${JSON.stringify(name)} with a value the broker accepts.`;
    if (value === undefined || isOmitted) throw invalidToken('claim_missing', 'required.missing', { detail });
    if (!accepted.some((one) => one === scalar))
      throw invalidToken('claim_missing', 'required.value', { detail });
  }
}

/**
 * RFC 7800 section 3.1: `cnf` binds the token to a key that the presenter must prove to have, by DPoP (RFC 9449), mutual TLS
 * (RFC 8705) or otherwise. Accepting it without that proof would make a stolen token useful. A value that is not an object
 * is refused too, since it cannot mean that there is no key.
 */
function requireBearerToken(claims: Claims): void {
  if (!Object.hasOwn(claims, 'cnf')) return;
  throw invalidToken('proof_invalid', 'sender_constrained', {
    detail:
      'The token is bound to a key (claim cnf), and proof-of-possession tokens (DPoP, mutual TLS) are not supported. Get a bearer token from the issuer.',
  });
}

/** `events` is an object with a member per event. A list or string that names the event counts as well. */
function isLogoutToken({ events }: Claims): boolean {
  const names: readonly ClaimValue[] =
    events !== undefined && isJsonObject(events) ? Object.keys(events) : [events ?? null].flat();
  return names.includes(LOGOUT_EVENT);
}
