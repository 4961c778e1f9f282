// One claim against one matcher. A scalar and a one-element list are alike; numbers and booleans compare by value.
import type { MatcherConfig } from '../config/schema/grant.js';
import type { Claims, ClaimValue } from '../core/types.js';

/** The claim's values, or undefined if it is absent. */
export type Matcher = (values: readonly ClaimValue[] | undefined) => boolean;

/** A claim by its literal name; where there is none, a dotted name is a path into objects (`realm_access.roles`). */
export function claimValue(claims: Claims, name: string): ClaimValue | undefined {
  return Object.hasOwn(claims, name) ? claims[name] : valueAtPath(claims, name.split('.'));
}

/** The claim as a list; `null` counts as absent. */
export function claimValues(claims: Claims, name: string): readonly ClaimValue[] | undefined {
  const value = claimValue(claims, name);
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? (value as readonly ClaimValue[]) : [value];
}

function valueAtPath(claims: Claims, steps: readonly string[]): ClaimValue | undefined {
  let node: ClaimValue | undefined = claims;
  for (const step of steps) {
    if (typeof node !== 'object' || node === null || Array.isArray(node) || !Object.hasOwn(node, step))
      return undefined;
    node = (node as Claims)[step];
  }
  return node;
}

/**
 * Compiles a matcher; all conditions of an object must hold. Whether several values equal one is in doubt, and the
 * doubt goes against the caller: for an allow they do not, for a deny they do if one of them does; inside of `not` it
 * is the other way round.
 */
export function compileMatcher(config: MatcherConfig, effect: 'allow' | 'deny'): Matcher {
  const equals = effect === 'allow' ? onlyValue : anyValue;
  if (typeof config !== 'object') return equals(config);
  const conditions: Matcher[] = [];
  if (config.equals !== undefined) conditions.push(equals(config.equals));
  if (config.anyOf) {
    const wanted = config.anyOf;
    conditions.push((values) => values?.some((value) => wanted.some((want) => same(value, want))) ?? false);
  }
  if (config.allOf) {
    const wanted = config.allOf;
    conditions.push((values) => wanted.every((want) => values?.some((value) => same(value, want)) ?? false));
  }
  if (config.glob !== undefined) {
    const globs = [config.glob].flat();
    conditions.push(
      (values) =>
        values?.some(
          (value) => typeof value === 'string' && globs.some((glob) => matchesGlob(value, glob)),
        ) ?? false,
    );
  }
  if (config.exists !== undefined) {
    const wanted = config.exists;
    conditions.push((values) => (values !== undefined) === wanted);
  }
  if (config.not !== undefined) {
    const inner = compileMatcher(config.not, effect === 'allow' ? 'deny' : 'allow');
    conditions.push((values) => !inner(values));
  }
  return (values) => conditions.every((condition) => condition(values));
}

const onlyValue =
  (wanted: string | number | boolean): Matcher =>
  (values) =>
    values?.length === 1 && same(values[0], wanted);

const anyValue =
  (wanted: string | number | boolean): Matcher =>
  (values) =>
    values?.some((value) => same(value, wanted)) ?? false;

/** Numbers and booleans equal their text: issuers differ in whether they send 789 or "789". */
function same(value: ClaimValue | undefined, wanted: string | number | boolean): boolean {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false;
  return String(value) === String(wanted);
}

/** `*` any run of characters, `?` exactly one; everything else is itself. Linear in the text for each star. */
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
