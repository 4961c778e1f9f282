// AssumeRole: a role session for a user or a role.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

import type { ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { validationError } from '@sallyport/sts-protocol/sts-error';
import { findRole } from '../../iam/model.js';
import { authorizeAssumeRole } from '../authorize.js';
import type { SignedCall } from '../call.js';
import { accessDenied, notImplemented } from '../errors.js';
import { mfaAuthenticatedAt } from '../mfa.js';
import { checkArn, issueRoleSession, roleSessionDuration } from '../role-session.js';
import { readSessionPolicy } from '../session-policy.js';
import { mergeTags, readTags } from '../tags.js';

export function assumeRole(call: SignedCall<ParametersOf<'AssumeRole'>>): Result {
  const { parameters, caller, iam, now } = call;
  if (caller.type === 'Root') throw accessDenied('Roles may not be assumed by root accounts.');
  if (parameters.ProvidedContexts) throw notImplemented('ProvidedContexts of AssumeRole');
  checkArn(parameters.RoleArn);
  const inheritedTags = caller.transitiveTags;
  const { tags, transitiveKeys } = readTags(
    parameters.Tags ?? [],
    parameters.TransitiveTagKeys ?? [],
    inheritedTags,
  );
  const policy = readSessionPolicy(parameters);
  const sourceIdentity = sourceIdentityOf(parameters.SourceIdentity, caller.sourceIdentity);
  const mfa = mfaAuthenticatedAt(parameters, caller, now);
  const found = findRole(iam, parameters.RoleArn);
  const role = authorizeAssumeRole(call, {
    roleArn: parameters.RoleArn,
    role: found,
    session: {
      roleSessionName: parameters.RoleSessionName,
      tags,
      transitiveTagKeys: transitiveKeys,
      ...sourceIdentity,
      ...(parameters.ExternalId !== undefined && { externalId: parameters.ExternalId }),
    },
    inheritedTags,
    resourceTags: mergeTags(found?.tags ?? {}, inheritedTags),
    mfaAuthenticatedAt: mfa,
  });
  // Reports differ on whether role chaining limits apply to credentials of GetSessionToken. Here they apply.
  const chained = caller.session !== undefined;
  const durationSeconds = roleSessionDuration(parameters.DurationSeconds, role, chained);
  return issueRoleSession(
    call.tokens,
    {
      role,
      sessionName: parameters.RoleSessionName,
      durationSeconds,
      tags,
      transitiveTagKeys: transitiveKeys,
      inheritedTags,
      ...sourceIdentity,
      policy,
      conditionKeys: [],
      chained,
      ...(mfa !== undefined && { mfaAuthenticatedAt: mfa }),
    },
    now,
  );
}

/** Once set, it applies to the whole chain. The same value can be repeated; another one is an error. */
function sourceIdentityOf(
  requested: string | undefined,
  inherited: string | undefined,
): { readonly sourceIdentity?: string } {
  if (inherited !== undefined && requested !== undefined && requested !== inherited) {
    throw validationError('The source identity is already set for this assume role session');
  }
  const sourceIdentity = inherited ?? requested;
  return sourceIdentity === undefined ? {} : { sourceIdentity };
}
