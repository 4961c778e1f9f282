// A grant, compiled: a list of conditions that must all hold. Where its `when` cannot be evaluated, a deny denies and an
// allow does not allow.
import type { Config } from '../../config/schema/config.js';
import type { MatcherConfig, Permission } from '../../config/schema/grant.js';
import type { ConfigError } from '../../core/config-error.js';
import { compileConditions, type GrantCondition, type MfaRules } from './conditions.js';
import type { EvaluationContext } from './evaluation-context.js';

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
  /** A deny of all roles takes away every permission as well. */
  coversPermission(permission: Permission): boolean;
  evaluate(situation: EvaluationContext): GrantEvaluation;
}

interface GrantEvaluation {
  readonly applies: boolean;
  /** Its `when` could not be evaluated. */
  readonly failed: boolean;
}

/** Compiles the grant at a position of the config; faults go to `faults`. */
export function compileGrant(
  config: Config['grants'][number],
  position: number,
  strengths: MfaRules,
  faults: ConfigError[],
): CompiledGrant {
  const deny = config.effect === 'deny';
  const roles = new Set(config.roles);
  const permissions = new Set(config.permissions);
  const issuers = config.issuer === undefined ? undefined : new Set([config.issuer].flat());
  const anchor = anchorOf(config.match);
  const conditions = compileConditions(config, ['grants', position], strengths, faults);
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
    evaluate: (situation) => {
      try {
        return { applies: conditions.every((condition) => condition.isMet(situation)), failed: false };
      } catch {
        return { applies: deny, failed: true };
      }
    },
  };
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
