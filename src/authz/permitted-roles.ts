// Which roles the grants permit a caller, by name or all of them. Default deny, a deny wins, order never matters. A
// role that is not there takes the same work to refuse as one that is not permitted.
import type { Permission } from '../config/schema/grant.js';
import { ROLE_URN } from '../core/arn.js';
import { SallyportError } from '../core/errors.js';
import type { EvaluationContext } from './grants/evaluation-context.js';
import type { CompiledGrant } from './grants/grant.js';
import { indexByRole } from './grants/grant-index.js';
import type { Policy } from './policy.js';
import type { CompiledRole } from './roles/role.js';

export interface PermittedRole {
  readonly role: CompiledRole;
  /** The first allow, by the order of the config, that covers the role. */
  readonly grant: string;
}

export interface PermittedRoles extends Pick<EvaluatedGrants, 'failed'> {
  readonly permitted: readonly PermittedRole[];
}

/** The grants that apply, in the order of the config, and those whose `when` could not be evaluated. */
interface EvaluatedGrants {
  readonly applicable: readonly CompiledGrant[];
  /** Ids of grants. */
  readonly failed: readonly string[];
}

/** Grants whose `when` could not be evaluated, as the cause of a refusal: for log and metric, not for the caller. */
export class ConditionEvaluationError extends Error {
  override readonly name = 'ConditionError';
  readonly grants: readonly string[];

  constructor(grants: readonly string[]) {
    super(`The condition of these grants could not be evaluated: ${grants.join(', ')}`);
    this.grants = grants;
  }
}

/** Every role, by the order of the config, and the grants whose `when` could not be evaluated. */
export function evaluatePermittedRoles(policy: Policy, situation: EvaluationContext): PermittedRoles {
  const grants = policy.grantIndexByIssuer.get(situation.principal.issuer)?.forAnyRole(situation) ?? [];
  const { applicable: applying, failed } = evaluateGrants(grants, situation);
  const named = new Set(applying.filter(({ deny }) => !deny).flatMap(({ roles }) => [...roles]));
  // Only roles that an allow names are looked at, not all there are.
  const configured = named.has('*')
    ? policy.roleList
    : [...named].flatMap((name) => policy.roles.get(name) ?? []).sort((a, b) => a.position - b.position);
  const covering = indexByRole(applying);
  const families = claimRoleSources(policy, situation);
  const permitted = new Map<string, PermittedRole>();
  for (const role of [...configured, ...claimRolesOf(policy, situation)]) {
    if (permitted.has(role.name)) continue;
    const each = permit(role, covering([role.name, ...(families.get(role.name) ?? [])]));
    if (each) permitted.set(role.name, each);
  }
  return { permitted: [...permitted.values()], failed };
}

/**
 * The roles of the config that are meant by a name, by `urn:sallyport:role:` and the name, or by the ARN of an IAM role.
 * Each is judged as its own name is granted and denied.
 */
export function findConfiguredRoles(policy: Policy, meant: string): readonly CompiledRole[] {
  const name = meant.startsWith(ROLE_URN) ? meant.slice(ROLE_URN.length) : meant;
  const role = policy.roles.get(name);
  return role ? [role] : (policy.rolesByArn.get(meant) ?? []);
}

/** What is meant by a name or ARN and permitted: one or more. @throws SallyportError `role_not_permitted`. */
export function resolveRole(policy: Policy, situation: EvaluationContext, name: string): PermittedRoles {
  const configured = findConfiguredRoles(policy, name);
  // A claim never names an IAM role that the config has.
  const claimed = claimRolesOf(policy, situation).filter((each) => each.name === name);
  const candidates = configured.length > 0 ? configured : claimed;
  // Found in either case: the time to find it would tell.
  const substitute = decoyRole(policy, name);
  const judgedAs = candidates.length > 0 ? candidates : substitute;
  const grants = policy.grantIndexByIssuer
    .get(situation.principal.issuer)
    ?.forRole(judgedAs.flatMap(namesOf));
  const { applicable: applying, failed } = evaluateGrants(grants?.(situation) ?? [], situation);
  const covering = indexByRole(applying);
  const permitted = [
    ...configured.flatMap((each) => permit(each, covering([each.name])) ?? []),
    ...claimed.flatMap((each) => permit(each, covering(claimed.flatMap(namesOf))) ?? []).slice(0, 1),
  ];
  if (permitted.length === 0) throw notPermitted('role_not_permitted', failed);
  return { permitted, failed };
}

/** Whether the caller may do this with the broker itself. By the rules of roles. */
export function evaluatePermission(
  policy: Policy,
  situation: EvaluationContext,
  permission: Permission,
): boolean {
  const grants = policy.grantIndexByIssuer.get(situation.principal.issuer)?.forAnyRole(situation) ?? [];
  const covering = evaluateGrants(grants, situation).applicable.filter((grant) =>
    grant.coversPermission(permission),
  );
  return covering.length > 0 && !covering.some(({ deny }) => deny);
}

export const notPermitted = (code: 'role_not_permitted' | 'no_role_permitted', failed: readonly string[]) =>
  new SallyportError(code, failed.length > 0 ? { cause: new ConditionEvaluationError(failed) } : {});

const claimRolesOf = (policy: Policy, situation: EvaluationContext): readonly CompiledRole[] =>
  policy.claimRoles.flatMap((rolesOf) => rolesOf(situation));

function evaluateGrants(grants: readonly CompiledGrant[], situation: EvaluationContext): EvaluatedGrants {
  const judged = grants.map((grant) => ({ grant, ...grant.evaluate(situation) }));
  return {
    applicable: judged.filter(({ applies }) => applies).map(({ grant }) => grant),
    failed: judged.filter(({ failed }) => failed).map(({ grant }) => grant.id),
  };
}

/** Roles that the caller's claims name, by ARN, each with the entries of `rolesFrom` that accept it. */
export function claimRoleSources(
  policy: Policy,
  situation: EvaluationContext,
): ReadonlyMap<string, readonly string[]> {
  const families = new Map<string, string[]>();
  for (const { name, roleSource } of claimRolesOf(policy, situation)) {
    if (roleSource !== undefined) families.set(name, [...(families.get(name) ?? []), roleSource]);
  }
  return families;
}

/** By which a grant can mean the role. */
const namesOf = ({ name, roleSource }: CompiledRole) =>
  roleSource === undefined ? [name] : [name, roleSource];

/**
 * `applying`: the grants that apply and cover the role, in the order of the config; of a role that several entries of
 * `rolesFrom` accept, by any of them. A deny of one entry denies the role, an allow gives it as its own entry has it.
 */
function permit(role: CompiledRole, applying: readonly CompiledGrant[]): PermittedRole | undefined {
  if (applying.some((grant) => grant.deny)) return undefined;
  const allow = applying.find((grant) => namesOf(role).some((name) => grant.coversRole(name)));
  return allow && { role, grant: allow.id };
}

/**
 * A role to judge in place of one that is not there, so that the time to refuse does not tell them apart. The same
 * name always gets the same one.
 */
function decoyRole({ roleList }: Policy, name: string): readonly CompiledRole[] {
  let hash = 0;
  for (let index = 0; index < Math.min(name.length, 256); index++)
    hash = (hash * 31 + name.charCodeAt(index)) >>> 0;
  const role = roleList[hash % roleList.length];
  return role ? [role] : [];
}
