// Entry point of this folder. `decide` turns a principal and a request into a Decision, or throws the refusal. It is pure:
// no I/O, and the time is an argument. Default deny, an explicit deny overrides every allow, and the order of grants does not
// matter. An unknown role and one that is not permitted get the same refusal.
//
// policy.ts compiles the config, permitted-roles.ts evaluates grants, session/ builds the session, explain/ and lint/
// serve operators.
import type { Permission } from '../config/schema/grant.js';
import { SallyportError } from '../core/errors.js';
import { omitUndefined } from '../core/omit-undefined.js';
import type { Decision, ExchangeRequest, Principal } from '../core/types.js';
import { EvaluationContext } from './grants/evaluation-context.js';
import {
  evaluatePermission,
  evaluatePermittedRoles,
  notPermitted,
  type PermittedRole,
  type PermittedRoles,
  resolveRole,
} from './permitted-roles.js';
import type { Policy } from './policy.js';
import type { CompiledRole } from './roles/role.js';
import { callerSessionPolicy } from './session/caller-session-policy.js';
import { decideConsoleSession } from './session/console-session.js';
import { limitDuration } from './session/duration-limits.js';
import { requestedRoleSessionName } from './session/role-session-name.js';

export type { PermittedRole };

type Caller = Pick<ExchangeRequest, 'sourceAddress'>;

/** The parts of a request that the decision depends on. */
export type DecisionRequest = Caller &
  Pick<
    ExchangeRequest,
    'role' | 'durationSeconds' | 'policy' | 'policyArns' | 'roleSessionName' | 'preferred'
  > &
  Pick<ExchangeRequest, 'mfa' | 'reason' | 'console'>;

/** All roles that the principal may use from this address at this time, in the order of the config. */
export function listPermittedRoles(
  policy: Policy,
  principal: Principal,
  caller: Caller,
  now: Date,
): readonly PermittedRole[] {
  const context = new EvaluationContext(policy.aliases, principal, caller.sourceAddress, now);
  return evaluatePermittedRoles(policy, context).permitted;
}

/** Whether the principal has a permission for the broker itself. Default deny, and an explicit deny overrides an allow. */
export function hasPermission(
  permission: Permission,
  policy: Policy,
  principal: Principal,
  caller: Caller,
  now: Date,
): boolean {
  const context = new EvaluationContext(policy.aliases, principal, caller.sourceAddress, now);
  return evaluatePermission(policy, context, permission);
}

/**
 * Decides which role the caller gets, and with which session.
 * @throws SallyportError with the code of the refusal.
 */
export function decide(policy: Policy, principal: Principal, request: DecisionRequest, now: Date): Decision {
  const context = new EvaluationContext(policy.aliases, principal, request.sourceAddress, now);
  const selected = selectRole(policy, context, request.role);
  return decideRole(policy, selected, context, request, checkRequirements);
}

/** The RoleSessionName in explanations of roles whose session name the caller chooses. */
const PLACEHOLDER_NAME = { roleSessionName: 'RoleSessionName' };

/**
 * The decision about a permitted role, as if the request met the role's requirements: a reason, an MFA code, and a
 * RoleSessionName, for which the word `RoleSessionName` stands.
 * @throws SallyportError with the code of the refusal.
 */
export const decideAssumingRequirementsMet = (
  policy: Policy,
  selected: SelectedRole,
  context: EvaluationContext,
  request: DecisionRequest,
): Decision => decideRole(policy, selected, context, { preferred: PLACEHOLDER_NAME, ...request }, () => {});

type SelectedRole = PermittedRole & Pick<PermittedRoles, 'failed'>;

function decideRole(
  policy: Policy,
  { role, grant, failed }: SelectedRole,
  { principal, omitted, now }: EvaluationContext,
  request: DecisionRequest,
  requireMet: typeof checkRequirements,
): Decision {
  if (!acceptsProof(policy, role, principal)) {
    const required =
      role.proofType === 'saml'
        ? 'a SAMLResponse that is addressed to AWS in the body'
        : 'a JWT as Bearer token';
    throw new SallyportError('proof_type_mismatch', {
      detail: `This role is issued through ${role.target.operation}. Send ${required}.`,
    });
  }
  requireMet(role, request);
  role.session.requireKnownClaims(principal.claims, omitted);
  const lifetime = limitDuration(role.session.durationLimits, principal, request, now);
  const session = {
    ...role.session.render(principal.claims, requestedRoleSessionName(role.session, request)),
    ...callerSessionPolicy(role.session, request, policy.region),
    durationSeconds: lifetime.seconds,
  };
  return omitUndefined({
    role: role.name,
    rolesFrom: role.roleSource,
    target: role.target,
    region: role.region,
    session,
    notAfter: lifetime.notAfter,
    grant,
    durationLimitedBy: lifetime.limitedBy,
    reason: request.reason,
    console: request.console && decideConsoleSession(policy, role, principal, request.console, now),
    failedConditions: failed.length > 0 ? failed : undefined,
  });
}

/** Whether STS accepts the caller's proof for this role, or does not receive it. */
const acceptsProof = (
  { brokerAudienceIssuers }: Policy,
  { proofType }: CompiledRole,
  { type, issuer }: Principal,
) => proofType === undefined || (proofType === type && !brokerAudienceIssuers.has(issuer));

/** The only role for this type of proof: of all permitted roles, or of those that `requested` refers to. */
function selectRole(policy: Policy, context: EvaluationContext, requested: string | undefined): SelectedRole {
  const evaluation =
    requested === undefined
      ? evaluatePermittedRoles(policy, context)
      : resolveRole(policy, context, requested);
  const { permitted, failed } = evaluation;
  const matching = permitted.filter(({ role }) => acceptsProof(policy, role, context.principal));
  // If a role was requested that needs another type of proof, the refusal says so.
  const candidates = matching.length > 0 || requested === undefined ? matching : permitted.slice(0, 1);
  const [first, second] = candidates;
  if (!first) throw notPermitted('no_role_permitted', evaluation, context);
  if (second) {
    throw new SallyportError('role_ambiguous', {
      members: { Roles: candidates.map(({ role }) => role.name) },
    });
  }
  return { ...first, failed };
}

/** Checks only that an MFA code is present. STS verifies it. */
function checkRequirements(role: CompiledRole, { reason, mfa }: DecisionRequest): void {
  if (role.reasonRequired && reason === undefined) throw new SallyportError('reason_required');
  if (role.mfa === 'required' && !mfa) throw new SallyportError('mfa_required');
  if (role.mfa === 'refused' && mfa) {
    throw new SallyportError('parameter_invalid', {
      reason: 'parameter.mfa',
      detail: `${role.target.operation} does not support SerialNumber and TokenCode. Remove them.`,
    });
  }
}
