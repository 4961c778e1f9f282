// The candidate's policy beside the live one: each decision is made again by it, after the caller's, and where the two
// differ that is told to the operator. Nothing that happens here reaches a caller.
import { isDeepStrictEqual } from 'node:util';
import { decide, listPermittedRoles, type PermittedRole } from '../authz/decide.js';
import type { Policy } from '../authz/policy.js';
import { SallyportError } from '../core/errors.js';
import type { Decision, ExchangeRequest, Principal } from '../core/types.js';

/**
 * `gained`: the candidate would permit what is refused now; `lost`: the reverse; `role`: it would choose another role;
 * `session`: the same role, but something else would be asked of STS; `refusal`: refused by both, for another reason;
 * `failed`: the candidate could not be asked.
 */
type DifferenceKind = 'gained' | 'lost' | 'role' | 'session' | 'refusal' | 'failed';

/** Words of the two configs and of the error table only, nothing the caller sent. */
export interface ShadowDifference {
  readonly kind: DifferenceKind;
  readonly requestId?: string;
  readonly issuer: string;
  /** Roles, or codes of refusals. */
  readonly live: readonly string[];
  readonly shadow: readonly string[];
  /** Names of the session's fields that differ. */
  readonly fields?: readonly string[];
}

export type ReportDifference = (difference: ShadowDifference) => void;

interface Policies {
  readonly policy: Policy;
  readonly shadow?: Policy;
}

type Outcome = { readonly decision: Decision } | { readonly refusal: unknown };

/** `decide` by the live policy, with whatever it throws; the candidate is asked when this is done. */
export function decideWithShadow(
  { policy, shadow }: Policies,
  principal: Principal,
  request: ExchangeRequest,
  now: Date,
  report: ReportDifference,
): Decision {
  if (!shadow) return decide(policy, principal, request, now);
  const live = outcomeOf(() => decide(policy, principal, request, now));
  afterwards(principal, report, () => {
    const candidate = outcomeOf(() => decide(shadow, principal, request, now));
    const kind = differenceOf(live, candidate);
    return (
      kind && {
        kind,
        requestId: request.requestId,
        issuer: principal.issuer,
        live: wordsOf(live),
        shadow: wordsOf(candidate),
        ...(kind === 'session' && { fields: differingFields(live, candidate) }),
      }
    );
  });
  if ('refusal' in live) throw live.refusal;
  return live.decision;
}

/** `permittedRoles` by the live policy; the candidate is asked when this is done. */
export function listPermittedWithShadow(
  { policy, shadow }: Policies,
  principal: Principal,
  caller: Pick<ExchangeRequest, 'sourceAddress'>,
  now: Date,
  report: ReportDifference,
): readonly PermittedRole[] {
  const permitted = listPermittedRoles(policy, principal, caller, now);
  if (!shadow) return permitted;
  afterwards(principal, report, () => {
    const live = permitted.map(({ role }) => role.name);
    const candidate = listPermittedRoles(shadow, principal, caller, now).map(({ role }) => role.name);
    const lost = live.some((role) => !candidate.includes(role));
    const gained = candidate.some((role) => !live.includes(role));
    if (!lost && !gained) return undefined;
    return { kind: lost ? 'lost' : 'gained', issuer: principal.issuer, live, shadow: candidate };
  });
  return permitted;
}

function afterwards(
  { issuer }: Principal,
  report: ReportDifference,
  compare: () => ShadowDifference | undefined,
): void {
  setImmediate(() => {
    const difference = attempt(compare, { kind: 'failed', issuer, live: [], shadow: [] });
    if (difference) report(difference);
  });
}

function attempt<T>(run: () => T, otherwise: T): T {
  try {
    return run();
  } catch {
    return otherwise;
  }
}

function outcomeOf(run: () => Decision): Outcome {
  try {
    return { decision: run() };
  } catch (refusal) {
    return { refusal };
  }
}

function differenceOf(live: Outcome, candidate: Outcome): DifferenceKind | undefined {
  if ('refusal' in candidate) {
    if (!(candidate.refusal instanceof SallyportError)) return 'failed';
    if ('decision' in live) return 'lost';
    return isDeepStrictEqual(wordsOf(live), wordsOf(candidate)) ? undefined : 'refusal';
  }
  if ('refusal' in live) return 'gained';
  if (live.decision.role !== candidate.decision.role) return 'role';
  return differingFields(live, candidate).length > 0 ? 'session' : undefined;
}

const wordsOf = (outcome: Outcome): readonly string[] => {
  if ('decision' in outcome) return [outcome.decision.role];
  return [outcome.refusal instanceof SallyportError ? outcome.refusal.code : 'internal'];
};

/** What STS would be asked: the target and each parameter of the session. */
function differingFields(live: Outcome, candidate: Outcome): readonly string[] {
  const asked = (outcome: Outcome): Readonly<Record<string, unknown>> =>
    'decision' in outcome ? { target: outcome.decision.target, ...outcome.decision.session } : {};
  const [a, b] = [asked(live), asked(candidate)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (field) => !isDeepStrictEqual(a[field], b[field]),
  );
}
