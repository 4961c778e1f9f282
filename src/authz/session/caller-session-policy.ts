// What a caller may take away from a session: Policy and PolicyArns, where they can only reduce. Session policies of
// one session add up among themselves, so where the role sets one, another from the caller could widen it.
import { partitionOfArn, partitionOfRegion } from '../../core/arn.js';
import { SallyportError } from '../../core/errors.js';
import { isJsonObject, parseJson } from '../../core/json.js';
import type { ExchangeRequest } from '../../core/types.js';
import { POLICY_LIMIT } from './packed-policy-size.js';
import type { RenderedSession, SessionTemplate } from './session-template.js';
import { POLICY_TEXT } from './sts-constraints.js';

/**
 * `region`: one of the partition that the role is in.
 * @throws SallyportError `policy_not_narrowing`, or `parameter_invalid` for what STS would not read.
 */
export function callerSessionPolicy(
  session: SessionTemplate,
  asked: Pick<ExchangeRequest, 'policy' | 'policyArns'>,
  region: string,
): Pick<RenderedSession, 'policy' | 'policyArns'> {
  if (asked.policy === undefined && asked.policyArns === undefined) return {};
  if (session.policyFixed) throw new SallyportError('policy_not_narrowing');
  if ((asked.policy ?? '').length + (asked.policyArns ?? []).join('').length > POLICY_LIMIT) {
    throw new SallyportError('parameter_invalid', {
      reason: 'parameter.policy',
      detail: `Policy and PolicyArns may have ${POLICY_LIMIT} characters together.`,
    });
  }
  requirePartition(asked.policyArns ?? [], partitionOfRegion(region));
  return {
    ...(asked.policy !== undefined && { policy: checkedPolicy(asked.policy) }),
    ...(asked.policyArns !== undefined && { policyArns: asked.policyArns }),
  };
}

function requirePartition(arns: readonly string[], partition: string): void {
  if (arns.every((arn) => partitionOfArn(arn) === partition)) return;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.policy_arns',
    detail: `PolicyArns must be of ${partition}, the partition of this role: arn:${partition}:iam::…`,
  });
}

function checkedPolicy(text: string): string {
  if (POLICY_TEXT.pattern.test(text) && isPolicyObject(text)) return text;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.policy',
    detail: `Policy must be a JSON object as text, of ${POLICY_TEXT.rule}.`,
  });
}

function isPolicyObject(text: string): boolean {
  try {
    return isJsonObject(parseJson(text));
  } catch {
    return false;
  }
}
