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
  readonly on: string;
  /** Whether only the claims can tell. */
  readonly ofClaims: boolean;
  /** As the config has it; for `mfa`, the values that count at the caller's issuer, by claim. */
  wanted(situation: EvaluationContext): unknown;
  /** Undefined: there is nothing of the kind. */
  seen(situation: EvaluationContext): unknown;
  /** Only a `when` may throw: EvaluationFailure. */
  holds(situation: EvaluationContext): boolean;
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
      on: 'issuer',
      ofClaims: false,
      wanted: () => issuer,
      seen: ({ principal }) => principal.issuer,
      holds: ({ principal }) => issuers.has(principal.issuer),
    },
  ];
}

function addressCondition({ from, effect }: GrantConfig): readonly GrantCondition[] {
  if (!from) return [];
  // Who calls from nowhere known may be in any range: the doubt goes against the caller.
  const inRange = addressSet(from, effect === 'deny');
  return [
    {
      on: 'from',
      ofClaims: false,
      wanted: () => from,
      seen: ({ sourceAddress }) => sourceAddress,
      holds: ({ sourceAddress }) => inRange(sourceAddress),
    },
  ];
}

const matchConditions = ({ match, effect = 'allow' }: GrantConfig): readonly GrantCondition[] =>
  Object.entries(match).map(([claim, wanted]) => {
    const matcher = compileClaimMatcher(wanted, effect);
    return {
      on: `match.${claim}`,
      ofClaims: true,
      wanted: () => wanted,
      seen: ({ principal }) => claimValue(principal.claims, claim),
      holds: ({ principal }) => matcher(claimValues(principal.claims, claim)),
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
        on: 'between',
        ofClaims: false,
        wanted: () => between,
        seen: ({ now }) => now.toISOString(),
        holds: ({ now }) => within(now),
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
      on: 'mfa',
      ofClaims: true,
      wanted: (situation) => strengthOf(situation)?.wanted ?? mfa,
      seen: (situation) => strengthOf(situation)?.seen(situation.principal.claims),
      holds: (situation) => strengthOf(situation)?.holds(situation.principal.claims) ?? false,
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
      { on: 'when', ofClaims: true, wanted: () => when, seen: compiled.seen, holds: compiled.condition },
    ];
  faults.push({ path: [...path, 'when'], message: compiled.message });
  return [];
}
