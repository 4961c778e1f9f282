// The cache key of a request: a digest of everything that shapes its credentials. Two requests with one key come from
// the same caller and ask for the same session. A field counts unless it is known to have no effect.
import { hash } from 'node:crypto';
import { isJsonObject } from '../../core/json.js';
import type { Claims, ClaimValue, Decision, IssueRequest, Principal } from '../../core/types.js';

/**
 * Claims that differ in each token of the same caller: its times and id (RFC 7519 section 4.1), what binds an ID token
 * to one authentication response (OpenID Connect Core 1.0 sections 2 and 3.3.2.11), and Microsoft Entra's equivalents.
 * When and how the caller signed in (`auth_time`, `sid`, SAML's AuthnInstant and SessionIndex) does count.
 */
const PER_TOKEN_CLAIMS: ReadonlySet<string> = new Set([
  ...['iat', 'nbf', 'exp', 'jti'],
  ...['nonce', 'at_hash', 'c_hash'],
  ...['uti', 'aio', 'rh'],
]);

/** SHA-256 as base64url. `fingerprint`: of the role, see role-fingerprints.ts. */
export function cacheKey(fingerprint: string, { principal, decision }: IssueRequest): string {
  const { grant, reason, failedConditions, durationLimitedBy, session, ...decided } = decision;
  const { durationSeconds, ...parameters } = session;
  // A duration cut at the end of the proof differs by the second; that end (`notAfter`) is in `decided`.
  const duration = isCutByProof(decision) ? null : durationSeconds;
  return hash(
    'sha256',
    JSON.stringify([fingerprint, identityDigest(principal), decided, parameters, duration]),
    'base64url',
  );
}

const isCutByProof = ({ durationLimitedBy }: Decision) =>
  durationLimitedBy === 'SessionNotOnOrAfter' || durationLimitedBy === 'proof';

/** Memoized: the OIDC verifier returns the same principal for the same token. */
const identityDigests = new WeakMap<Principal, string>();

function identityDigest(principal: Principal): string {
  const known = identityDigests.get(principal);
  if (known !== undefined) return known;
  // The decision contains the times of the proof that matter.
  const { claims, issuedAt, expiresAt, sessionNotOnOrAfter, proofId, inResponseTo, ...identity } = principal;
  const lasting = sortedEntries(claims).filter(([name]) => !PER_TOKEN_CLAIMS.has(name));
  const digest = hash('sha256', JSON.stringify([identity, lasting]), 'base64url');
  identityDigests.set(principal, digest);
  return digest;
}

const sortedEntries = (claims: Claims): readonly (readonly [name: string, value: unknown])[] =>
  Object.entries(claims)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, canonical(value)]);

/** Independent of member order. An object is marked, so that it differs from a list of its entries. */
function canonical(value: ClaimValue): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  return isJsonObject(value) ? { members: sortedEntries(value) } : value;
}
