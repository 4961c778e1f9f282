// Who may have which session. Naming a caller of the same account in the trust policy is enough; across accounts, and
// where the trust policy names an account, the caller's own policies must allow it too.
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
import type { KeptKeys } from './session-tokens.js';

const notAuthorized = (caller: Caller, action: string, resource?: string) =>
  accessDenied(
    `User: ${caller.arn} is not authorized to perform: ${action}${resource ? ` on resource: ${resource}` : ''}`,
  );

/**
 * Asks the caller's own policies alone. Throws AccessDenied; of an action without a resource AWS's text may say more.
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
  /** Absent: there is no such role, which is answered like a refusal. */
  readonly role: Role | undefined;
  readonly session: RequestedSession;
  /** Transitive tags of the calling session. */
  readonly inheritedTags: Tags;
  /** Of the role, under the inherited ones. */
  readonly resourceTags: Tags;
  /** Epoch seconds, when MFA was passed in this request or before. */
  readonly mfaAuthenticatedAt: number | undefined;
}

/**
 * AssumeRole by a signed caller. sts:SetSourceIdentity is asked first, as a wrong source identity is answered in its
 * name; whether sts:TagSession is asked before or after sts:AssumeRole is not known.
 */
export function authorizeAssumeRole(call: SignedCall<unknown>, request: AssumeRoleRequest): Role {
  const { role, roleArn, session } = request;
  const entries = sessionEntries(session, request.resourceTags);
  const base = callerContext(call, request.mfaAuthenticatedAt);
  const refuse = (action: string) => notAuthorized(call.caller, action, roleArn);
  if (!role) throw refuse('sts:AssumeRole');
  const require = (action: string, context: ConditionContext) => {
    if (!isPermitted(call.caller, role, { action, resource: roleArn, context })) throw refuse(action);
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
  // A federated user may call no operation of STS but GetCallerIdentity.
  if (caller.type === 'FederatedUser') return false;
  const identity = evaluateIdentity(caller.policies, request);
  const session = caller.sessionPolicies ? evaluateIdentity(caller.sessionPolicies, request) : 'allowed';
  const trust = evaluateTrust(role.trust, trustedPrincipal(caller), request);
  if ([identity, session].includes('explicitDeny') || trust.effect !== 'allowed') return false;
  const sameAccount = role.arn.split(':')[4] === caller.account;
  // Between roles both sides must allow tags and source identity, whoever is named.
  const bothSides = caller.type === 'AssumedRole' && request.action !== 'sts:AssumeRole';
  if (!sameAccount || bothSides || trust.namedBy === 'account') {
    return identity === 'allowed' && session === 'allowed';
  }
  // A grant to the session's own ARN escapes its session policy; a grant to the role, or to everyone, does not.
  return trust.namedBy === 'session' || session === 'allowed';
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
  /** Condition keys from the proof. */
  readonly providerKeys: KeptKeys;
  readonly session: RequestedSession;
}

/** A federated caller has no policies of its own: the trust policy alone decides. */
export function authorizeFederated(call: Call<unknown>, request: FederatedRequest): Role {
  const { action, role, session } = request;
  const refuse = (refused: string) => accessDenied(`Not authorized to perform ${refused}`);
  if (!role) throw refuse(action);
  const entries = sessionEntries(session, role.tags);
  const base = requestContext(call).with(request.providerKeys);
  const principal: TrustedPrincipal = { type: 'Federated', arn: request.providerArn };
  const require = (asked: string, context: ConditionContext) => {
    const decision = evaluateTrust(role.trust, principal, { action: asked, resource: role.arn, context });
    if (decision.effect !== 'allowed') throw refuse(asked);
  };
  if (session.sourceIdentity !== undefined) {
    require('sts:SetSourceIdentity', base.with(withoutTagEntries(entries)));
  }
  require(action, base.with(entries));
  if (hasAny(session.tags)) require('sts:TagSession', base.with(entries));
  return role;
}
