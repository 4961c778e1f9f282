// Principal + request -> Decision, or a refusal. Pure: no I/O, no clock of its own. Default deny, a deny wins, order
// never matters. A role that is not there and one that is not permitted are refused alike.
import type { Permission } from '../config/schema/grant.js';
import { SallyportError } from '../core/errors.js';
import type { Decision, ExchangeRequest, Principal, Session } from '../core/types.js';
import { createEvaluationContext, type EvaluationContext } from './grants/evaluation-context.js';
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
/** What of a request the decision depends on. */
export type DecisionRequest = Caller &
  Pick<
    ExchangeRequest,
    'role' | 'durationSeconds' | 'policy' | 'policyArns' | 'roleSessionName' | 'preferred'
  > &
  Pick<ExchangeRequest, 'mfa' | 'reason' | 'console'>;

/** Every role this principal may have from this address at this time, by the order of the config. */
export function listPermittedRoles(
  policy: Policy,
  principal: Principal,
  caller: Caller,
  now: Date,
): readonly PermittedRole[] {
  const situation = createEvaluationContext(policy.aliases, principal, caller.sourceAddress, now);
  return evaluatePermittedRoles(policy, situation).permitted;
}

/** Whether the principal may do this with the broker itself. By the rules of roles: default deny, a deny wins. */
export function hasPermission(
  permission: Permission,
  policy: Policy,
  principal: Principal,
  caller: Caller,
  now: Date,
): boolean {
  return evaluatePermission(
    policy,
    createEvaluationContext(policy.aliases, principal, caller.sourceAddress, now),
    permission,
  );
}

/**
 * Decides which role the caller gets and with what session.
 * @throws SallyportError with the refusal's code.
 */
export function decide(policy: Policy, principal: Principal, asked: DecisionRequest, now: Date): Decision {
  const situation = createEvaluationContext(policy.aliases, principal, asked.sourceAddress, now);
  return decideAs(policy, choose(policy, situation, asked.role), situation, asked, checkRequirements);
}

/** What a session is explained with where its name is for the caller to choose. */
const ANY_NAME = { roleSessionName: 'RoleSessionName' };

/**
 * What comes of a role that the grants permit, as if the request had what the role demands: a reason, an MFA code, a
 * RoleSessionName, for which this very word stands.
 * @throws SallyportError with the refusal's code.
 */
export const decideAssumingRequirementsMet = (
  policy: Policy,
  chosen: Chosen,
  situation: EvaluationContext,
  asked: DecisionRequest,
): Decision => decideAs(policy, chosen, situation, { preferred: ANY_NAME, ...asked }, () => {});

function decideAs(
  policy: Policy,
  { role, grant, failed }: Chosen,
  situation: EvaluationContext,
  asked: DecisionRequest,
  requireMet: typeof checkRequirements,
): Decision {
  const { principal, now } = situation;
  if (!proofFits(policy, role, principal)) {
    throw new SallyportError('proof_type_mismatch', {
      detail: `This role is issued through ${role.target.operation}: send ${role.proofType === 'saml' ? 'SAMLResponse in the body, addressed to AWS' : 'a JWT as Bearer token'}.`,
    });
  }
  requireMet(role, asked);
  const lifetime = limitDuration(role.session.durationLimits, principal, asked, now);
  const session: Session = {
    ...role.session.render(principal.claims, requestedRoleSessionName(role.session, asked)),
    ...callerSessionPolicy(role.session, asked, policy.region),
    durationSeconds: lifetime.seconds,
  };
  return {
    role: role.name,
    ...(role.roleSource !== undefined && { rolesFrom: role.roleSource }),
    target: role.target,
    ...(role.region !== undefined && { region: role.region }),
    session,
    ...(lifetime.notAfter !== undefined && { notAfter: lifetime.notAfter }),
    grant,
    durationLimitedBy: lifetime.limitedBy,
    ...(asked.reason !== undefined && { reason: asked.reason }),
    ...(asked.console && { console: decideConsoleSession(policy, role, principal, asked.console, now) }),
    ...(failed.length > 0 && { failedConditions: failed }),
  };
}

type Chosen = PermittedRole & Pick<PermittedRoles, 'failed'>;

/** Whether STS could be given the caller's proof for this role, or needs none. */
const proofFits = (
  { brokerAudienceIssuers }: Policy,
  { proofType }: CompiledRole,
  { type, issuer }: Principal,
) => proofType === undefined || (proofType === type && !brokerAudienceIssuers.has(issuer));

/** The only one there is for this type of proof: of all roles, or of those that are meant by what was asked for. */
function choose(policy: Policy, situation: EvaluationContext, asked: string | undefined): Chosen {
  const { permitted, failed } =
    asked === undefined ? evaluatePermittedRoles(policy, situation) : resolveRole(policy, situation, asked);
  const fitting = permitted.filter(({ role }) => proofFits(policy, role, situation.principal));
  // Where a role was asked for, its refusal says which proof it needs.
  const choices = fitting.length > 0 || asked === undefined ? fitting : permitted.slice(0, 1);
  const [only, second] = choices;
  if (!only) throw notPermitted('no_role_permitted', failed);
  if (second) {
    throw new SallyportError('role_ambiguous', { members: { Roles: choices.map(({ role }) => role.name) } });
  }
  return { ...only, failed };
}

/** The MFA code itself is STS's to judge. */
function checkRequirements(role: CompiledRole, { reason, mfa }: DecisionRequest): void {
  if (role.reasonRequired && reason === undefined) throw new SallyportError('reason_required');
  if (role.mfa === 'required' && !mfa) throw new SallyportError('mfa_required');
  if (role.mfa === 'refused' && mfa) {
    throw new SallyportError('parameter_invalid', {
      reason: 'parameter.mfa',
      detail: `${role.target.operation} takes no SerialNumber and TokenCode. Leave them out.`,
    });
  }
}
