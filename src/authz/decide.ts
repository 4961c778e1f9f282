// Principal + request -> Decision, or a refusal. Pure: no I/O, no clock of its own. Default deny, a deny wins, order
// never matters. A role that is not there and one that is not permitted are refused alike.
import { SallyportError } from '../core/errors.js';
import type { Decision, DurationLimit, ExchangeRequest, Principal, Session } from '../core/types.js';
import { narrowing } from './narrowing.js';
import type { CompiledGrant, CompiledRole, Policy } from './policy.js';
import { type Situation, situationOf } from './situation.js';

/** STS issues nothing shorter. */
const MIN_SECONDS = 900;

export interface Permitted {
  readonly role: CompiledRole;
  /** The first allow, by the order of the config, that covers the role. */
  readonly grant: string;
}

type Caller = Pick<ExchangeRequest, 'sourceAddress'>;
type Asked = Caller & Pick<ExchangeRequest, 'role' | 'durationSeconds' | 'policy' | 'policyArns' | 'reason'>;

/** The grants that apply, in the order of the config, and those whose `when` could not be evaluated. */
interface Judged {
  readonly applying: readonly CompiledGrant[];
  /** Ids of grants. */
  readonly failed: readonly string[];
}

/** Grants whose `when` could not be evaluated, as the cause of a refusal: for log and metric, not for the caller. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  readonly grants: readonly string[];

  constructor(grants: readonly string[]) {
    super(`The condition of these grants could not be evaluated: ${grants.join(', ')}`);
    this.grants = grants;
  }
}

/** Every role this principal may have from this address at this time, by the order of the config. */
export function permittedRoles(
  policy: Policy,
  principal: Principal,
  caller: Caller,
  now: Date,
): readonly Permitted[] {
  const situation = situationOf(policy.aliases, principal, caller.sourceAddress, now);
  return permittedBy(policy, judgeAll(policy, situation).applying);
}

/**
 * Decides which role the caller gets and with what session.
 * @throws SallyportError with the refusal's code.
 */
export function decide(policy: Policy, principal: Principal, asked: Asked, now: Date): Decision {
  const situation = situationOf(policy.aliases, principal, asked.sourceAddress, now);
  const { role, grant, failed } = choose(policy, situation, asked.role);
  if (role.proofType !== undefined && role.proofType !== principal.type) {
    throw new SallyportError('proof_type_mismatch', {
      detail: `This role is issued through ${role.target.operation}: send ${role.proofType === 'saml' ? 'SAMLResponse in the body' : 'a JWT as Bearer token'}.`,
    });
  }
  if (role.reasonRequired && asked.reason === undefined) throw new SallyportError('reason_required');
  const lifetime = boundDuration(role, principal, asked, now);
  const session: Session = {
    ...role.session.fill(situation.principal.claims),
    ...narrowing(role.session, asked),
    durationSeconds: lifetime.seconds,
  };
  return {
    role: role.name,
    target: role.target,
    session,
    grant,
    durationLimitedBy: lifetime.limitedBy,
    ...(asked.reason !== undefined && { reason: asked.reason }),
    ...(failed.length > 0 && { failedConditions: failed }),
  };
}

function judge(grants: readonly CompiledGrant[], situation: Situation): Judged {
  const judged = grants.map((grant) => ({ grant, ...grant.judge(situation) }));
  return {
    applying: judged.filter(({ applies }) => applies).map(({ grant }) => grant),
    failed: judged.filter(({ failed }) => failed).map(({ grant }) => grant.id),
  };
}

const judgeAll = (policy: Policy, situation: Situation) =>
  judge(policy.indexByIssuer.get(situation.principal.issuer)?.forAnyRole(situation) ?? [], situation);

const judgeRole = (policy: Policy, situation: Situation, role: CompiledRole) =>
  judge(
    policy.indexByIssuer.get(situation.principal.issuer)?.forRole([role.name])(situation) ?? [],
    situation,
  );

function permit(role: CompiledRole, applying: readonly CompiledGrant[]): Permitted | undefined {
  const covering = applying.filter((grant) => grant.coversRole(role.name));
  const allow = covering.find((grant) => !grant.deny);
  return allow && !covering.some((grant) => grant.deny) ? { role, grant: allow.id } : undefined;
}

/** Only roles that an allow names are looked at, not all there are. */
function permittedBy(policy: Policy, applying: readonly CompiledGrant[]): readonly Permitted[] {
  const allows = applying.filter((grant) => !grant.deny);
  const named = new Set(allows.flatMap(({ roles }) => [...roles]));
  const roles = named.has('*')
    ? [...policy.roles.values()]
    : [...named].flatMap((name) => policy.roles.get(name) ?? []).sort((a, b) => a.position - b.position);
  return roles.flatMap((role) => permit(role, applying) ?? []);
}

/** The role asked for, or the only one there is for this type of proof. */
function choose(
  policy: Policy,
  situation: Situation,
  asked: string | undefined,
): Permitted & Pick<Judged, 'failed'> {
  if (asked !== undefined) {
    const role = policy.roles.get(asked);
    const judgedAs = role ?? standIn(policy, asked);
    const { applying, failed } = judgedAs ? judgeRole(policy, situation, judgedAs) : NOTHING;
    const permitted = role && permit(role, applying);
    if (!permitted) throw refusal('role_not_permitted', failed);
    return { ...permitted, failed };
  }
  const { applying, failed } = judgeAll(policy, situation);
  const { type } = situation.principal;
  const choices = permittedBy(policy, applying).filter(
    ({ role }) => role.proofType === undefined || role.proofType === type,
  );
  const [only, second] = choices;
  if (!only) throw refusal('no_role_permitted', failed);
  if (second) {
    throw new SallyportError('role_ambiguous', { members: { Roles: choices.map(({ role }) => role.name) } });
  }
  return { ...only, failed };
}

const NOTHING: Judged = { applying: [], failed: [] };

const refusal = (code: 'role_not_permitted' | 'no_role_permitted', failed: readonly string[]) =>
  new SallyportError(code, failed.length > 0 ? { cause: new ConditionError(failed) } : {});

/**
 * A role to judge in place of one that is not there, so that the time to refuse does not tell them apart. The same
 * name always gets the same one.
 */
function standIn(policy: Policy, name: string): CompiledRole | undefined {
  let hash = 0;
  for (let index = 0; index < Math.min(name.length, 256); index++)
    hash = (hash * 31 + name.charCodeAt(index)) >>> 0;
  return policy.roleList[hash % policy.roleList.length];
}

/** The smallest of request, role and sign-in; a request above the role's limit is refused, not cut. */
function boundDuration(
  role: CompiledRole,
  principal: Principal,
  asked: Asked,
  now: Date,
): { readonly seconds: number; readonly limitedBy: DurationLimit } {
  const { defaultSeconds, maxSeconds } = role.session;
  if (asked.durationSeconds !== undefined && asked.durationSeconds > maxSeconds) {
    throw new SallyportError('duration_exceeds_limit', {
      detail: `DurationSeconds is above the limit of this role, which is ${maxSeconds}. Ask for that or less.`,
      members: { MaxDurationSeconds: maxSeconds },
    });
  }
  const wanted = asked.durationSeconds ?? defaultSeconds;
  const limitedBy: DurationLimit = asked.durationSeconds === undefined ? 'role' : 'request';
  if (principal.sessionNotOnOrAfter === undefined) return { seconds: wanted, limitedBy };
  const left = Math.floor(principal.sessionNotOnOrAfter - now.getTime() / 1000);
  if (left >= wanted) return { seconds: wanted, limitedBy };
  if (left < MIN_SECONDS) throw new SallyportError('session_too_short');
  return { seconds: left, limitedBy: 'SessionNotOnOrAfter' };
}
