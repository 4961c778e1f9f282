// Policy and PolicyArns of the request. They are accepted only if they can only reduce permissions: session policies of one
// session are combined, so if the role sets one, another one from the caller could extend it.
import { partitionOfArn, partitionOfRegion } from '../../core/arn.js';
import { SallyportError } from '../../core/errors.js';
import { isJsonObject, parseJson } from '../../core/json.js';
import type { ExchangeRequest } from '../../core/types.js';
import { POLICY_LIMIT } from './packed-policy-size.js';
import type { RenderedSession, SessionTemplate } from './session-template.js';
import { POLICY_TEXT } from './sts-constraints.js';

/**
 * `region`: any Region of the role's partition.
 * @throws SallyportError `policy_not_narrowing`, or `parameter_invalid` if STS would refuse it.
 */
export function callerSessionPolicy(
  session: SessionTemplate,
  request: Pick<ExchangeRequest, 'policy' | 'policyArns'>,
  region: string,
): Pick<RenderedSession, 'policy' | 'policyArns'> {
  if (request.policy === undefined && request.policyArns === undefined) return {};
  if (session.policyFixed) throw new SallyportError('policy_not_narrowing');
  if ((request.policy ?? '').length + (request.policyArns ?? []).join('').length > POLICY_LIMIT) {
    throw new SallyportError('parameter_invalid', {
      reason: 'parameter.policy',
      detail: `Policy and PolicyArns have more than ${POLICY_LIMIT} characters in total. Shorten them.`,
    });
  }
  requirePartition(request.policyArns ?? [], partitionOfRegion(region));
  return {
    ...(request.policy !== undefined && { policy: validatedPolicy(request.policy) }),
    ...(request.policyArns !== undefined && { policyArns: request.policyArns }),
  };
}

function requirePartition(arns: readonly string[], partition: string): void {
  if (arns.every((arn) => partitionOfArn(arn) === partition)) return;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.policy_arns',
    detail: `PolicyArns must be in the partition of this role. Send ARNs that start with arn:${partition}:iam::`,
  });
}

function validatedPolicy(text: string): string {
  if (POLICY_TEXT.pattern.test(text) && isPolicyObject(text)) return text;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.policy',
    detail: `Policy must be a JSON object as text. It must have ${POLICY_TEXT.rule}.`,
  });
}

function isPolicyObject(text: string): boolean {
  try {
    return isJsonObject(parseJson(text));
  } catch {
    return false;
  }
}
