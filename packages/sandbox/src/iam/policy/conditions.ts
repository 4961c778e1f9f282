// Evaluates the Condition element: all conditions of a statement must be met.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
import type { ConditionContext } from './context.js';
import type { Condition, PolicyDocument } from './document.js';
import { parseOperator } from './operators.js';
import { type PatternPart, parsePattern } from './pattern.js';

export type PolicyVersion = PolicyDocument['version'];

/** The context for policy variables, which only version 2012-10-17 has. */
export const variableContext = (version: PolicyVersion, context: ConditionContext) =>
  version === '2012-10-17' ? context : undefined;

export function isConditionMet(
  condition: Condition,
  version: PolicyVersion,
  context: ConditionContext,
): boolean {
  const values = context.get(condition.key);
  if (condition.operator === 'Null') {
    return condition.values.some((value) => (value.toLowerCase() === 'true') === (values === undefined));
  }
  const operator = parseOperator(condition.operator);
  if (!operator) return false;
  if (values === undefined) {
    return operator.ifExists || operator.set === 'ForAllValues' || (!operator.set && operator.negated);
  }
  const patterns = condition.values
    .map((value) => parsePattern(value, variableContext(version, context)))
    .filter((parts): parts is PatternPart[] => parts !== undefined);
  const satisfies = (value: string) =>
    patterns.some((pattern) => operator.compare(value, pattern)) !== operator.negated;
  if (operator.set === 'ForAllValues') return values.every(satisfies);
  if (operator.set === 'ForAnyValue') return values.some(satisfies);
  // AWS requires a set operator for keys with several values. The behavior without one is undefined: no match here.
  return values.length === 1 && values.every(satisfies);
}
