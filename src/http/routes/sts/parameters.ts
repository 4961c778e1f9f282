// The two STS actions that need no signature, and their parameters. The constraints are those of AWS, except that RoleArn
// may also be the name of a role in the config.
import { CONSTRAINTS, type ValueOf } from '@sallyport/sts-protocol/constraints';
import { invalidAction } from '@sallyport/sts-protocol/sts-error';
import { type QueryParameters, validate } from '@sallyport/sts-protocol/validate';
import { POLICY_ARN_PATTERN } from '../../../core/arn.js';

const VERSION = '2011-06-15';

const { AssumeRoleWithSAML, AssumeRoleWithWebIdentity } = CONSTRAINTS;

/** A role name can be shorter than any ARN. */
const RoleArn = { ...AssumeRoleWithSAML.required.RoleArn, min: 1 } as const;
/** AWS states the maximum of 10 in its documentation only. */
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

/** A call that satisfies AWS's constraints. The proof has not been verified yet. */
export type StsCall =
  | { readonly action: 'AssumeRoleWithSAML'; readonly parameters: ValueOf<typeof ACTIONS.AssumeRoleWithSAML> }
  | {
      readonly action: 'AssumeRoleWithWebIdentity';
      readonly parameters: ValueOf<typeof ACTIONS.AssumeRoleWithWebIdentity>;
    };

/** @throws StsError `InvalidAction`, `ValidationError` or `MalformedInput`, with the texts of AWS. */
export function readCall(action: string, parameters: QueryParameters): StsCall {
  const version = parameters.get('Version');
  if (version === VERSION && action === 'AssumeRoleWithSAML')
    return { action, parameters: validate(ACTIONS.AssumeRoleWithSAML, parameters) };
  if (version === VERSION && action === 'AssumeRoleWithWebIdentity')
    return { action, parameters: validate(ACTIONS.AssumeRoleWithWebIdentity, parameters) };
  throw invalidAction(action, version);
}
