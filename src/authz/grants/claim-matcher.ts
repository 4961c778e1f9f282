// One claim against one matcher. A scalar and a one-element list are alike; numbers and booleans compare by value.
import type { MatcherConfig } from '../../config/schema/grant.js';
import type { Claims, ClaimValue } from '../../core/types.js';

/** The claim's values, or undefined if it is absent. */
export type ClaimMatcher = (values: readonly ClaimValue[] | undefined) => boolean;

/**
 * A claim by its literal name; where there is none, a dotted name is a path into objects (`realm_access.roles`). Keys
 * may hold dots themselves (`kubernetes.io.namespace`): of two ways to read the path the one with the longer key is
 * tried first.
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

/** The claim as a list; `null` counts as absent. */
export function claimValues(claims: Claims, name: string): readonly ClaimValue[] | undefined {
  const value = claimValue(claims, name);
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? (value as readonly ClaimValue[]) : [value];
}

/** A plain value as text: issuers differ in whether they send 789 or "789". Lists, objects and null have none. */
export const toText = (value: ClaimValue | undefined): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;

/**
 * Compiles a matcher; all conditions of an object must hold. Whether several values equal one is in doubt, and the
 * doubt goes against the caller: for an allow they do not, for a deny they do if one of them does; inside of `not` it
 * is the other way round.
 */
export function compileClaimMatcher(config: MatcherConfig, effect: 'allow' | 'deny'): ClaimMatcher {
  const equals = effect === 'allow' ? onlyValue : anyValue;
  if (typeof config !== 'object') return equals(config);
  const conditions: ClaimMatcher[] = [];
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
        values?.some((value) => {
          const text = toText(value);
          return text !== undefined && globs.some((glob) => matchesGlob(text, glob));
        }) ?? false,
    );
  }
  if (config.exists !== undefined) {
    const wanted = config.exists;
    conditions.push((values) => (values !== undefined) === wanted);
  }
  if (config.not !== undefined) {
    const inner = compileClaimMatcher(config.not, effect === 'allow' ? 'deny' : 'allow');
    conditions.push((values) => !inner(values));
  }
  return (values) => conditions.every((condition) => condition(values));
}

const onlyValue =
  (wanted: string | number | boolean): ClaimMatcher =>
  (values) =>
    values?.length === 1 && same(values[0], wanted);

const anyValue =
  (wanted: string | number | boolean): ClaimMatcher =>
  (values) =>
    values?.some((value) => same(value, wanted)) ?? false;

const same = (value: ClaimValue | undefined, wanted: string | number | boolean): boolean =>
  toText(value) === String(wanted);

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
