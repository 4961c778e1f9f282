// What grants are judged by: who calls, from where, when. The principal is seen through its issuer's aliases.
import type { Claims, ClaimValue, Principal } from '../../core/types.js';

export interface EvaluationContext {
  /** Its claims include the aliases of its issuer. */
  readonly principal: Principal;
  readonly sourceAddress: string;
  readonly now: Date;
  /** How large the claims are; measured when first asked for. */
  claimsSize(): ClaimsSize;
}

/** Bounds of what an expression can meet in the claims. */
export interface ClaimsSize {
  /** Characters of the longest string. */
  readonly longestText: number;
  /** Items of the longest list or object. */
  readonly longestList: number;
  /** `total` of the largest item of any list. */
  readonly largestItem: number;
  /** Characters, items and values in all. */
  readonly total: number;
}

/** Short names of claims, by issuer: alias -> claim. */
export type Aliases = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** An alias never shadows a claim: where a claim has its name, the name means the claim. */
export function createEvaluationContext(
  aliases: Aliases,
  principal: Principal,
  sourceAddress: string,
  now: Date,
): EvaluationContext {
  const short = aliases.get(principal.issuer);
  let size: ClaimsSize | undefined;
  const seen = short ? { ...principal, claims: withAliases(principal.claims, short) } : principal;
  return {
    principal: seen,
    sourceAddress,
    now,
    claimsSize: () => {
      size ??= measure(seen.claims);
      return size;
    },
  };
}

function withAliases(claims: Claims, aliases: Readonly<Record<string, string>>): Claims {
  const seen: Record<string, ClaimValue> = Object.assign(Object.create(null), claims);
  for (const [alias, name] of Object.entries(aliases)) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (value !== undefined && !Object.hasOwn(claims, alias)) seen[alias] = value;
  }
  return seen;
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
