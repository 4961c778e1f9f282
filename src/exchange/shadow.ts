// Compares the shadow policy (the policy of the config under `shadow`) with the live one. Each decision is made again with
// the shadow policy, after the caller's own. Differences go to the log and a metric; nothing here reaches a caller.
import { isDeepStrictEqual } from 'node:util';
import { decide, listPermittedRoles, type PermittedRole } from '../authz/decide.js';
import type { Policy } from '../authz/policy.js';
import { SallyportError } from '../core/errors.js';
import type { Log } from '../core/ports.js';
import type { Decision, ExchangeRequest, Principal } from '../core/types.js';
import type { Metrics } from '../telemetry/metrics.js';

/**
 * `gained`: the shadow policy permits what is denied now. `lost`: the reverse. `role`: it chooses another role.
 * `session`: the same role with another STS session. `refusal`: both deny, for different reasons. `failed`: the shadow
 * policy cannot be evaluated.
 */
type DifferenceKind = 'gained' | 'lost' | 'role' | 'session' | 'refusal' | 'failed';

/** Holds values of the two configs and of the error table only, nothing that the caller sent. */
export interface ShadowDifference {
  readonly kind: DifferenceKind;
  readonly requestId?: string;
  readonly issuer: string;
  /** Role names, or error codes. */
  readonly live: readonly string[];
  readonly shadow: readonly string[];
  /** Names of the session fields that differ. */
  readonly fields?: readonly string[];
}

interface Policies {
  readonly policy: Policy;
  readonly shadow?: Policy;
}

type DecisionOutcome = { readonly decision: Decision } | { readonly error: unknown };

export interface ShadowEvaluatorOptions {
  readonly metrics: Pick<Metrics, 'countShadowDifference'>;
  readonly log: Pick<Log, 'info'>;
}

/** Decides with the live policy, then compares the result with the shadow policy if there is one. */
export class ShadowEvaluator {
  readonly #options: ShadowEvaluatorOptions;

  constructor(options: ShadowEvaluatorOptions) {
    this.#options = options;
  }

  /** The decision of the live policy. @throws SallyportError if it denies the request. */
  decide({ policy, shadow }: Policies, principal: Principal, request: ExchangeRequest, now: Date): Decision {
    if (!shadow) return decide(policy, principal, request, now);
    const live = outcomeOf(() => decide(policy, principal, request, now));
    this.#compareLater(principal, () => {
      const candidate = outcomeOf(() => decide(shadow, principal, request, now));
      const kind = differenceOf(live, candidate);
      return (
        kind && {
          kind,
          requestId: request.requestId,
          issuer: principal.issuer,
          live: labelsOf(live),
          shadow: labelsOf(candidate),
          ...(kind === 'session' && { fields: differingFields(live, candidate) }),
        }
      );
    });
    if ('error' in live) throw live.error;
    return live.decision;
  }

  /** The roles that the live policy permits. */
  listPermittedRoles(
    { policy, shadow }: Policies,
    principal: Principal,
    caller: Pick<ExchangeRequest, 'sourceAddress'>,
    now: Date,
  ): readonly PermittedRole[] {
    const permitted = listPermittedRoles(policy, principal, caller, now);
    if (!shadow) return permitted;
    this.#compareLater(principal, () => {
      const live = permitted.map(({ role }) => role.name);
      const candidate = listPermittedRoles(shadow, principal, caller, now).map(({ role }) => role.name);
      const lost = live.some((role) => !candidate.includes(role));
      const gained = candidate.some((role) => !live.includes(role));
      if (!lost && !gained) return undefined;
      return { kind: lost ? 'lost' : 'gained', issuer: principal.issuer, live, shadow: candidate };
    });
    return permitted;
  }

  /** Runs after the current turn, so that the caller does not wait for it. */
  #compareLater({ issuer }: Principal, compare: () => ShadowDifference | undefined): void {
    setImmediate(() => {
      const difference = attempt(compare, { kind: 'failed', issuer, live: [], shadow: [] });
      if (!difference) return;
      this.#options.metrics.countShadowDifference(difference.kind);
      this.#options.log.info({ ...difference }, 'the shadow config decides differently');
    });
  }
}

function attempt<T>(run: () => T, fallback: T): T {
  try {
    return run();
  } catch {
    return fallback;
  }
}

function outcomeOf(run: () => Decision): DecisionOutcome {
  try {
    return { decision: run() };
  } catch (error) {
    return { error };
  }
}

function differenceOf(live: DecisionOutcome, candidate: DecisionOutcome): DifferenceKind | undefined {
  if ('error' in candidate) {
    if (!(candidate.error instanceof SallyportError)) return 'failed';
    if ('decision' in live) return 'lost';
    return isDeepStrictEqual(labelsOf(live), labelsOf(candidate)) ? undefined : 'refusal';
  }
  if ('error' in live) return 'gained';
  if (live.decision.role !== candidate.decision.role) return 'role';
  return differingFields(live, candidate).length > 0 ? 'session' : undefined;
}

const labelsOf = (outcome: DecisionOutcome): readonly string[] => {
  if ('decision' in outcome) return [outcome.decision.role];
  return [outcome.error instanceof SallyportError ? outcome.error.code : 'internal'];
};

/** Names of the STS parameters that differ: the target and each field of the session. */
function differingFields(live: DecisionOutcome, candidate: DecisionOutcome): readonly string[] {
  const parametersOf = (outcome: DecisionOutcome): Readonly<Record<string, unknown>> =>
    'decision' in outcome ? { target: outcome.decision.target, ...outcome.decision.session } : {};
  const [a, b] = [parametersOf(live), parametersOf(candidate)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (field) => !isDeepStrictEqual(a[field], b[field]),
  );
}
