// AssumeRoleWithWebIdentity: a session for the holder of a token of an OIDC provider that the role trusts. Not signed.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html

import type { ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { findRole } from '../../iam/model.js';
import { authorizeFederated } from '../authorize.js';
import type { Call } from '../call.js';
import { notImplemented } from '../errors.js';
import { checkArn, issueRoleSession, roleSessionDuration } from '../role-session.js';
import { readSessionPolicy } from '../session-policy.js';
import { verifyWebIdentity } from '../web-identity.js';
import { sourceIdentityOfClaims, tagsOfClaims } from '../web-identity-tags.js';

export async function assumeRoleWithWebIdentity(
  call: Call<ParametersOf<'AssumeRoleWithWebIdentity'>>,
): Promise<Result> {
  const { parameters, iam, now } = call;
  if (parameters.ProviderId !== undefined) throw notImplemented('OAuth 2.0 access tokens (ProviderId)');
  checkArn(parameters.RoleArn);
  const policy = readSessionPolicy(parameters);
  const account = iam.accounts.get(parameters.RoleArn.split(':')[4] ?? '');
  const identity = await verifyWebIdentity(parameters.WebIdentityToken, account, call.providerKeys, now);
  const { tags, transitiveKeys } = tagsOfClaims(identity.claims);
  const sourceIdentity = sourceIdentityOfClaims(identity.claims);
  const role = authorizeFederated(call, {
    action: 'sts:AssumeRoleWithWebIdentity',
    role: findRole(iam, parameters.RoleArn),
    providerArn: identity.provider.arn,
    providerKeys: identity.conditionKeys,
    session: {
      roleSessionName: parameters.RoleSessionName,
      tags,
      transitiveTagKeys: transitiveKeys,
      ...sourceIdentity,
    },
  });
  const session = issueRoleSession(
    call.tokens,
    {
      role,
      sessionName: parameters.RoleSessionName,
      durationSeconds: roleSessionDuration(parameters.DurationSeconds, role, false),
      tags,
      transitiveTagKeys: transitiveKeys,
      ...sourceIdentity,
      policy,
      conditionKeys: identity.conditionKeys,
    },
    now,
  );
  return {
    SubjectFromWebIdentityToken: identity.subject,
    Audience: identity.audience,
    // The API reference says the `iss` of the token. Recorded responses have the ARN of the provider.
    Provider: identity.provider.arn,
    ...session,
  };
}
