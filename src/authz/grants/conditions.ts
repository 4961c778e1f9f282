// What a grant asks, as a list of conditions: deciding and explaining ask the same `holds`. `when` comes last; it alone
// can fail.
import type { Config } from '../../config/schema/config.js';
import { addressSet } from '../../core/address.js';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import { compileExpression } from '../cel/expression.js';
import { claimValue, claimValues, compileClaimMatcher } from './claim-matcher.js';
import type { EvaluationContext } from './evaluation-context.js';
import type { MfaRule } from './mfa.js';
import { compileTimeWindow } from './time-window.js';

type GrantConfig = Config['grants'][number];

export interface GrantCondition {
  /** What is asked about, by its path in the grant: `issuer`, `from`, `match.groups`, `when`. */
  readonly path: string;
  /** Whether only the claims can tell. */
  readonly dependsOnClaims: boolean;
  /** As the config has it; for `mfa`, the values that count at the caller's issuer, by claim. */
  expected(situation: EvaluationContext): unknown;
  /** Undefined: there is nothing of the kind. */
  actual(situation: EvaluationContext): unknown;
  /** Only a `when` may throw: EvaluationFailure. */
  isMet(situation: EvaluationContext): boolean;
}

/** By issuer: what its claims must say of several factors. */
export type MfaRules = ReadonlyMap<string, MfaRule>;

/** The conditions of the grant at `path`; what is wrong with them goes to `faults`. */
export function compileConditions(
  grant: GrantConfig,
  path: ConfigPath,
  strengths: MfaRules,
  faults: ConfigError[],
): readonly GrantCondition[] {
  return [
    ...issuerCondition(grant),
    ...addressCondition(grant),
    ...matchConditions(grant),
    ...hoursCondition(grant, path, faults),
    ...strengthCondition(grant, strengths),
    ...expressionCondition(grant, path, faults),
  ];
}

function issuerCondition({ issuer }: GrantConfig): readonly GrantCondition[] {
  if (issuer === undefined) return [];
  const issuers = new Set([issuer].flat());
  return [
    {
      path: 'issuer',
      dependsOnClaims: false,
      expected: () => issuer,
      actual: ({ principal }) => principal.issuer,
      isMet: ({ principal }) => issuers.has(principal.issuer),
    },
  ];
}

function addressCondition({ from, effect }: GrantConfig): readonly GrantCondition[] {
  if (!from) return [];
  // Who calls from nowhere known may be in any range: the doubt goes against the caller.
  const inRange = addressSet(from, effect === 'deny');
  return [
    {
      path: 'from',
      dependsOnClaims: false,
      expected: () => from,
      actual: ({ sourceAddress }) => sourceAddress,
      isMet: ({ sourceAddress }) => inRange(sourceAddress),
    },
  ];
}

const matchConditions = ({ match, effect = 'allow' }: GrantConfig): readonly GrantCondition[] =>
  Object.entries(match).map(([claim, wanted]) => {
    const matcher = compileClaimMatcher(wanted, effect);
    return {
      path: `match.${claim}`,
      dependsOnClaims: true,
      expected: () => wanted,
      actual: ({ principal }) => claimValue(principal.claims, claim),
      isMet: ({ principal }) => matcher(claimValues(principal.claims, claim)),
    };
  });

function hoursCondition(
  { between }: GrantConfig,
  path: ConfigPath,
  faults: ConfigError[],
): readonly GrantCondition[] {
  if (!between) return [];
  const within = zoned(() => compileTimeWindow(between));
  if (within) {
    return [
      {
        path: 'between',
        dependsOnClaims: false,
        expected: () => between,
        actual: ({ now }) => now.toISOString(),
        isMet: ({ now }) => within(now),
      },
    ];
  }
  faults.push({
    path: [...path, 'between', 'timeZone'],
    message: 'No time zone has this name. Write one of the IANA database, e.g. Europe/Berlin or UTC.',
  });
  return [];
}

/** undefined for a time zone that is not known. */
function zoned<T>(compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function strengthCondition({ mfa }: GrantConfig, strengths: MfaRules): readonly GrantCondition[] {
  if (mfa !== 'required') return [];
  const strengthOf = ({ principal }: EvaluationContext) => strengths.get(principal.issuer);
  return [
    {
      path: 'mfa',
      dependsOnClaims: true,
      expected: (situation) => strengthOf(situation)?.acceptedValues ?? mfa,
      actual: (situation) => strengthOf(situation)?.claimedValues(situation.principal.claims),
      isMet: (situation) => strengthOf(situation)?.isSatisfiedBy(situation.principal.claims) ?? false,
    },
  ];
}

function expressionCondition(
  { when }: GrantConfig,
  path: ConfigPath,
  faults: ConfigError[],
): readonly GrantCondition[] {
  if (when === undefined) return [];
  const compiled = compileExpression(when);
  if (compiled.ok)
    return [
      {
        path: 'when',
        dependsOnClaims: true,
        expected: () => when,
        actual: compiled.seen,
        isMet: compiled.condition,
      },
    ];
  faults.push({ path: [...path, 'when'], message: compiled.message });
  return [];
}
