// An explanation as text: the outcome, and every rule with what it wanted and what it saw.
import type { RoleExplanation } from '../../authz/explain/explain.js';
import type { ConditionResult, GrantResult } from '../../authz/explain/grant-result.js';
import type { Session } from '../../core/types.js';
import { style } from './style.js';

export function explanationText(explanation: RoleExplanation): string {
  const { role, grants } = explanation;
  const rules =
    grants.length === 0 ? ['  no grant is about this role'] : grants.flatMap((grant) => ruleLines(grant));
  return [`${style('bold', role)}: ${outcomeOf(explanation)}`, ...sessionLines(explanation), ...rules].join(
    '\n',
  );
}

function outcomeOf({ permitted, decision, refusal }: RoleExplanation): string {
  if (decision) return style('green', `permitted by ${decision.grant}`);
  if (permitted === undefined) return style('yellow', 'depends on the claims, which are not known');
  if (permitted) {
    if (!refusal) return style('green', 'permitted');
    return style('red', `permitted, but refused: ${refusal.code}. ${refusal.detail}`);
  }
  return style('red', 'not permitted');
}

function sessionLines({ decision }: RoleExplanation): readonly string[] {
  if (!decision) return [];
  const { session, target, durationLimitedBy } = decision;
  const { name, durationSeconds, policy, policyArns, tags, transitiveTags, sourceIdentity }: Session =
    session;
  const about = 'roleArn' in target ? ` ${target.roleArn}` : '';
  return [
    `  ${target.operation}${about}`,
    `  session${name === undefined ? '' : ` ${name}`}, ${durationSeconds} seconds (by ${durationLimitedBy})`,
    ...(policy !== undefined ? [`  policy ${policy}`] : []),
    ...(policyArns ? [`  policyArns ${policyArns.join(', ')}`] : []),
    ...(tags ? [`  tags ${JSON.stringify(tags)}`] : []),
    ...(transitiveTags ? [`  transitive tags ${transitiveTags.join(', ')}`] : []),
    ...(sourceIdentity !== undefined ? [`  source identity ${sourceIdentity}`] : []),
  ];
}

function ruleLines({ id, effect, applies, conditions }: GrantResult): readonly string[] {
  const word = applies === undefined ? 'may apply' : applies ? 'applies' : 'does not apply';
  const head = `  ${mark(applies)} ${effect} ${id} ${style('dim', word)}`;
  return [head, ...conditions.map(conditionLine)];
}

function conditionLine({ on, wanted, seen, holds, failure }: ConditionResult): string {
  const sight = holds === undefined ? 'not known' : seen === undefined ? 'absent' : JSON.stringify(seen);
  const sought = `${on === 'mfa' ? 'one of ' : ''}${JSON.stringify(wanted)}`;
  const line = `      ${mark(holds)} ${on}: wanted ${sought}, seen ${sight}`;
  if (failure !== undefined) return `${line}, ${style('red', `failed: ${failure}`)}`;
  return on === 'when' && holds !== undefined ? `${line}, yields ${holds}` : line;
}

function mark(outcome: boolean | undefined): string {
  if (outcome === undefined) return style('yellow', '?');
  return outcome ? style('green', '+') : style('red', '-');
}
