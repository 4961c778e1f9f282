// The two actions of STS that need no signature, and their parameters: AWS's own constraints, but that a role may be
// named as the broker names it too.

import { CONSTRAINTS, type ValueOf } from '@sallyport/sts-protocol/constraints';
import { invalidAction } from '@sallyport/sts-protocol/sts-error';
import { type QueryParameters, validate } from '@sallyport/sts-protocol/validate';
import { POLICY_ARN_PATTERN } from '../../../core/arn.js';

const VERSION = '2011-06-15';

const { AssumeRoleWithSAML, AssumeRoleWithWebIdentity } = CONSTRAINTS;

/** A role's name may be shorter than any ARN. */
const RoleArn = { ...AssumeRoleWithSAML.required.RoleArn, min: 1 } as const;
/** How many there may be AWS says in its documentation alone. */
const PolicyArns = {
  type: 'list',
  max: 10,
  member: {
    type: 'structure',
    required: { arn: { type: 'text', max: 2048, pattern: POLICY_ARN_PATTERN } },
    optional: {},
  },
} as const;

const ACTIONS = {
  AssumeRoleWithSAML: {
    type: 'structure',
    required: { ...AssumeRoleWithSAML.required, RoleArn },
    optional: { ...AssumeRoleWithSAML.optional, PolicyArns },
  },
  AssumeRoleWithWebIdentity: {
    type: 'structure',
    required: { ...AssumeRoleWithWebIdentity.required, RoleArn },
    optional: { ...AssumeRoleWithWebIdentity.optional, PolicyArns },
  },
} as const;

/** A call that AWS would take, as far as that can be seen without looking at the proof. */
export type StsCall =
  | { readonly action: 'AssumeRoleWithSAML'; readonly parameters: ValueOf<typeof ACTIONS.AssumeRoleWithSAML> }
  | {
      readonly action: 'AssumeRoleWithWebIdentity';
      readonly parameters: ValueOf<typeof ACTIONS.AssumeRoleWithWebIdentity>;
    };

/** @throws StsFault `InvalidAction`, `ValidationError` or `MalformedInput`, in AWS's words. */
export function readCall(action: string, parameters: QueryParameters): StsCall {
  const version = parameters.get('Version');
  if (version === VERSION && action === 'AssumeRoleWithSAML')
    return { action, parameters: validate(ACTIONS.AssumeRoleWithSAML, parameters) };
  if (version === VERSION && action === 'AssumeRoleWithWebIdentity')
    return { action, parameters: validate(ACTIONS.AssumeRoleWithWebIdentity, parameters) };
  throw invalidAction(action, version);
}
