// The values of the condition keys of a request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html

import { formatDate } from '@sallyport/sts-protocol/render';
import type { Tags } from '../iam/model.js';
import { ConditionContext, type ConditionValue } from '../iam/policy/context.js';
import type { Call, SignedCall } from './call.js';

type Entry = readonly [string, ConditionValue];

export const tagEntries = (key: string, tags: Tags): Entry[] =>
  Object.entries(tags).map(([name, value]) => [`${key}/${name}`, value]);

/** The keys of any request. AWS accepts TLS only, so aws:SecureTransport is always true. */
export const requestContext = ({ now, sourceIp, userAgent }: Call<unknown>): ConditionContext =>
  new ConditionContext([
    ['aws:CurrentTime', formatDate(now)],
    ['aws:EpochTime', String(Math.floor(now.getTime() / 1000))],
    ['aws:SecureTransport', 'true'],
    ['aws:SourceIp', sourceIp],
    ['aws:UserAgent', userAgent],
  ]);

/** The keys of a signed request. `mfaAt`: when MFA was passed, in this request or before, in epoch seconds. */
export function callerContext(
  call: SignedCall<unknown>,
  mfaAt = call.caller.session?.mfaAuthenticatedAt,
): ConditionContext {
  const { caller, region, now } = call;
  return requestContext(call).with([
    ...caller.conditionKeys,
    ['aws:RequestedRegion', region],
    ['aws:PrincipalArn', caller.principalArn],
    ['aws:PrincipalAccount', caller.account],
    ['aws:PrincipalType', caller.type === 'Root' ? 'Account' : caller.type],
    ['aws:userid', caller.userId],
    ['aws:username', caller.user?.name],
    ['aws:SourceIdentity', caller.sourceIdentity],
    ['aws:TokenIssueTime', caller.session && formatDate(new Date(caller.session.issuedAt * 1000))],
    ['aws:MultiFactorAuthPresent', mfaPresence(caller.session !== undefined, mfaAt)],
    [
      'aws:MultiFactorAuthAge',
      mfaAt === undefined ? undefined : String(Math.floor(now.getTime() / 1000) - mfaAt),
    ],
    ...tagEntries('aws:PrincipalTag', caller.tags),
  ]);
}

/** Absent for long-term keys without MFA in the request. */
function mfaPresence(isSession: boolean, mfaAt: number | undefined): string | undefined {
  if (mfaAt !== undefined) return 'true';
  return isSession ? 'false' : undefined;
}

/** The parameters of a request for a role session. */
export interface RequestedSession {
  readonly roleSessionName: string;
  readonly tags: Tags;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity?: string;
  readonly externalId?: string;
}

/** The keys of a request for a role session. `resourceTags` are the tags of the role. */
export function sessionEntries(session: RequestedSession, resourceTags: Tags): Entry[] {
  const keys = Object.keys(session.tags);
  const listed = (values: readonly string[]) => (values.length > 0 ? values : undefined);
  return [
    ['sts:RoleSessionName', session.roleSessionName],
    ['sts:ExternalId', session.externalId],
    ['sts:SourceIdentity', session.sourceIdentity],
    ['sts:TransitiveTagKeys', listed(session.transitiveTagKeys)],
    ['aws:TagKeys', listed(keys)],
    ...tagEntries('aws:RequestTag', session.tags),
    ...tagEntries('aws:ResourceTag', resourceTags),
  ];
}

/** According to one report, conditions on request tags fail for sts:SetSourceIdentity, so it is evaluated without them. */
export const withoutTagEntries = (entries: readonly Entry[]): Entry[] =>
  entries.filter(([key]) => !key.startsWith('aws:RequestTag/') && key !== 'aws:TagKeys');
