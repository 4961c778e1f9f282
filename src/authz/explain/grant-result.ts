// How one grant comes out, condition by condition. It asks the very conditions that decide.
import { ExpressionEvaluationError } from '../cel/expression.js';
import type { GrantCondition } from '../grants/conditions.js';
import type { EvaluationContext } from '../grants/evaluation-context.js';
import type { CompiledGrant } from '../grants/grant.js';

export interface ConditionResult {
  /** Its path in the grant, e.g. `match.groups`. */
  readonly on: string;
  readonly wanted: unknown;
  /** Absent if there is no such claim, or it is not known. For `when` and `mfa`, the claims they read, by name. */
  readonly seen?: unknown;
  /** Undefined: the claims are not known. */
  readonly holds: boolean | undefined;
  /** Why a `when` could not be evaluated; `holds` is what the grant then takes it for. No value of a claim. */
  readonly failure?: string;
}

export interface GrantResult {
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  /** Whether all conditions hold. Undefined: the claims are not known, and could make it so. */
  readonly applies: boolean | undefined;
  readonly conditions: readonly ConditionResult[];
}

export function grantResult(
  grant: CompiledGrant,
  situation: EvaluationContext,
  claimsKnown: boolean,
): GrantResult {
  const conditions = grant.conditions.map((condition): ConditionResult => {
    const asked = { on: condition.path, wanted: condition.expected(situation) };
    if (condition.dependsOnClaims && !claimsKnown) return { ...asked, holds: undefined };
    const seen = condition.actual(situation);
    return { ...asked, ...(seen !== undefined && { seen }), ...outcome(condition, situation, grant.deny) };
  });
  const outcomes = conditions.map(({ holds }) => holds);
  const applies = outcomes.includes(false) ? false : outcomes.includes(undefined) ? undefined : true;
  return { id: grant.id, effect: grant.deny ? 'deny' : 'allow', applies, conditions };
}

/** What cannot be evaluated counts as the grant counts it: a deny denies, an allow does not allow. */
function outcome(
  condition: GrantCondition,
  situation: EvaluationContext,
  deny: boolean,
): Pick<ConditionResult, 'holds' | 'failure'> {
  try {
    return { holds: condition.isMet(situation) };
  } catch (error) {
    return {
      holds: deny,
      failure: error instanceof ExpressionEvaluationError ? error.message : 'internal error',
    };
  }
}
