// A grant, compiled: a list of conditions that must all hold. Its `when` is asked last; where it cannot be evaluated, a
// deny denies and an allow does not allow.
import type { Config } from '../config/schema/config.js';
import type { MatcherConfig, Permission } from '../config/schema/grant.js';
import { addressSet } from '../core/address.js';
import type { ConfigPath, Fault } from '../core/fault.js';
import type { Claims } from '../core/types.js';
import { compileBetween } from './between.js';
import { compileCondition } from './condition.js';
import { claimValue, claimValues, compileMatcher } from './matcher.js';
import type { Situation } from './situation.js';

/** One thing a grant asks. Deciding and explaining ask the same `holds`. */
export interface Condition {
  /** What is asked about, by its path in the grant: `issuer`, `from`, `match.groups`, `when`. */
  readonly on: string;
  /** Whether only the claims can tell. */
  readonly ofClaims: boolean;
  /** As the config has it. */
  readonly wanted: unknown;
  seen(situation: Situation): unknown;
  /** Only a `when` may throw. */
  holds(situation: Situation): boolean;
}

export interface CompiledGrant {
  readonly id: string;
  readonly deny: boolean;
  /** Its place in the config, from 0. */
  readonly position: number;
  /** undefined: all. */
  readonly issuers: ReadonlySet<string> | undefined;
  /** Names of roles, or `*`. */
  readonly roles: ReadonlySet<string>;
  readonly conditions: readonly Condition[];
  /** A claim that must have one of these texts, by which the grant can be looked up. */
  readonly anchor?: { readonly claim: string; readonly texts: readonly string[] };
  coversRole(role: string): boolean;
  /** A deny of all roles takes away every permission as well. */
  coversPermission(permission: Permission): boolean;
  judge(situation: Situation): Judgement;
}

interface Judgement {
  readonly applies: boolean;
  /** Its `when` could not be evaluated. */
  readonly failed: boolean;
}

/** By issuer: whether its claims speak of several factors. */
export type Strengths = ReadonlyMap<string, (claims: Claims) => boolean>;

/** Compiles the grant at a position of the config; faults go to `faults`. */
export function compileGrant(
  config: Config['grants'][number],
  position: number,
  strengths: Strengths,
  faults: Fault[],
): CompiledGrant {
  const deny = config.effect === 'deny';
  const roles = new Set(config.roles);
  const permissions = new Set(config.permissions);
  const issuers = config.issuer === undefined ? undefined : new Set([config.issuer].flat());
  const anchor = anchorOf(config.match);
  const conditions = compileConditions(config, issuers, ['grants', position], strengths, faults);
  return {
    id: config.id,
    deny,
    position,
    issuers,
    roles,
    conditions,
    ...(anchor && { anchor }),
    coversRole: (role) => roles.has(role) || roles.has('*'),
    coversPermission: (permission) => permissions.has(permission) || (deny && roles.has('*')),
    judge: (situation) => {
      try {
        return { applies: conditions.every((condition) => condition.holds(situation)), failed: false };
      } catch {
        return { applies: deny, failed: true };
      }
    },
  };
}

function compileConditions(
  { effect = 'allow', issuer, from, match, between, mfa, when }: Config['grants'][number],
  issuers: ReadonlySet<string> | undefined,
  path: ConfigPath,
  strengths: Strengths,
  faults: Fault[],
): readonly Condition[] {
  const conditions: Condition[] = [];
  if (issuers) {
    conditions.push({
      on: 'issuer',
      ofClaims: false,
      wanted: issuer,
      seen: ({ principal }) => principal.issuer,
      holds: ({ principal }) => issuers.has(principal.issuer),
    });
  }
  if (from) {
    // Who calls from nowhere known may be in any range: the doubt goes against the caller.
    const inRange = addressSet(from, effect === 'deny');
    conditions.push({
      on: 'from',
      ofClaims: false,
      wanted: from,
      seen: ({ sourceAddress }) => sourceAddress,
      holds: ({ sourceAddress }) => inRange(sourceAddress),
    });
  }
  for (const [claim, wanted] of Object.entries(match)) {
    const matcher = compileMatcher(wanted, effect);
    conditions.push({
      on: `match.${claim}`,
      ofClaims: true,
      wanted,
      seen: ({ principal }) => claimValue(principal.claims, claim),
      holds: ({ principal }) => matcher(claimValues(principal.claims, claim)),
    });
  }
  if (between) {
    const within = zoned(() => compileBetween(between));
    if (within) {
      conditions.push({
        on: 'between',
        ofClaims: false,
        wanted: between,
        seen: ({ now }) => now.toISOString(),
        holds: ({ now }) => within(now),
      });
    } else {
      faults.push({
        path: [...path, 'between', 'timeZone'],
        message: 'No time zone has this name. Write one of the IANA database, e.g. Europe/Berlin or UTC.',
      });
    }
  }
  if (mfa === 'required') {
    const isStrong = ({ principal }: Situation) =>
      strengths.get(principal.issuer)?.(principal.claims) ?? false;
    conditions.push({ on: 'mfa', ofClaims: true, wanted: mfa, seen: isStrong, holds: isStrong });
  }
  if (when !== undefined) {
    const compiled = compileCondition(when);
    if (compiled.ok) {
      conditions.push({
        on: 'when',
        ofClaims: true,
        wanted: when,
        seen: () => undefined,
        holds: compiled.condition,
      });
    } else faults.push({ path: [...path, 'when'], message: compiled.message });
  }
  return conditions;
}

/** undefined for a time zone that is not known. */
function zoned<T>(compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The first matcher that only a few values can satisfy. A superset will do: the grant is still judged in full. */
function anchorOf(match: Readonly<Record<string, MatcherConfig>>): CompiledGrant['anchor'] {
  for (const [claim, matcher] of Object.entries(match)) {
    const wanted =
      typeof matcher !== 'object'
        ? [matcher]
        : matcher.equals !== undefined
          ? [matcher.equals]
          : (matcher.anyOf ?? matcher.allOf?.slice(0, 1));
    if (wanted) return { claim, texts: wanted.map(String) };
  }
  return undefined;
}
