// The effect of a config change on one principal: roles gained and lost, and sessions that change. If the claims are not
// known, a role that could be affected is reported as unknown, never omitted.
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/schema/config.js';
import type { Decision } from '../../core/types.js';
import type { Policy } from '../policy.js';
import { explainAllRoles, type RoleExplanation } from './explain.js';
import type { GrantResult } from './grant-result.js';
import { type PrincipalDescription, simulatePrincipal } from './simulated-principal.js';

export interface RoleChange {
  /** Name of the role, or its ARN if a claim names it, or a `rolesFrom` entry for all roles that a claim may name. */
  readonly role: string;
  /** `unknown`: the config of the role differs, and the effect depends on claims that are not known. */
  readonly change: 'gains' | 'loses' | 'session' | 'unknown';
  readonly before?: Outcome;
  readonly after?: Outcome;
}

type Outcome = Pick<Decision, 'target' | 'session'>;

export type DiffSubject = PrincipalDescription & { readonly sourceAddress: string };

/** A config and its compiled policy. */
export interface PolicyVersion {
  readonly config: Config;
  readonly policy: Policy;
}

/** Compares all roles that either version has for this principal. */
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
  /** Everything that decides about the role, except the claims. */
  readonly configuration: readonly unknown[];
}

/** By role. Empty if the version does not have the issuer, because its principals get nothing. */
function explanations(
  subject: DiffSubject,
  version: PolicyVersion,
  now: Date,
): ReadonlyMap<string, Explained> {
  const { policy, config } = version;
  const principal = simulatePrincipal(policy, subject, now);
  if (!principal) return new Map();
  const query = { sourceAddress: subject.sourceAddress, claimsKnown: subject.claims !== undefined };
  const aliases = policy.aliases.get(subject.issuer);
  const explained = [...explainAllRoles(policy, principal, query, now)];
  return new Map(
    explained.map((explanation) => {
      const { role, grants } = explanation;
      const entry = config.roles[role] ?? config.rolesFrom?.[role];
      return [role, { explanation, configuration: [entry, aliases, grants.filter(mayApply)] }];
    }),
  );
}

const mayApply = ({ applies }: GrantResult) => applies !== false;

/** With claims: compares the decisions. */
function changeOf(
  role: string,
  before: Explained | undefined,
  after: Explained | undefined,
): RoleChange | undefined {
  const [permittedBefore, permittedAfter] = [before, after].map(
    (each) => each?.explanation.permitted ?? false,
  );
  const [old, next] = [outcomeOf(before), outcomeOf(after)];
  const outcomes = { ...(old && { before: old }), ...(next && { after: next }) };
  if (permittedBefore !== permittedAfter)
    return { role, change: permittedAfter ? 'gains' : 'loses', ...outcomes };
  return isDeepStrictEqual(old, next) ? undefined : { role, change: 'session', ...outcomes };
}

function outcomeOf(explained: Explained | undefined): Outcome | undefined {
  const decision = explained?.explanation.decision;
  return decision && { target: decision.target, session: decision.session };
}

/** Without claims: a role that may be permitted in either version is unchanged only if its configuration is. */
function changeWithoutClaims(
  role: string,
  before: Explained | undefined,
  after: Explained | undefined,
): RoleChange | undefined {
  const permitted = (each: Explained | undefined) => (each ? each.explanation.permitted : false);
  const [permittedBefore, permittedAfter] = [permitted(before), permitted(after)];
  if (permittedBefore === false && permittedAfter === false) return undefined;
  if (permittedBefore === false && permittedAfter === true) return { role, change: 'gains' };
  if (permittedBefore === true && permittedAfter === false) return { role, change: 'loses' };
  return isDeepStrictEqual(before?.configuration, after?.configuration)
    ? undefined
    : { role, change: 'unknown' };
}
