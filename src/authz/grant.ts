// A grant, compiled: a list of conditions that must all hold. Its `when` is asked last; where it cannot be evaluated, a
// deny denies and an allow does not allow.
import type { Config } from '../config/schema/config.js';
import type { MatcherConfig } from '../config/schema/grant.js';
import { addressSet } from '../core/address.js';
import type { ConfigPath, Fault } from '../core/fault.js';
import type { Claims } from '../core/types.js';
import { compileBetween } from './between.js';
import { compileCondition } from './condition.js';
import { claimValues, compileMatcher } from './matcher.js';
import type { Situation } from './situation.js';

/** One condition, by the key of the config it comes from. */
interface GrantCondition {
  readonly kind: 'match' | 'from' | 'between' | 'mfa' | 'when';
  /** The claim that a `match` is about. */
  readonly claim?: string;
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
  readonly conditions: readonly GrantCondition[];
  /** A claim that must have one of these texts, by which the grant can be looked up. */
  readonly anchor?: { readonly claim: string; readonly texts: readonly string[] };
  coversRole(role: string): boolean;
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
  const anchor = anchorOf(config.match);
  const conditions = compileConditions(config, ['grants', position], strengths, faults);
  return {
    id: config.id,
    deny,
    position,
    issuers: config.issuer === undefined ? undefined : new Set([config.issuer].flat()),
    roles,
    conditions,
    ...(anchor && { anchor }),
    coversRole: (role) => roles.has(role) || roles.has('*'),
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
  config: Config['grants'][number],
  path: ConfigPath,
  strengths: Strengths,
  faults: Fault[],
): readonly GrantCondition[] {
  const conditions: GrantCondition[] = [];
  if (config.from) {
    // Who calls from nowhere known may be in any range: the doubt goes against the caller.
    const inRange = addressSet(config.from, config.effect === 'deny');
    conditions.push({ kind: 'from', holds: ({ sourceAddress }) => inRange(sourceAddress) });
  }
  for (const [claim, matcherConfig] of Object.entries(config.match)) {
    const matcher = compileMatcher(matcherConfig, config.effect ?? 'allow');
    conditions.push({
      kind: 'match',
      claim,
      holds: ({ principal }) => matcher(claimValues(principal.claims, claim)),
    });
  }
  if (config.between) {
    const between = zoned(() => compileBetween(config.between ?? { timeZone: 'UTC' }));
    if (between) conditions.push({ kind: 'between', holds: ({ now }) => between(now) });
    else {
      faults.push({
        path: [...path, 'between', 'timeZone'],
        message: 'No time zone has this name. Write one of the IANA database, e.g. Europe/Berlin or UTC.',
      });
    }
  }
  if (config.mfa === 'required') {
    conditions.push({
      kind: 'mfa',
      holds: ({ principal }) => strengths.get(principal.issuer)?.(principal.claims) ?? false,
    });
  }
  if (config.when !== undefined) {
    const compiled = compileCondition(config.when);
    if (compiled.ok) conditions.push({ kind: 'when', holds: compiled.condition });
    else faults.push({ path: [...path, 'when'], message: compiled.message });
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
