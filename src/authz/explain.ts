// Why a role is given or refused, rule by rule. It asks the very conditions that decide, and the decision is decide's
// own: there is no second evaluator that could disagree.
import { type ErrorCode, SallyportError } from '../core/errors.js';
import type { Decision, Principal } from '../core/types.js';
import { type Asked, decideWithDemandsMet } from './decide.js';
import type { CompiledGrant, Condition } from './grant.js';
import { namesMeaning, roleNames } from './permission.js';
import type { Policy } from './policy.js';
import { type Situation, situationOf } from './situation.js';

export interface ConditionResult {
  /** Its path in the grant, e.g. `match.groups`. */
  readonly on: string;
  readonly wanted: unknown;
  /** Absent if there is no such claim, or it is not known. */
  readonly seen?: unknown;
  /** Undefined: the claims are not known. */
  readonly holds: boolean | undefined;
}

export interface GrantResult {
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  /** Whether all conditions hold. Undefined: the claims are not known, and could make it so. */
  readonly applies: boolean | undefined;
  readonly conditions: readonly ConditionResult[];
}

export interface RoleExplanation {
  readonly role: string;
  /** Whether the grants give it. Undefined: the claims are not known, and could make it so. */
  readonly permitted: boolean | undefined;
  /** What would be done. A reason or MFA code that the role requires is taken as given. */
  readonly decision?: Decision;
  /** Why nothing would be, even where the grants give the role. */
  readonly refusal?: { readonly code: ErrorCode; readonly detail: string };
  /** Every grant that covers the role, whether it applies or not, by the order of the config. */
  readonly grants: readonly GrantResult[];
}

export interface Question extends Asked {
  readonly role: string;
  /** An audit record tells who asked, but not with what claims. Default true. */
  readonly claimsKnown?: boolean;
}

/** Explains one role to somebody who may know the whole policy. */
export function explainRole(
  policy: Policy,
  principal: Principal,
  question: Question,
  now: Date,
): RoleExplanation {
  const { role, claimsKnown = true, sourceAddress } = question;
  const situation = situationOf(policy.aliases, principal, sourceAddress, now);
  // Whether a claim names the role is not known without claims: then any entry of rolesFrom may be meant.
  const names = claimsKnown ? namesMeaning(policy, situation, role) : [role, ...policy.families];
  const grants = policy.grants
    .filter((grant) => names.some((name) => grant.coversRole(name)))
    .map((grant) => grantResult(grant, situation, claimsKnown));
  if (!claimsKnown) {
    return { role, permitted: permittedWithoutClaims(policy, role, grants), grants };
  }
  try {
    const decision = decideWithDemandsMet(policy, principal, question, now);
    return { role, permitted: true, decision, grants };
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    const { code, detail } = error;
    return { role, permitted: code !== 'role_not_permitted', refusal: { code, detail }, grants };
  }
}

/**
 * What the principal itself may read of it: of a role it may have, the grants that apply to it; of any other, and of
 * one that does not exist, nothing but that. The grants are not even asked then, so that time tells nothing either.
 */
export function explainOwnRole(
  policy: Policy,
  principal: Principal,
  question: Question,
  now: Date,
): RoleExplanation {
  try {
    decideWithDemandsMet(policy, principal, question, now);
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'role_not_permitted') {
      const { code, detail } = error;
      return { role: question.role, permitted: false, refusal: { code, detail }, grants: [] };
    }
  }
  const explanation = explainRole(policy, principal, question, now);
  return { ...explanation, grants: explanation.grants.filter(({ applies }) => applies) };
}

/** Every role there is for this caller: those of the config, then those its claims name. */
export function rolesFor(
  policy: Policy,
  principal: Principal,
  sourceAddress: string,
  now: Date,
): readonly string[] {
  return roleNames(policy, situationOf(policy.aliases, principal, sourceAddress, now));
}

function grantResult(grant: CompiledGrant, situation: Situation, claimsKnown: boolean): GrantResult {
  const results = grant.conditions.map((condition): ConditionResult => {
    if (condition.ofClaims && !claimsKnown)
      return { on: condition.on, wanted: condition.wanted, holds: undefined };
    return conditionResult(condition, situation, grant.deny);
  });
  return {
    id: grant.id,
    effect: grant.deny ? 'deny' : 'allow',
    applies: all(results.map(({ holds }) => holds)),
    conditions: results,
  };
}

function conditionResult(condition: Condition, situation: Situation, deny: boolean): ConditionResult {
  const seen = condition.seen(situation);
  return {
    on: condition.on,
    wanted: condition.wanted,
    ...(seen !== undefined && { seen }),
    holds: outcome(condition, situation, deny),
  };
}

/** What cannot be evaluated counts as the grant counts it: a deny denies, an allow does not allow. */
function outcome(condition: Condition, situation: Situation, deny: boolean): boolean {
  try {
    return condition.holds(situation);
  } catch {
    return deny;
  }
}

function all(outcomes: readonly (boolean | undefined)[]): boolean | undefined {
  if (outcomes.includes(false)) return false;
  return outcomes.includes(undefined) ? undefined : true;
}

function permittedWithoutClaims(
  policy: Policy,
  role: string,
  grants: readonly GrantResult[],
): boolean | undefined {
  if (policy.roles.has(role)) return outcomeWithoutClaims(grants);
  const mayBeClaimed = policy.families.length > 0 && role.startsWith('arn:');
  return mayBeClaimed && outcomeWithoutClaims(grants) !== false ? undefined : false;
}

function outcomeWithoutClaims(grants: readonly GrantResult[]): boolean | undefined {
  const outcomes = (effect: GrantResult['effect']) =>
    grants.filter((grant) => grant.effect === effect).map(({ applies }) => applies);
  const [allows, denies] = [outcomes('allow'), outcomes('deny')];
  if (denies.includes(true) || allows.every((applies) => applies === false)) return false;
  return allows.includes(true) && denies.every((applies) => applies === false) ? true : undefined;
}
