// The result of one grant, condition by condition. It evaluates the same conditions as a decision.
import { omitUndefined } from '../../core/omit-undefined.js';
import { ExpressionEvaluationError } from '../cel/expression.js';
import type { GrantCondition } from '../grants/conditions.js';
import { type EvaluationContext, UnknownClaimsError } from '../grants/evaluation-context.js';
import type { CompiledGrant } from '../grants/grant.js';

/** Member names are public: `sallyport check --json` and `explain --json` print them. */
export interface ConditionResult {
  /** Path of the condition in the grant, for example `match.groups`. */
  readonly on: string;
  /** The expected value. */
  readonly wanted: unknown;
  /** The caller's value. Absent if there is none or the claims are not known. For `when` and `mfa`, by claim. */
  readonly seen?: unknown;
  /** Whether the condition is met. Undefined: the claims are not known. */
  readonly holds: boolean | undefined;
  /**
   * Why the condition could not be evaluated: an error of `when`, or claims that the proof left out. `holds` is then the effect
   * of that. Contains no value of a claim.
   */
  readonly failure?: string;
}

export interface GrantResult {
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  /** Whether all conditions are met. Undefined: it depends on claims that are not known. */
  readonly applies: boolean | undefined;
  readonly conditions: readonly ConditionResult[];
}

export function grantResult(
  grant: CompiledGrant,
  context: EvaluationContext,
  claimsKnown: boolean,
): GrantResult {
  const conditions = grant.conditions.map((condition): ConditionResult => {
    const { path: on, dependsOnClaims } = condition;
    const wanted = condition.expected(context);
    if (dependsOnClaims && !claimsKnown) return { on, wanted, holds: undefined };
    const seen = condition.actual(context);
    return { on, wanted, ...omitUndefined({ seen }), ...evaluate(condition, context, grant.deny) };
  });
  const results = conditions.map(({ holds }) => holds);
  const applies = results.includes(false) ? false : results.includes(undefined) ? undefined : true;
  return { id: grant.id, effect: grant.deny ? 'deny' : 'allow', applies, conditions };
}

/** A condition that cannot be evaluated counts as met for a deny, and as not met for an allow. */
function evaluate(
  condition: GrantCondition,
  context: EvaluationContext,
  deny: boolean,
): Pick<ConditionResult, 'holds' | 'failure'> {
  try {
    return { holds: condition.isMet(context) };
  } catch (error) {
    const isKnown = error instanceof ExpressionEvaluationError || error instanceof UnknownClaimsError;
    const failure = isKnown ? error.message : 'internal error';
    return { holds: deny, failure };
  }
}
