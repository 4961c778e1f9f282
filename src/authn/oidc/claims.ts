// What a token says, held against what its issuer is allowed to say. Pure; called once the signature is good, but for
// `audienceOf`, which also picks the issuer. Every claim is checked for its type before its value.

import { hasInvisibleCharacters } from '../../core/invisible-characters.js';
import { isJsonObject } from '../../core/json.js';
import { CLOCK_SKEW_SECONDS } from '../../core/time.js';
import type { Claims, ClaimValue } from '../../core/types.js';
import { invalidToken } from './invalid-token.js';
import type { Issuer } from './issuer.js';

/** `sub` and `jti`: longer than any provider's, short enough for log and store. Characters. */
const MAX_ID_LENGTH = 1024;

/** OpenID Connect Back-Channel Logout 1.0 section 2.4: what makes a JWT a logout token. */
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** The times of a token, in seconds since the epoch. */
export interface Times {
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
}

/** RFC 7519 section 4.1.3: one string or several. */
export function audienceOf(claims: Claims): readonly string[] {
  const { aud } = claims;
  if (aud === undefined) throw invalidToken('claim_missing', 'aud.missing');
  const list = Array.isArray(aud) ? aud : [aud];
  if (list.length === 0 || !list.every((value) => typeof value === 'string')) {
    throw invalidToken('proof_invalid', 'aud.type');
  }
  return list;
}

/** Checks everything but the times and the signature; gives what names the caller. */
export function checkClaims(claims: Claims, issuer: Issuer): { subject: string; id?: string } {
  if (isLogout(claims)) throw invalidToken('proof_invalid', 'logout.refused');
  const subject = identifier(claims, 'sub');
  if (subject === undefined) throw invalidToken('claim_missing', 'sub.missing');
  const id = identifier(claims, 'jti');
  if (id === undefined && issuer.once) throw invalidToken('claim_missing', 'jti.missing');
  checkParties(claims, subject, issuer);
  checkRequired(claims, issuer);
  return { subject, ...(id !== undefined && { id }) };
}

/** Reads the times and checks what holds at any moment: both ends there, in order, and not too far apart. */
export function timesOf(claims: Claims, issuer: Issuer): Times {
  const exp = instant(claims, 'exp');
  const iat = instant(claims, 'iat');
  const nbf = instant(claims, 'nbf');
  if (exp === undefined) throw invalidToken('claim_missing', 'exp.missing');
  if (iat === undefined) throw invalidToken('claim_missing', 'iat.missing');
  if (exp <= iat || (nbf !== undefined && exp <= nbf))
    throw invalidToken('proof_invalid', 'exp.before_start');
  if (exp - iat > issuer.maxLifetime) throw invalidToken('proof_invalid', 'lifetime.exceeded');
  return { iat, exp, ...(nbf !== undefined && { nbf }) };
}

/** Checks the times against the clock; `now` in seconds. RFC 7519 sections 4.1.4 to 4.1.6. */
export function checkTimes({ iat, exp, nbf }: Times, now: number): void {
  if (now >= exp + CLOCK_SKEW_SECONDS) throw invalidToken('proof_expired', 'exp.past');
  if (iat > now + CLOCK_SKEW_SECONDS) throw invalidToken('proof_not_yet_valid', 'iat.future');
  if (nbf !== undefined && nbf > now + CLOCK_SKEW_SECONDS)
    throw invalidToken('proof_not_yet_valid', 'nbf.future');
}

function identifier(claims: Claims, name: 'sub' | 'jti'): string | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw invalidToken('proof_invalid', `${name}.type`);
  if (value.length > MAX_ID_LENGTH || hasInvisibleCharacters(value))
    throw invalidToken('proof_invalid', `${name}.form`);
  return value;
}

function instant(claims: Claims, name: 'exp' | 'iat' | 'nbf'): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw invalidToken('proof_invalid', `${name}.type`);
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) throw invalidToken('proof_invalid', `${name}.range`);
  return value;
}

/**
 * OpenID Connect Core 1.0 section 3.1.3.7, steps 3 to 5. A token addressed to others besides us can be replayed here
 * by any of them, so it must name in `azp` a party we accept. Addressed to us alone, `azp` may also be the subject: a
 * service that asked for itself.
 */
function checkParties(claims: Claims, subject: string, issuer: Issuer): void {
  const { azp } = claims;
  if (azp !== undefined && typeof azp !== 'string') throw invalidToken('proof_invalid', 'azp.type');
  const foreign = audienceOf(claims).some((audience) => !issuer.audience.includes(audience));
  if (azp === undefined) {
    if (foreign) throw invalidToken('audience_mismatch', 'aud.foreign');
    return;
  }
  const parties = [...issuer.audience, ...issuer.authorizedParties, ...(foreign ? [] : [subject])];
  if (!parties.includes(azp)) throw invalidToken('audience_mismatch', 'azp.refused');
}

function checkRequired(claims: Claims, issuer: Issuer): void {
  for (const [name, accepted] of issuer.require) {
    const value = claims[name];
    const scalar = Array.isArray(value) && value.length === 1 ? value[0] : value;
    const detail = `The proof must carry the claim ${JSON.stringify(name)} with a value the broker accepts.`;
    if (value === undefined) throw invalidToken('claim_missing', 'required.missing', { detail });
    if (!accepted.some((one) => one === scalar))
      throw invalidToken('claim_missing', 'required.value', { detail });
  }
}

/** `events` is an object with a member per event; one that names the event in another shape is refused as well. */
function isLogout({ events }: Claims): boolean {
  const names: readonly ClaimValue[] =
    events !== undefined && isJsonObject(events) ? Object.keys(events) : [events ?? null].flat();
  return names.includes(LOGOUT_EVENT);
}
