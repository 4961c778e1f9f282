// Under what an order's credentials are cached: a digest of everything that shaped them. Two orders with one key are
// the same caller asking for the same. What is not known to be without effect is part of it.
import { hash } from 'node:crypto';
import { isJsonObject } from '../../core/json.js';
import type { IssueRequest } from '../../core/ports.js';
import type { Claims, ClaimValue, Decision, Principal } from '../../core/types.js';

/**
 * Claims that are new in each token about the same caller: its times and id (RFC 7519 section 4.1), what ties an ID
 * token to one answer (OpenID Connect Core 1.0 sections 2 and 3.3.2.11), and the like of Microsoft Entra. When and how
 * the caller signed in (`auth_time`, `sid`, SAML's AuthnInstant and SessionIndex) does count.
 */
const OF_THE_TOKEN: ReadonlySet<string> = new Set([
  ...['iat', 'nbf', 'exp', 'jti'],
  ...['nonce', 'at_hash', 'c_hash'],
  ...['uti', 'aio', 'rh'],
]);

/** SHA-256 as base64url. `epoch`: of the role, as the config has it. */
export function cacheKey(epoch: string, { principal, decision }: IssueRequest): string {
  const { grant, reason, failedConditions, durationLimitedBy, session, ...rest } = decision;
  const { durationSeconds, ...shape } = session;
  // Where the end of the proof cuts the duration, that end, which is in `rest`, is what was decided.
  const lifetime = endsWithProof(decision) ? null : durationSeconds;
  return hash('sha256', JSON.stringify([epoch, identityOf(principal), rest, shape, lifetime]), 'base64url');
}

const endsWithProof = ({ durationLimitedBy }: Decision) =>
  durationLimitedBy === 'SessionNotOnOrAfter' || durationLimitedBy === 'proof';

/** By principal: a token that comes again is the same one. */
const identities = new WeakMap<Principal, string>();

function identityOf(principal: Principal): string {
  const known = identities.get(principal);
  if (known !== undefined) return known;
  // The proof's own times are in the decision, as far as they matter; its ids do not.
  const { claims, issuedAt, expiresAt, sessionNotOnOrAfter, proofId, inResponseTo, ...who } = principal;
  const lasting = members(claims).filter(([name]) => !OF_THE_TOKEN.has(name));
  const identity = hash('sha256', JSON.stringify([who, lasting]), 'base64url');
  identities.set(principal, identity);
  return identity;
}

/** Names and values of an object in one order, whatever order they came in. */
const members = (claims: Claims): readonly (readonly [name: string, value: unknown])[] =>
  Object.entries(claims)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, ordered(value)]);

/** Different for different values: what was an object stays one, and is no list. */
function ordered(value: ClaimValue): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  return isJsonObject(value) ? { members: members(value) } : value;
}
