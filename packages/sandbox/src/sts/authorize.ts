// Authorizes role sessions. In the same account, it is enough that the trust policy names the caller. Across accounts, and
// where the trust policy names an account, the caller's own policies must allow the action too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import type { Role, Tags } from '../iam/model.js';
import type { ConditionContext } from '../iam/policy/context.js';
import {
  type AccessRequest,
  evaluateIdentity,
  evaluateTrust,
  type TrustedPrincipal,
} from '../iam/policy/evaluate.js';
import type { Call, SignedCall } from './call.js';
import type { Caller } from './caller.js';
import {
  callerContext,
  type RequestedSession,
  requestContext,
  sessionEntries,
  withoutTagEntries,
} from './context.js';
import { accessDenied } from './errors.js';
import type { ConditionKeys } from './session-tokens.js';

const notAuthorized = (caller: Caller, action: string, resource?: string) =>
  accessDenied(
    `User: ${caller.arn} is not authorized to perform: ${action}${resource ? ` on resource: ${resource}` : ''}`,
  );

/**
 * Evaluates the caller's own policies only. Throws AccessDenied. For an action without a resource, AWS's message may
 * differ.
 */
export function authorizeCaller(
  call: SignedCall<unknown>,
  action: string,
  resource: string | undefined,
  context: ConditionContext = callerContext(call),
): void {
  const { caller } = call;
  const request = { action, resource: resource ?? '*', context };
  const limited = caller.sessionPolicies && evaluateIdentity(caller.sessionPolicies, request) !== 'allowed';
  if (limited || evaluateIdentity(caller.policies, request) !== 'allowed') {
    throw notAuthorized(caller, action, resource);
  }
}

export interface AssumeRoleRequest {
  readonly roleArn: string;
  /** Undefined if there is no such role, which is denied with the same message. */
  readonly role: Role | undefined;
  readonly session: RequestedSession;
  /** Transitive tags of the calling session. */
  readonly inheritedTags: Tags;
  /** Tags of the role, overridden by inherited tags. */
  readonly resourceTags: Tags;
  /** When MFA was passed, in this request or before. Epoch seconds. */
  readonly mfaAuthenticatedAt: number | undefined;
}

/**
 * Authorizes AssumeRole. sts:SetSourceIdentity is evaluated first, because AWS names it when the source identity is
 * wrong. Whether AWS evaluates sts:TagSession before or after sts:AssumeRole is not known.
 */
export function authorizeAssumeRole(call: SignedCall<unknown>, request: AssumeRoleRequest): Role {
  const { role, roleArn, session } = request;
  const entries = sessionEntries(session, request.resourceTags);
  const base = callerContext(call, request.mfaAuthenticatedAt);
  const deny = (action: string) => notAuthorized(call.caller, action, roleArn);
  if (!role) throw deny('sts:AssumeRole');
  const require = (action: string, context: ConditionContext) => {
    if (!isPermitted(call.caller, role, { action, resource: roleArn, context })) throw deny(action);
  };
  if (session.sourceIdentity !== undefined) {
    require('sts:SetSourceIdentity', base.with(withoutTagEntries(entries)));
  }
  require('sts:AssumeRole', base.with(entries));
  if (hasAny(session.tags) || hasAny(request.inheritedTags)) require('sts:TagSession', base.with(entries));
  return role;
}

const hasAny = (tags: Tags) => Object.keys(tags).length > 0;

function isPermitted(caller: Caller, role: Role, request: AccessRequest): boolean {
  // A federated user can call no STS operation but GetCallerIdentity.
  if (caller.type === 'FederatedUser') return false;
  const identity = evaluateIdentity(caller.policies, request);
  const session = caller.sessionPolicies ? evaluateIdentity(caller.sessionPolicies, request) : 'allowed';
  const trust = evaluateTrust(role.trust, trustedPrincipal(caller), request);
  if ([identity, session].includes('explicitDeny') || trust.effect !== 'allowed') return false;
  const sameAccount = role.arn.split(':')[4] === caller.account;
  // For role chaining, both policies must allow tags and source identity.
  const bothSides = caller.type === 'AssumedRole' && request.action !== 'sts:AssumeRole';
  if (!sameAccount || bothSides || trust.principalMatch === 'account') {
    return identity === 'allowed' && session === 'allowed';
  }
  // A grant to the session's ARN is not limited by its session policy. A grant to the role, or to *, is.
  return trust.principalMatch === 'session' || session === 'allowed';
}

function trustedPrincipal({ type, account, arn, principalArn }: Caller): TrustedPrincipal {
  return {
    type: 'AWS',
    account,
    arn: principalArn,
    ...(type === 'AssumedRole' && { sessionArn: arn }),
  };
}

export interface FederatedRequest {
  readonly action: 'sts:AssumeRoleWithSAML' | 'sts:AssumeRoleWithWebIdentity';
  readonly role: Role | undefined;
  readonly providerArn: string;
  /** Condition keys from the token or assertion. */
  readonly providerKeys: ConditionKeys;
  readonly session: RequestedSession;
}

/** Authorizes a federated caller. It has no identity policies: only the trust policy is evaluated. */
export function authorizeFederated(call: Call<unknown>, request: FederatedRequest): Role {
  const { action, role, session } = request;
  const deny = (denied: string) => accessDenied(`Not authorized to perform ${denied}`);
  if (!role) throw deny(action);
  const entries = sessionEntries(session, role.tags);
  const base = requestContext(call).with(request.providerKeys);
  const principal: TrustedPrincipal = { type: 'Federated', arn: request.providerArn };
  const require = (required: string, context: ConditionContext) => {
    const decision = evaluateTrust(role.trust, principal, { action: required, resource: role.arn, context });
    if (decision.effect !== 'allowed') throw deny(required);
  };
  if (session.sourceIdentity !== undefined) {
    require('sts:SetSourceIdentity', base.with(withoutTagEntries(entries)));
  }
  require(action, base.with(entries));
  if (hasAny(session.tags)) require('sts:TagSession', base.with(entries));
  return role;
}
