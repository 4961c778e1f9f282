// What a change of the config does to one principal: roles gained and lost, and sessions that become others. Where the
// claims are not known, what could come out otherwise is said to be unknown, never left out.
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/schema/config.js';
import type { Decision } from '../../core/types.js';
import type { Policy } from '../policy.js';
import { explainAllRoles, type RoleExplanation } from './explain.js';
import type { GrantResult } from './grant-result.js';
import { type PrincipalDescription, simulatePrincipal } from './simulated-principal.js';

export interface RoleChange {
  /** Its name, the ARN by which a claim names it, or, for all that a claim may name, the entry of `rolesFrom`. */
  readonly role: string;
  /** `unknown`: what is written about it differs, and only the claims, which are not known, could tell what that does. */
  readonly change: 'gains' | 'loses' | 'session' | 'unknown';
  readonly before?: Outcome;
  readonly after?: Outcome;
}

type Outcome = Pick<Decision, 'target' | 'session'>;

export type DiffSubject = PrincipalDescription & { readonly sourceAddress: string };

/** A config, and the policy that it compiles to. */
export interface PolicyVersion {
  readonly config: Config;
  readonly policy: Policy;
}

/** Compares every role that either side has for this principal. */
export function diffRoles(
  subject: DiffSubject,
  old: PolicyVersion,
  next: PolicyVersion,
  now: Date,
): readonly RoleChange[] {
  const [before, after] = [explanations(subject, old, now), explanations(subject, next, now)];
  const compare = subject.claims === undefined ? changeWithoutClaims : changeOf;
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(
    (role) => compare(role, before.get(role), after.get(role)) ?? [],
  );
}

interface Explained {
  readonly explanation: RoleExplanation;
  /** All that decides about the role, but the claims. */
  readonly written: readonly unknown[];
}

/** By role; empty where the side knows no such issuer: nobody of it gets anything. */
function explanations(subject: DiffSubject, side: PolicyVersion, now: Date): ReadonlyMap<string, Explained> {
  const { policy, config } = side;
  const principal = simulatePrincipal(policy, subject, now);
  if (!principal) return new Map();
  const question = { sourceAddress: subject.sourceAddress, claimsKnown: subject.claims !== undefined };
  const aliases = policy.aliases.get(subject.issuer);
  const every = [...explainAllRoles(policy, principal, question, now)];
  return new Map(
    every.map((explanation) => {
      const { role, grants } = explanation;
      const entry = config.roles[role] ?? config.rolesFrom?.[role];
      return [role, { explanation, written: [entry, aliases, grants.filter(mayApply)] }];
    }),
  );
}

const mayApply = ({ applies }: GrantResult) => applies !== false;

/** With claims: what is decided. */
function changeOf(
  role: string,
  before: Explained | undefined,
  after: Explained | undefined,
): RoleChange | undefined {
  const [was, is] = [before, after].map((each) => each?.explanation.permitted ?? false);
  const [old, next] = [outcomeOf(before), outcomeOf(after)];
  const outcomes = { ...(old && { before: old }), ...(next && { after: next }) };
  if (was !== is) return { role, change: is ? 'gains' : 'loses', ...outcomes };
  return isDeepStrictEqual(old, next) ? undefined : { role, change: 'session', ...outcomes };
}

function outcomeOf(explained: Explained | undefined): Outcome | undefined {
  const decision = explained?.explanation.decision;
  return decision && { target: decision.target, session: decision.session };
}

/** Without claims: a role that may be had on either side is as it was only if all that is written about it is. */
function changeWithoutClaims(
  role: string,
  before: Explained | undefined,
  after: Explained | undefined,
): RoleChange | undefined {
  const permitted = (each: Explained | undefined) => (each ? each.explanation.permitted : false);
  const [was, is] = [permitted(before), permitted(after)];
  if (was === false && is === false) return undefined;
  if (was === false && is === true) return { role, change: 'gains' };
  if (was === true && is === false) return { role, change: 'loses' };
  return isDeepStrictEqual(before?.written, after?.written) ? undefined : { role, change: 'unknown' };
}
