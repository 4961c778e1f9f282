// Matches one claim against one matcher of a grant. A scalar and a one-element list are equivalent, and numbers and
// booleans are compared as text.
import type { MatcherConfig } from '../../config/schema/grant.js';
import type { Claims, ClaimValue } from '../../core/types.js';

/** The values of a claim; undefined if the claim is absent. */
type ClaimValues = readonly ClaimValue[] | undefined;
type Scalar = string | number | boolean;

/**
 * A compiled matcher. With several values, it is ambiguous whether the claim equals one value. The ambiguity counts against
 * the caller: for an allow the claim must have that value only, for a deny one of its values is enough. Inside `not` it
 * is the other way round.
 */
export class ClaimMatcher {
  readonly #config: MatcherConfig;
  readonly #effect: 'allow' | 'deny';
  readonly #globs: readonly string[] | undefined;
  readonly #not: ClaimMatcher | undefined;

  constructor(config: MatcherConfig, effect: 'allow' | 'deny') {
    this.#config = config;
    this.#effect = effect;
    if (typeof config !== 'object') return;
    this.#globs = config.glob === undefined ? undefined : [config.glob].flat();
    this.#not =
      config.not === undefined
        ? undefined
        : new ClaimMatcher(config.not, effect === 'allow' ? 'deny' : 'allow');
  }

  /** Whether all conditions of the matcher are met. */
  matches(values: ClaimValues): boolean {
    const config = this.#config;
    if (typeof config !== 'object') return this.#equals(values, config);
    const { equals, anyOf, allOf, exists } = config;
    return (
      (equals === undefined || this.#equals(values, equals)) &&
      (!anyOf || anyOf.some((expected) => contains(values, expected))) &&
      (!allOf || allOf.every((expected) => contains(values, expected))) &&
      (!this.#globs || matchesAnyGlob(values, this.#globs)) &&
      (exists === undefined || (values !== undefined) === exists) &&
      !this.#not?.matches(values)
    );
  }

  #equals(values: ClaimValues, expected: Scalar): boolean {
    return this.#effect === 'allow'
      ? values?.length === 1 && sameText(values[0], expected)
      : contains(values, expected);
  }
}

const contains = (values: ClaimValues, expected: Scalar): boolean =>
  values?.some((value) => sameText(value, expected)) ?? false;

const sameText = (value: ClaimValue | undefined, expected: Scalar): boolean =>
  toText(value) === String(expected);

const matchesAnyGlob = (values: ClaimValues, globs: readonly string[]): boolean =>
  values?.some((value) => {
    const text = toText(value);
    return text !== undefined && globs.some((glob) => matchesGlob(text, glob));
  }) ?? false;

/**
 * Finds a claim by its literal name. If there is none, a dotted name is a path into objects (`realm_access.roles`). Keys
 * may contain dots themselves (`kubernetes.io.namespace`): if the path is ambiguous, the longer key is tried first.
 */
export function claimValue(node: ClaimValue | undefined, name: string): ClaimValue | undefined {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return undefined;
  const object = node as Claims;
  if (Object.hasOwn(object, name)) return object[name];
  for (let end = name.length; end > 0; ) {
    end = name.lastIndexOf('.', end - 1);
    const key = name.slice(0, Math.max(end, 0));
    const found =
      end >= 0 && Object.hasOwn(object, key) ? claimValue(object[key], name.slice(end + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The claim as a list. `null` counts as absent. */
export function claimValues(claims: Claims, name: string): readonly ClaimValue[] | undefined {
  const value = claimValue(claims, name);
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? (value as readonly ClaimValue[]) : [value];
}

/** A scalar as text, because some issuers send 789 and others "789". Undefined for lists, objects and null. */
export const toText = (value: ClaimValue | undefined): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;

/**
 * `*` matches any number of characters, `?` exactly one; all other characters are literal. Without backtracking: linear
 * in the text for each star.
 */
export function matchesGlob(text: string, glob: string): boolean {
  let position = 0;
  let pattern = 0;
  let star = -1;
  let resume = 0;
  while (position < text.length) {
    if (glob[pattern] === '*') {
      star = pattern++;
      resume = position;
    } else if (pattern < glob.length && (glob[pattern] === '?' || glob[pattern] === text[position])) {
      pattern++;
      position++;
    } else if (star >= 0) {
      pattern = star + 1;
      position = ++resume;
    } else {
      return false;
    }
  }
  while (glob[pattern] === '*') pattern++;
  return pattern === glob.length;
}
