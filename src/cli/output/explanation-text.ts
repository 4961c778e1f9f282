// An explanation as text: the outcome, the session, and each grant with the conditions and the values they were
// compared with.
import type { RoleExplanation } from '../../authz/explain/explain.js';
import type { ConditionResult, GrantResult } from '../../authz/explain/grant-result.js';
import type { Session } from '../../core/types.js';
import type { StyleFunction } from '../terminal.js';

export function explanationText(explanation: RoleExplanation, style: StyleFunction): string {
  const { role, grants } = explanation;
  return [
    `${style('bold', role)}: ${outcomeText(explanation, style)}`,
    ...sessionLines(explanation),
    ...(grants.length === 0
      ? ['  no grant applies to this role']
      : grants.flatMap((grant) => grantLines(grant, style))),
  ].join('\n');
}

function outcomeText({ permitted, decision, refusal }: RoleExplanation, style: StyleFunction): string {
  if (decision) return style('green', `permitted by ${decision.grant}`);
  if (permitted === undefined) return style('yellow', 'depends on the claims, which are not known');
  if (permitted) {
    if (!refusal) return style('green', 'permitted');
    return style('red', `permitted, but denied: ${refusal.code}. ${refusal.detail}`);
  }
  return style('red', 'not permitted');
}

function sessionLines({ decision }: RoleExplanation): readonly string[] {
  if (!decision) return [];
  const { session, target, durationLimitedBy } = decision;
  const { name, durationSeconds, policy, policyArns, tags, transitiveTags, sourceIdentity }: Session =
    session;
  const roleArn = 'roleArn' in target ? ` ${target.roleArn}` : '';
  return [
    `  ${target.operation}${roleArn}`,
    `  session${name === undefined ? '' : ` ${name}`}, ${durationSeconds} seconds (limited by ${durationLimitedBy})`,
    ...(policy !== undefined ? [`  policy ${policy}`] : []),
    ...(policyArns ? [`  policyArns ${policyArns.join(', ')}`] : []),
    ...(tags ? [`  tags ${JSON.stringify(tags)}`] : []),
    ...(transitiveTags ? [`  transitive tags ${transitiveTags.join(', ')}`] : []),
    ...(sourceIdentity !== undefined ? [`  source identity ${sourceIdentity}`] : []),
  ];
}

function grantLines(
  { id, effect, applies, conditions }: GrantResult,
  style: StyleFunction,
): readonly string[] {
  const outcome = applies === undefined ? 'may apply' : applies ? 'applies' : 'does not apply';
  return [
    `  ${mark(applies, style)} ${effect} ${id} ${style('dim', outcome)}`,
    ...conditions.map((condition) => conditionLine(condition, style)),
  ];
}

function conditionLine({ on, wanted, seen, holds, failure }: ConditionResult, style: StyleFunction): string {
  const actual = holds === undefined ? 'unknown' : seen === undefined ? 'absent' : JSON.stringify(seen);
  const expected = `${on === 'mfa' ? 'one of ' : ''}${JSON.stringify(wanted)}`;
  const line = `      ${mark(holds, style)} ${on}: expected ${expected}, actual ${actual}`;
  if (failure !== undefined) return `${line}, ${style('red', `failed: ${failure}`)}`;
  return on === 'when' && holds !== undefined ? `${line}, result ${holds}` : line;
}

function mark(outcome: boolean | undefined, style: StyleFunction): string {
  if (outcome === undefined) return style('yellow', '?');
  return outcome ? style('green', '+') : style('red', '-');
}
