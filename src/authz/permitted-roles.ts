// Which roles the grants permit a caller: all of them, or the ones that a name refers to. Default deny, an explicit deny
// overrides every allow, and the order of grants does not matter. Refusing an unknown role takes the same work as refusing
// one that is not permitted.
import type { Permission } from '../config/schema/grant.js';
import { ROLE_URN } from '../core/arn.js';
import { ERRORS, SallyportError } from '../core/errors.js';
import { OMITTED_CLAIMS_ADVICE } from '../core/omitted-claims.js';
import type { EvaluationContext } from './grants/evaluation-context.js';
import type { CompiledGrant } from './grants/grant.js';
import { GrantsByRole } from './grants/grant-index.js';
import type { Policy } from './policy.js';
import type { CompiledRole } from './roles/role.js';

export interface PermittedRole {
  readonly role: CompiledRole;
  /** ID of the first allow that covers the role, in the order of the config. */
  readonly grant: string;
}

export interface PermittedRoles extends Pick<EvaluatedGrants, 'failed' | 'undecided'> {
  readonly permitted: readonly PermittedRole[];
}

interface EvaluatedGrants {
  /** The grants that apply, in the order of the config. */
  readonly applicable: readonly CompiledGrant[];
  /** IDs of the grants whose `when` could not be evaluated. */
  readonly failed: readonly string[];
  /** The grants, and entries of `rolesFrom`, that depend on claims that the proof left out. */
  readonly undecided: readonly Undecided[];
}

interface Undecided {
  /** ID of a grant, or name of an entry of `rolesFrom`. */
  readonly id: string;
  readonly claims: readonly string[];
}

/**
 * The cause of a refusal if the `when` of grants could not be evaluated, or grants depend on claims that the proof left out.
 * It goes to log and metric, not to the caller.
 */
export class ConditionEvaluationError extends Error {
  override readonly name = 'ConditionError';
  /** IDs of the grants whose `when` could not be evaluated. */
  readonly grants: readonly string[];
  /** Names of the config only, so it can be logged. */
  readonly undecided: readonly Undecided[];

  constructor(grants: readonly string[], undecided: readonly Undecided[] = []) {
    const failed =
      grants.length > 0 ? [`The condition of these grants could not be evaluated: ${grants.join(', ')}`] : [];
    const unknown = undecided.slice(0, MAX_UNDECIDED).map(({ id, claims }) => `${id} (${claims.join(', ')})`);
    const omitted =
      unknown.length > 0
        ? [
            `These grants depend on claims that the proof left out: ${unknown.join(', ')}. ${OMITTED_CLAIMS_ADVICE}`,
          ]
        : [];
    super([...failed, ...omitted].join('. '));
    this.grants = grants;
    this.undecided = undecided.slice(0, MAX_UNDECIDED);
  }
}

/** Grants that a log line names. */
const MAX_UNDECIDED = 20;

/** All permitted roles in the order of the config, and the grants whose `when` could not be evaluated. */
export function evaluatePermittedRoles(policy: Policy, context: EvaluationContext): PermittedRoles {
  const grants = policy.grantIndexByIssuer.get(context.principal.issuer)?.find(context) ?? [];
  const { applicable, failed, undecided } = evaluateGrants(grants, context);
  const allowedNames = new Set(applicable.filter(({ deny }) => !deny).flatMap(({ roles }) => [...roles]));
  // Only roles that an allow names are considered, so that the cost does not grow with the config.
  const configured = allowedNames.has('*')
    ? policy.roleList
    : [...allowedNames]
        .flatMap((name) => policy.roles.get(name) ?? [])
        .sort((a, b) => a.position - b.position);
  const byRole = new GrantsByRole(applicable);
  const sourcesByRole = claimRoleSources(policy, context);
  const permitted = new Map<string, PermittedRole>();
  for (const role of [...configured, ...claimRolesOf(policy, context)]) {
    if (permitted.has(role.name)) continue;
    const result = permit(role, byRole.find([role.name, ...(sourcesByRole.get(role.name) ?? [])]));
    if (result) permitted.set(role.name, result);
  }
  return {
    permitted: [...permitted.values()],
    failed,
    undecided: [...undecided, ...undecidedSources(policy, context)],
  };
}

/**
 * The configured roles that a request refers to: by name, by `urn:sallyport:role:` and the name, or by the ARN of the IAM
 * role, which several roles can share. Grants are evaluated for the name of each role.
 */
export function findConfiguredRoles(policy: Policy, reference: string): readonly CompiledRole[] {
  const name = reference.startsWith(ROLE_URN) ? reference.slice(ROLE_URN.length) : reference;
  const role = policy.roles.get(name);
  return role ? [role] : (policy.rolesByArn.get(reference) ?? []);
}

/** The permitted roles that a name or ARN refers to, at least one. @throws SallyportError `role_not_permitted`. */
export function resolveRole(policy: Policy, context: EvaluationContext, name: string): PermittedRoles {
  const configured = findConfiguredRoles(policy, name);
  // A claim cannot name an IAM role that the config has under roles.
  const claimRoles = claimRolesOf(policy, context).filter((role) => role.name === name);
  const candidates = configured.length > 0 ? configured : claimRoles;
  // Selected even if it is not needed, so that the time is the same.
  const decoy = decoyRole(policy, name);
  const evaluated = candidates.length > 0 ? candidates : decoy;
  const grants = policy.grantIndexByIssuer
    .get(context.principal.issuer)
    ?.findForRole(evaluated.flatMap(namesOf), context);
  const { applicable, failed, undecided } = evaluateGrants(grants ?? [], context);
  const byRole = new GrantsByRole(applicable);
  const permitted = [
    ...configured.flatMap((role) => permit(role, byRole.find([role.name])) ?? []),
    ...claimRoles.flatMap((role) => permit(role, byRole.find(claimRoles.flatMap(namesOf))) ?? []).slice(0, 1),
  ];
  const evaluation = {
    failed,
    undecided: candidates.length > 0 ? undecided : undecidedSources(policy, context),
  };
  if (permitted.length === 0) throw notPermitted('role_not_permitted', evaluation, context);
  return { permitted, ...evaluation };
}

/** Whether the caller has a permission for the broker itself. The rules are those of roles. */
export function evaluatePermission(
  policy: Policy,
  context: EvaluationContext,
  permission: Permission,
): boolean {
  const grants = policy.grantIndexByIssuer.get(context.principal.issuer)?.find(context) ?? [];
  const applicable = evaluateGrants(grants, context).applicable.filter((grant) =>
    grant.coversPermission(permission),
  );
  return applicable.length > 0 && !applicable.some(({ deny }) => deny);
}

/** The public text depends on the proof only, not on the policy, so that it reveals nothing about roles. */
export function notPermitted(
  code: 'role_not_permitted' | 'no_role_permitted',
  { failed, undecided }: Pick<PermittedRoles, 'failed' | 'undecided'>,
  { omitted }: EvaluationContext,
): SallyportError {
  const hasCause = failed.length > 0 || undecided.length > 0;
  return new SallyportError(code, {
    ...(undecided.length > 0 && { reason: 'grants.claims_omitted' }),
    ...(!omitted.isEmpty && { detail: `${ERRORS[code].text} ${OMITTED_CLAIMS_DETAIL}` }),
    ...(hasCause && { cause: new ConditionEvaluationError(failed, undecided) }),
  });
}

const OMITTED_CLAIMS_DETAIL = `Your proof says that it leaves out claims, so a grant that depends on them does not permit a role. ${OMITTED_CLAIMS_ADVICE}`;

const undecidedSources = (policy: Policy, context: EvaluationContext): readonly Undecided[] =>
  policy.claimRoleSources.flatMap((source) => {
    const claim = source.unknownClaim(context);
    return claim === undefined ? [] : [{ id: source.name, claims: [claim] }];
  });

const claimRolesOf = (policy: Policy, context: EvaluationContext): readonly CompiledRole[] =>
  policy.claimRoleSources.flatMap((source) => source.rolesFor(context));

function evaluateGrants(grants: readonly CompiledGrant[], context: EvaluationContext): EvaluatedGrants {
  const evaluations = grants.map((grant) => ({ grant, ...grant.evaluate(context) }));
  return {
    applicable: evaluations.filter(({ applies }) => applies).map(({ grant }) => grant),
    failed: evaluations.filter(({ failed }) => failed).map(({ grant }) => grant.id),
    undecided: evaluations.flatMap(({ grant, unknownClaims }) =>
      unknownClaims.length > 0 ? [{ id: grant.id, claims: unknownClaims }] : [],
    ),
  };
}

/** The names of the `rolesFrom` entries that accept each role that the caller's claims name, by role ARN. */
export function claimRoleSources(
  policy: Policy,
  context: EvaluationContext,
): ReadonlyMap<string, readonly string[]> {
  const sourcesByRole = new Map<string, string[]>();
  for (const { name, roleSource } of claimRolesOf(policy, context)) {
    if (roleSource !== undefined) sourcesByRole.set(name, [...(sourcesByRole.get(name) ?? []), roleSource]);
  }
  return sourcesByRole;
}

/** The names by which a grant can refer to the role. */
const namesOf = ({ name, roleSource }: CompiledRole) =>
  roleSource === undefined ? [name] : [name, roleSource];

/**
 * `applicable`: the grants that apply and cover the role by any of its names, in the order of the config. If several
 * `rolesFrom` entries accept a role, a deny of any entry denies it, and an allow permits it only through its own entry.
 */
function permit(role: CompiledRole, applicable: readonly CompiledGrant[]): PermittedRole | undefined {
  if (applicable.some((grant) => grant.deny)) return undefined;
  const allow = applicable.find((grant) => namesOf(role).some((name) => grant.coversRole(name)));
  return allow && { role, grant: allow.id };
}

/**
 * A role to evaluate in place of an unknown one, so that the response time does not reveal whether a role exists. The
 * same name always yields the same role.
 */
function decoyRole({ roleList }: Policy, name: string): readonly CompiledRole[] {
  let hash = 0;
  for (let index = 0; index < Math.min(name.length, 256); index++)
    hash = (hash * 31 + name.charCodeAt(index)) >>> 0;
  const role = roleList[hash % roleList.length];
  return role ? [role] : [];
}
