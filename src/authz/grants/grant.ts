// Entry point of this folder. A compiled grant is a list of conditions that must all be met. If its `when` cannot be
// evaluated, or a condition depends on a claim that the proof left out, a deny applies and an allow does not.
import type { Config } from '../../config/schema/config.js';
import type { MatcherConfig, Permission } from '../../config/schema/grant.js';
import type { ConfigError } from '../../core/config-error.js';
import { compileConditions, type GrantCondition } from './conditions.js';
import { type EvaluationContext, UnknownClaimsError } from './evaluation-context.js';
import type { MfaRules } from './mfa.js';

export interface GrantEvaluation {
  readonly applies: boolean;
  /** Whether `when` could not be evaluated. */
  readonly failed: boolean;
  /** The claims that the proof left out and that would decide whether the grant applies. */
  readonly unknownClaims: readonly string[];
}

/** A claim that must have one of these texts. The grant can be looked up by it. */
interface Anchor {
  readonly claim: string;
  readonly texts: readonly string[];
}

export class CompiledGrant {
  readonly id: string;
  readonly deny: boolean;
  /** Index in the config. */
  readonly position: number;
  /** Names of issuers; undefined means all. */
  readonly issuers: ReadonlySet<string> | undefined;
  /** Names of roles, or `*`. */
  readonly roles: ReadonlySet<string>;
  readonly conditions: readonly GrantCondition[];
  readonly anchor: Anchor | undefined;
  readonly #permissions: ReadonlySet<Permission>;

  /** Config errors are added to `errors`. */
  constructor(config: Config['grants'][number], position: number, mfaRules: MfaRules, errors: ConfigError[]) {
    this.id = config.id;
    this.deny = config.effect === 'deny';
    this.position = position;
    this.issuers = config.issuer === undefined ? undefined : new Set([config.issuer].flat());
    this.roles = new Set(config.roles);
    this.conditions = compileConditions(config, ['grants', position], mfaRules, errors);
    this.anchor = anchorOf(config.match);
    this.#permissions = new Set(config.permissions);
  }

  coversRole(role: string): boolean {
    return this.roles.has(role) || this.roles.has('*');
  }

  /** A deny of all roles also denies every permission. */
  coversPermission(permission: Permission): boolean {
    return this.#permissions.has(permission) || (this.deny && this.roles.has('*'));
  }

  evaluate(context: EvaluationContext): GrantEvaluation {
    const unknownClaims: string[] = [];
    for (const condition of this.conditions) {
      const unknown = condition.unknownClaim?.(context);
      if (unknown !== undefined) {
        unknownClaims.push(unknown);
        continue;
      }
      try {
        if (!condition.isMet(context)) return { applies: false, failed: false, unknownClaims: [] };
      } catch (error) {
        if (!(error instanceof UnknownClaimsError))
          return { applies: this.deny, failed: true, unknownClaims };
        unknownClaims.push(...error.claims);
      }
    }
    return { applies: unknownClaims.length === 0 || this.deny, failed: false, unknownClaims };
  }
}

/**
 * The first matcher that only a few values can satisfy. The lookup may return grants that do not apply, because they are
 * still evaluated in full.
 */
function anchorOf(match: Readonly<Record<string, MatcherConfig>>): Anchor | undefined {
  for (const [claim, matcher] of Object.entries(match)) {
    const values = anchorValues(matcher);
    if (values) return { claim, texts: values.map(String) };
  }
  return undefined;
}

function anchorValues(matcher: MatcherConfig): readonly (string | number | boolean)[] | undefined {
  if (typeof matcher !== 'object') return [matcher];
  if (matcher.equals !== undefined) return [matcher.equals];
  return matcher.anyOf ?? matcher.allOf?.slice(0, 1);
}
