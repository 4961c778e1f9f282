// Why a role is given or refused, rule by rule. Which roles are permitted, and what comes of them, is asked of what
// decides: there is no second evaluator that could disagree.
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { Decision, Principal } from '../../core/types.js';
import { type DecisionRequest, decideAssumingRequirementsMet } from '../decide.js';
import { createEvaluationContext } from '../grants/evaluation-context.js';
import type { CompiledGrant } from '../grants/grant.js';
import {
  claimRoleSources,
  evaluatePermittedRoles,
  findConfiguredRoles,
  notPermitted,
} from '../permitted-roles.js';
import type { Policy } from '../policy.js';
import { type GrantResult, grantResult } from './grant-result.js';

interface Outcome {
  readonly role: string;
  /** Whether the grants give it. Undefined: the claims are not known, and could make it so. */
  readonly permitted: boolean | undefined;
  /** What would be done. A reason or MFA code that the role requires is taken as given. */
  readonly decision?: Decision;
  /** Why nothing would be, even where the grants give the role. */
  readonly refusal?: { readonly code: ErrorCode; readonly detail: string };
}

export interface RoleExplanation extends Outcome {
  /** Every grant that covers the role, whether it applies or not, by the order of the config. */
  readonly grants: readonly GrantResult[];
}

export interface ExplainQuery extends DecisionRequest {
  /** An audit record tells who asked, but not with what claims. Default true. */
  readonly claimsKnown?: boolean;
}

/** Explains one role to somebody who may know the whole policy. */
export function explainRole(
  policy: Policy,
  principal: Principal,
  question: ExplainQuery & { readonly role: string },
  now: Date,
): RoleExplanation {
  const { outcome, grants } = explainer(policy, principal, question, now);
  return { ...outcome(question.role), grants: grants(question.role) };
}

/** The same of what is named: a role, or each of those that the ARN of an IAM role means. */
export const explainByName = (
  policy: Policy,
  principal: Principal,
  question: ExplainQuery & { readonly role: string },
  now: Date,
): readonly RoleExplanation[] =>
  meantBy(policy, question.role).map((role) => explainRole(policy, principal, { ...question, role }, now));

function meantBy(policy: Policy, name: string): readonly string[] {
  const configured = findConfiguredRoles(policy, name);
  return configured.length > 0 ? configured.map((role) => role.name) : [name];
}

/**
 * The same of every role there is for this principal, one by one: those of the config, then those its claims name, or,
 * where these are not known, the entries of `rolesFrom` in their place.
 */
export function* explainAllRoles(
  policy: Policy,
  principal: Principal,
  question: ExplainQuery,
  now: Date,
): Generator<RoleExplanation> {
  const { every, outcome, grants } = explainer(policy, principal, question, now);
  for (const role of every) yield { ...outcome(role), grants: grants(role) };
}

/**
 * What the principal itself may read: of a role it may have, the grants that apply to it; of any other, and of one that
 * does not exist, nothing but that. Without `role`, every role it may have. What it may have is found before the name is
 * looked at, and grants are not even asked about other roles, so that time tells nothing either.
 */
export function explainToCaller(
  policy: Policy,
  principal: Principal,
  question: DecisionRequest,
  now: Date,
): readonly RoleExplanation[] {
  const { permitted, outcome, grants } = explainer(policy, principal, question, now);
  const { role: asked } = question;
  const named = asked === undefined ? [...permitted.keys()] : meantBy(policy, asked);
  const had = named.filter((role) => permitted.has(role));
  const roles = had.length > 0 || asked === undefined ? had : [asked];
  return roles.map((role) => ({
    ...outcome(role),
    grants: permitted.has(role) ? grants(role).filter(({ applies }) => applies) : [],
  }));
}

function explainer(policy: Policy, principal: Principal, question: ExplainQuery, now: Date) {
  const { claimsKnown = true, sourceAddress } = question;
  const situation = createEvaluationContext(policy.aliases, principal, sourceAddress, now);
  const { permitted: list, failed } = evaluatePermittedRoles(policy, situation);
  const permitted = new Map(list.map((each) => [each.role.name, each]));
  const claimed = claimRoleSources(policy, situation);
  const results = new Map<CompiledGrant, GrantResult>();
  const resultOf = (grant: CompiledGrant): GrantResult => {
    const result = results.get(grant) ?? grantResult(grant, situation, claimsKnown);
    results.set(grant, result);
    return result;
  };
  const grants = (role: string): readonly GrantResult[] => {
    const names = claimsKnown ? (claimed.get(role) ?? []) : namesPossible(policy, role);
    return policy.grantsForRoles([role, ...names]).map(resultOf);
  };
  const outcome = (role: string): Outcome => {
    if (!claimsKnown) return { role, permitted: permittedWithoutClaims(policy, role, grants(role)) };
    try {
      const chosen = permitted.get(role);
      if (!chosen) throw notPermitted('role_not_permitted', failed);
      const decision = decideAssumingRequirementsMet(policy, { ...chosen, failed }, situation, question);
      return { role, permitted: true, decision };
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      const { code, detail } = error;
      return { role, permitted: permitted.has(role), refusal: { code, detail } };
    }
  };
  const every = [...policy.roles.keys(), ...(claimsKnown ? claimed.keys() : policy.roleSources)];
  return { permitted, every, outcome, grants };
}

/** Without claims, any entry of `rolesFrom` may be meant by an ARN, and any ARN of a grant by an entry. */
function namesPossible({ roles, roleSources, grants }: Policy, role: string): readonly string[] {
  if (roleSources.includes(role)) return grants.flatMap((grant) => [...grant.roles].filter(isArn));
  return roles.has(role) ? [] : roleSources;
}

const isArn = (name: string) => name.startsWith('arn:');

function permittedWithoutClaims(
  policy: Policy,
  role: string,
  grants: readonly GrantResult[],
): boolean | undefined {
  if (policy.roles.has(role)) return outcomeWithoutClaims(grants);
  const mayBeClaimed = policy.roleSources.includes(role) || (policy.roleSources.length > 0 && isArn(role));
  return mayBeClaimed && outcomeWithoutClaims(grants) !== false ? undefined : false;
}

function outcomeWithoutClaims(grants: readonly GrantResult[]): boolean | undefined {
  const outcomes = (effect: GrantResult['effect']) =>
    grants.filter((grant) => grant.effect === effect).map(({ applies }) => applies);
  const [allows, denies] = [outcomes('allow'), outcomes('deny')];
  if (denies.includes(true) || allows.every((applies) => applies === false)) return false;
  return allows.includes(true) && denies.every((applies) => applies === false) ? true : undefined;
}
