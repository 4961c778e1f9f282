// What a change of the policy does to one principal: roles gained and lost, and sessions that become others.
import { isDeepStrictEqual } from 'node:util';
import type { Decision } from '../core/types.js';
import { describedPrincipal, type PrincipalDescription } from './described-principal.js';
import { explainRole, type RoleExplanation, rolesFor } from './explain.js';
import type { Policy } from './policy.js';

export interface RoleChange {
  readonly role: string;
  /** `unknown`: the rules about it differ, and only the claims, which are not known, could tell what that does. */
  readonly change: 'gains' | 'loses' | 'session' | 'unknown';
  readonly before?: Outcome;
  readonly after?: Outcome;
}

type Outcome = Pick<Decision, 'target' | 'session'>;

type Subject = PrincipalDescription & { readonly sourceAddress: string };

/** Compares every role that either policy has for this principal. Without claims, roles that a claim names are not known. */
export function changesFor(subject: Subject, old: Policy, next: Policy, now: Date): readonly RoleChange[] {
  const roles = new Set([old, next].flatMap((policy) => rolesIn(policy, subject, now)));
  return [...roles].flatMap((role) => {
    const [before, after] = [old, next].map((policy) => explain(subject, policy, role, now));
    return changeOf(role, before, after) ?? [];
  });
}

function rolesIn(policy: Policy, subject: Subject, now: Date): readonly string[] {
  const principal = describedPrincipal(policy, subject, now);
  return principal ? rolesFor(policy, principal, subject.sourceAddress, now) : [...policy.roles.keys()];
}

/** Undefined where the policy knows no such issuer, or role: nobody gets it. */
function explain(subject: Subject, policy: Policy, role: string, now: Date): RoleExplanation | undefined {
  const principal = describedPrincipal(policy, subject, now);
  if (!principal || !rolesIn(policy, subject, now).includes(role)) return undefined;
  const { claims, sourceAddress } = subject;
  return explainRole(policy, principal, { role, sourceAddress, claimsKnown: claims !== undefined }, now);
}

function changeOf(
  role: string,
  before: RoleExplanation | undefined,
  after: RoleExplanation | undefined,
): RoleChange | undefined {
  const [was, is] = [before, after].map((each) => each?.permitted);
  const gets = [before, after].map((each) => (each === undefined ? false : each.permitted));
  if (gets.includes(undefined)) {
    const same = gets[0] === gets[1] && isDeepStrictEqual(before?.grants, after?.grants);
    return same ? undefined : { role, change: 'unknown' };
  }
  const [old, next] = [outcomeOf(before), outcomeOf(after)];
  const outcomes = { ...(old && { before: old }), ...(next && { after: next }) };
  if (!was && is) return { role, change: 'gains', ...outcomes };
  if (was && !is) return { role, change: 'loses', ...outcomes };
  return isDeepStrictEqual(old, next) ? undefined : { role, change: 'session', ...outcomes };
}

function outcomeOf(explanation: RoleExplanation | undefined): Outcome | undefined {
  const decision = explanation?.decision;
  return decision && { target: decision.target, session: decision.session };
}
