// The input of a grant's evaluation: principal, source address and time. The principal's claims include the aliases of its
// issuer.
import { OmittedClaims } from '../../core/omitted-claims.js';
import type { Claims, ClaimValue, Principal } from '../../core/types.js';

/** Bounds of the values that an expression can meet in the claims. */
export interface ClaimsSize {
  /** Characters of the longest string. */
  readonly longestText: number;
  /** Items of the longest list or object. */
  readonly longestList: number;
  /** The largest `total` of an item of a list. */
  readonly largestItem: number;
  /** Sum of all characters, items and values. */
  readonly total: number;
}

/** Short claim names by issuer: alias to claim. */
export type Aliases = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** A condition depends on claims that the proof left out. A deny then applies, and an allow does not. */
export class UnknownClaimsError extends Error {
  /** Names as the config has them. */
  readonly claims: readonly string[];

  constructor(claims: readonly string[]) {
    super(`the proof declares these claims as left out, so their values are unknown: ${claims.join(', ')}`);
    this.claims = claims;
  }
}

export class EvaluationContext {
  readonly principal: Principal;
  /** The claims that the proof left out. Their values are unknown. */
  readonly omitted: OmittedClaims;
  readonly sourceAddress: string;
  readonly now: Date;
  #claimsSize: ClaimsSize | undefined;

  constructor(aliases: Aliases, principal: Principal, sourceAddress: string, now: Date) {
    const ofIssuer = aliases.get(principal.issuer);
    this.principal = ofIssuer ? { ...principal, claims: withAliases(principal.claims, ofIssuer) } : principal;
    this.omitted = OmittedClaims.of(principal.claims, ofIssuer);
    this.sourceAddress = sourceAddress;
    this.now = now;
  }

  /** Measured on the first call, because most grants have no expression. */
  claimsSize(): ClaimsSize {
    this.#claimsSize ??= measure(this.principal.claims);
    return this.#claimsSize;
  }
}

/** A claim takes precedence over an alias of the same name. */
function withAliases(claims: Claims, aliases: Readonly<Record<string, string>>): Claims {
  const extended: Record<string, ClaimValue> = Object.assign(Object.create(null), claims);
  for (const [alias, name] of Object.entries(aliases)) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (value !== undefined && !Object.hasOwn(claims, alias)) extended[alias] = value;
  }
  return extended;
}

function measure(value: ClaimValue): ClaimsSize {
  if (typeof value !== 'object' || value === null) {
    const longestText = typeof value === 'string' ? value.length : 0;
    return { longestText, longestList: 0, largestItem: 0, total: 1 + longestText };
  }
  const items: readonly ClaimValue[] = Object.values(value);
  const keys = Array.isArray(value) ? [] : Object.keys(value);
  let [longestText, longestList, largestItem, total] = [0, items.length, 0, 1];
  for (const part of [...keys, ...items]) {
    const size = measure(part);
    longestText = Math.max(longestText, size.longestText);
    longestList = Math.max(longestList, size.longestList);
    largestItem = Math.max(largestItem, size.largestItem, Array.isArray(value) ? size.total : 0);
    total += size.total;
  }
  return { longestText, longestList, largestItem, total };
}
