// GetFederationToken: credentials for a named federated user with part of the caller's permissions. It requires long-term
// credentials.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html

import type { ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { authorizeCaller } from '../authorize.js';
import type { SignedCall } from '../call.js';
import { callerContext, tagEntries } from '../context.js';
import { accessDenied } from '../errors.js';
import { packedPolicySize, readSessionPolicy } from '../session-policy.js';
import { readTags } from '../tags.js';
import { userSessionDuration } from '../user-session.js';

export function getFederationToken(call: SignedCall<ParametersOf<'GetFederationToken'>>): Result {
  const { parameters, caller, now } = call;
  if (caller.session) throw accessDenied('Cannot call GetFederationToken with session credentials');
  const { tags } = readTags(parameters.Tags ?? [], []);
  const policy = readSessionPolicy(parameters);
  const arn = `arn:aws:sts::${caller.account}:federated-user/${parameters.Name}`;
  const keys = Object.keys(tags);
  const context = callerContext(call).with([
    ['aws:TagKeys', keys.length > 0 ? keys : undefined],
    ...tagEntries('aws:RequestTag', tags),
  ]);
  authorizeCaller(call, 'sts:GetFederationToken', arn, context);
  if (keys.length > 0) authorizeCaller(call, 'sts:TagSession', arn, context);
  const size = packedPolicySize(policy, tags);
  const credentials = call.tokens.issue(
    { type: 'FederatedUser', account: caller.account, name: parameters.Name, tags },
    userSessionDuration(parameters.DurationSeconds, caller),
    now,
  );
  return {
    Credentials: { ...credentials },
    FederatedUser: { FederatedUserId: `${caller.account}:${parameters.Name}`, Arn: arn },
    PackedPolicySize: size,
  };
}
