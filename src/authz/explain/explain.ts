// Entry point of this folder. Explains grant by grant why a role is permitted or refused. Decisions come from the functions
// that decide requests, so that an explanation cannot disagree with them.
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { Decision, Principal } from '../../core/types.js';
import { type DecisionRequest, decideAssumingRequirementsMet } from '../decide.js';
import { EvaluationContext } from '../grants/evaluation-context.js';
import type { CompiledGrant } from '../grants/grant.js';
import {
  claimRoleSources,
  evaluatePermittedRoles,
  findConfiguredRoles,
  notPermitted,
  type PermittedRole,
  type PermittedRoles,
} from '../permitted-roles.js';
import type { Policy } from '../policy.js';
import { type GrantResult, grantResult } from './grant-result.js';

interface RoleOutcome {
  readonly role: string;
  /** Whether the grants permit the role. Undefined: it depends on claims that are not known. */
  readonly permitted: boolean | undefined;
  /** The decision, as if the request had the reason or MFA code that the role requires. */
  readonly decision?: Decision;
  /** The refusal, which is possible even if the grants permit the role. */
  readonly refusal?: { readonly code: ErrorCode; readonly detail: string };
}

export interface RoleExplanation extends RoleOutcome {
  /** Every grant that covers the role, whether it applies or not, in the order of the config. */
  readonly grants: readonly GrantResult[];
}

export interface ExplainQuery extends DecisionRequest {
  /** False for a principal from an audit record, which has no claims. Default true. */
  readonly claimsKnown?: boolean;
}

/** Explains one role to an operator, who may know the whole policy. */
export function explainRole(
  policy: Policy,
  principal: Principal,
  query: ExplainQuery & { readonly role: string },
  now: Date,
): RoleExplanation {
  return new Explainer(policy, principal, query, now).explain(query.role);
}

/** Explains the role with this name, or every role with this IAM role ARN, to an operator. */
export const explainByName = (
  policy: Policy,
  principal: Principal,
  query: ExplainQuery & { readonly role: string },
  now: Date,
): readonly RoleExplanation[] =>
  rolesReferredToBy(policy, query.role).map((role) =>
    explainRole(policy, principal, { ...query, role }, now),
  );

/**
 * Explains all roles to an operator, one at a time: the configured roles, then the roles that the principal's claims name.
 * If the claims are not known, the `rolesFrom` entries take the place of the latter.
 */
export function* explainAllRoles(
  policy: Policy,
  principal: Principal,
  query: ExplainQuery,
  now: Date,
): Generator<RoleExplanation> {
  const explainer = new Explainer(policy, principal, query, now);
  for (const role of explainer.allRoles()) yield explainer.explain(role);
}

/**
 * The explanation that a caller may read. For a permitted role it has the grants that apply; for any other role, and for
 * one that does not exist, only the refusal. Without `role` it covers all permitted roles. The permitted roles are found
 * first, and grants of other roles are not evaluated, so that the response time reveals nothing.
 */
export function explainToCaller(
  policy: Policy,
  principal: Principal,
  query: DecisionRequest,
  now: Date,
): readonly RoleExplanation[] {
  const explainer = new Explainer(policy, principal, query, now);
  const { role: requested } = query;
  const candidates =
    requested === undefined ? explainer.permittedRoles() : rolesReferredToBy(policy, requested);
  const permitted = candidates.filter((role) => explainer.isPermitted(role));
  const roles = permitted.length > 0 || requested === undefined ? permitted : [requested];
  return roles.map((role) => explainer.explainApplicable(role));
}

function rolesReferredToBy(policy: Policy, name: string): readonly string[] {
  const configured = findConfiguredRoles(policy, name);
  return configured.length > 0 ? configured.map((role) => role.name) : [name];
}

/** Explains roles for one principal. Each grant is evaluated only once. */
class Explainer {
  readonly #policy: Policy;
  readonly #query: ExplainQuery;
  readonly #claimsKnown: boolean;
  readonly #context: EvaluationContext;
  readonly #permitted: ReadonlyMap<string, PermittedRole>;
  readonly #evaluation: Pick<PermittedRoles, 'failed' | 'undecided'>;
  /** Names of the `rolesFrom` entries by the ARN of the role. */
  readonly #sourcesByRole: ReadonlyMap<string, readonly string[]>;
  readonly #results = new Map<CompiledGrant, GrantResult>();

  constructor(policy: Policy, principal: Principal, query: ExplainQuery, now: Date) {
    this.#policy = policy;
    this.#query = query;
    this.#claimsKnown = query.claimsKnown ?? true;
    this.#context = new EvaluationContext(policy.aliases, principal, query.sourceAddress, now);
    const evaluation = evaluatePermittedRoles(policy, this.#context);
    this.#permitted = new Map(evaluation.permitted.map((each) => [each.role.name, each]));
    this.#evaluation = evaluation;
    this.#sourcesByRole = claimRoleSources(policy, this.#context);
  }

  allRoles(): readonly string[] {
    const { roles, roleSources } = this.#policy;
    return [...roles.keys(), ...(this.#claimsKnown ? this.#sourcesByRole.keys() : roleSources)];
  }

  permittedRoles(): readonly string[] {
    return [...this.#permitted.keys()];
  }

  isPermitted(role: string): boolean {
    return this.#permitted.has(role);
  }

  explain(role: string): RoleExplanation {
    return { ...this.#outcome(role), grants: this.#grants(role) };
  }

  /** Only with the grants that apply, and without grants if the role is not permitted. */
  explainApplicable(role: string): RoleExplanation {
    const grants = this.isPermitted(role) ? this.#grants(role).filter(({ applies }) => applies) : [];
    return { ...this.#outcome(role), grants };
  }

  #outcome(role: string): RoleOutcome {
    if (!this.#claimsKnown)
      return { role, permitted: permittedWithoutClaims(this.#policy, role, this.#grants(role)) };
    try {
      const permitted = this.#permitted.get(role);
      if (!permitted) throw notPermitted('role_not_permitted', this.#evaluation, this.#context);
      const selected = { ...permitted, failed: this.#evaluation.failed };
      const decision = decideAssumingRequirementsMet(this.#policy, selected, this.#context, this.#query);
      return { role, permitted: true, decision };
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      const { code, detail } = error;
      return { role, permitted: this.isPermitted(role), refusal: { code, detail } };
    }
  }

  #grants(role: string): readonly GrantResult[] {
    const otherNames = this.#claimsKnown
      ? (this.#sourcesByRole.get(role) ?? [])
      : possibleNames(this.#policy, role);
    return this.#policy.grantsForRoles([role, ...otherNames]).map((grant) => this.#result(grant));
  }

  #result(grant: CompiledGrant): GrantResult {
    const result = this.#results.get(grant) ?? grantResult(grant, this.#context, this.#claimsKnown);
    this.#results.set(grant, result);
    return result;
  }
}

/** Without claims, an ARN may belong to any `rolesFrom` entry, and an entry may accept any ARN that a grant names. */
function possibleNames({ roles, roleSources, grants }: Policy, role: string): readonly string[] {
  if (roleSources.includes(role)) return grants.flatMap((grant) => [...grant.roles].filter(isArn));
  return roles.has(role) ? [] : roleSources;
}

const isArn = (name: string) => name.startsWith('arn:');

function permittedWithoutClaims(
  policy: Policy,
  role: string,
  grants: readonly GrantResult[],
): boolean | undefined {
  if (policy.roles.has(role)) return permittedByGrants(grants);
  const mayBeClaimed = policy.roleSources.includes(role) || (policy.roleSources.length > 0 && isArn(role));
  return mayBeClaimed && permittedByGrants(grants) !== false ? undefined : false;
}

/** Undefined if it depends on grants for which `applies` is undefined. */
function permittedByGrants(grants: readonly GrantResult[]): boolean | undefined {
  const applies = (effect: GrantResult['effect']) =>
    grants.filter((grant) => grant.effect === effect).map((grant) => grant.applies);
  const [allows, denies] = [applies('allow'), applies('deny')];
  if (denies.includes(true) || allows.every((allow) => allow === false)) return false;
  return allows.includes(true) && denies.every((deny) => deny === false) ? true : undefined;
}
