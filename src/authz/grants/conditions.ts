// The conditions of a grant, one class for each kind. Decisions and explanations use the same `isMet`. The `when`
// condition comes last, because only it can fail. Any condition on claims can be unknown, if the proof left a claim out.
import type { Config } from '../../config/schema/config.js';
import type { BetweenConfig, MatcherConfig } from '../../config/schema/grant.js';
import { addressSet } from '../../core/address.js';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import { type CelExpression, compileExpression } from '../cel/expression.js';
import { ClaimMatcher, claimValue, claimValues } from './claim-matcher.js';
import { type EvaluationContext, UnknownClaimsError } from './evaluation-context.js';
import type { MfaRules } from './mfa.js';
import { TimeWindow } from './time-window.js';

type GrantConfig = Config['grants'][number];

export interface GrantCondition {
  /** Path in the grant: `issuer`, `from`, `match.groups`, `when`. */
  readonly path: string;
  /** Whether the claims decide it. */
  readonly dependsOnClaims: boolean;
  /** The value in the config; for `mfa`, the accepted values of the caller's issuer by claim. */
  expected(context: EvaluationContext): unknown;
  /** The caller's value; undefined if there is none. */
  actual(context: EvaluationContext): unknown;
  /**
   * @throws UnknownClaimsError if it depends on claims that the proof left out; ExpressionEvaluationError, only for `when`.
   */
  isMet(context: EvaluationContext): boolean;
  /** The claim of which `isMet` would throw that it is unknown. Large configs evaluate many such grants, and errors are slow. */
  unknownClaim?(context: EvaluationContext): string | undefined;
}

/** The conditions of the grant at `path`. Config errors are added to `errors`. */
export function compileConditions(
  grant: GrantConfig,
  path: ConfigPath,
  mfaRules: MfaRules,
  errors: ConfigError[],
): readonly GrantCondition[] {
  const { issuer, effect = 'allow', from, match, between, mfa, when } = grant;
  const conditions = [
    issuer !== undefined && new IssuerCondition(issuer),
    from && new AddressCondition(from, effect),
    ...Object.entries(match).map(([claim, matcher]) => new ClaimCondition(claim, matcher, effect)),
    between && compileTimeCondition(between, path, errors),
    mfa === 'required' && new MfaCondition(mfaRules),
    when !== undefined && compileExpressionCondition(when, path, errors),
  ];
  return conditions.filter((condition) => typeof condition === 'object');
}

class IssuerCondition implements GrantCondition {
  readonly path = 'issuer';
  readonly dependsOnClaims = false;
  readonly #issuer: string | string[];
  readonly #issuers: ReadonlySet<string>;

  constructor(issuer: string | string[]) {
    this.#issuer = issuer;
    this.#issuers = new Set([issuer].flat());
  }

  expected(): unknown {
    return this.#issuer;
  }

  actual({ principal }: EvaluationContext): unknown {
    return principal.issuer;
  }

  isMet({ principal }: EvaluationContext): boolean {
    return this.#issuers.has(principal.issuer);
  }
}

class AddressCondition implements GrantCondition {
  readonly path = 'from';
  readonly dependsOnClaims = false;
  readonly #blocks: readonly string[];
  readonly #includes: (address: string) => boolean;

  constructor(blocks: readonly string[], effect: 'allow' | 'deny') {
    this.#blocks = blocks;
    // A caller with an unknown address could be in any range. The ambiguity counts against the caller.
    this.#includes = addressSet(blocks, effect === 'deny');
  }

  expected(): unknown {
    return this.#blocks;
  }

  actual({ sourceAddress }: EvaluationContext): unknown {
    return sourceAddress;
  }

  isMet({ sourceAddress }: EvaluationContext): boolean {
    return this.#includes(sourceAddress);
  }
}

class ClaimCondition implements GrantCondition {
  readonly path: string;
  readonly dependsOnClaims = true;
  readonly #claim: string;
  readonly #config: MatcherConfig;
  readonly #matcher: ClaimMatcher;

  constructor(claim: string, config: MatcherConfig, effect: 'allow' | 'deny') {
    this.path = `match.${claim}`;
    this.#claim = claim;
    this.#config = config;
    this.#matcher = new ClaimMatcher(config, effect);
  }

  expected(): unknown {
    return this.#config;
  }

  actual({ principal }: EvaluationContext): unknown {
    return claimValue(principal.claims, this.#claim);
  }

  isMet(context: EvaluationContext): boolean {
    const unknown = this.unknownClaim(context);
    if (unknown !== undefined) throw new UnknownClaimsError([unknown]);
    return this.#matcher.matches(claimValues(context.principal.claims, this.#claim));
  }

  unknownClaim({ omitted }: EvaluationContext): string | undefined {
    return omitted.includesPath(this.#claim) ? this.#claim : undefined;
  }
}

class TimeCondition implements GrantCondition {
  readonly path = 'between';
  readonly dependsOnClaims = false;
  readonly #config: BetweenConfig;
  readonly #window: TimeWindow;

  /** @throws RangeError for an unknown time zone. */
  constructor(config: BetweenConfig) {
    this.#config = config;
    this.#window = new TimeWindow(config);
  }

  expected(): unknown {
    return this.#config;
  }

  actual({ now }: EvaluationContext): unknown {
    return now.toISOString();
  }

  isMet({ now }: EvaluationContext): boolean {
    return this.#window.contains(now);
  }
}

class MfaCondition implements GrantCondition {
  readonly path = 'mfa';
  readonly dependsOnClaims = true;
  readonly #rules: MfaRules;

  constructor(rules: MfaRules) {
    this.#rules = rules;
  }

  expected({ principal }: EvaluationContext): unknown {
    return this.#rules.get(principal.issuer)?.acceptedValues ?? 'required';
  }

  actual({ principal }: EvaluationContext): unknown {
    return this.#rules.get(principal.issuer)?.claimedValues(principal.claims);
  }

  isMet({ principal, omitted }: EvaluationContext): boolean {
    return this.#rules.get(principal.issuer)?.isSatisfiedBy(principal.claims, omitted) ?? false;
  }
}

class ExpressionCondition implements GrantCondition {
  readonly path = 'when';
  readonly dependsOnClaims = true;
  readonly #source: string;
  readonly #expression: CelExpression;

  constructor(source: string, expression: CelExpression) {
    this.#source = source;
    this.#expression = expression;
  }

  expected(): unknown {
    return this.#source;
  }

  actual(context: EvaluationContext): unknown {
    return this.#expression.referencedValues(context);
  }

  isMet(context: EvaluationContext): boolean {
    return this.#expression.evaluate(context);
  }
}

function compileTimeCondition(
  between: BetweenConfig,
  path: ConfigPath,
  errors: ConfigError[],
): TimeCondition | undefined {
  try {
    return new TimeCondition(between);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    errors.push({
      path: [...path, 'between', 'timeZone'],
      message:
        'Unknown time zone. Use a name of the IANA time zone database, for example Europe/Berlin or UTC.',
    });
    return undefined;
  }
}

function compileExpressionCondition(
  when: string,
  path: ConfigPath,
  errors: ConfigError[],
): ExpressionCondition | undefined {
  const compiled = compileExpression(when);
  if (compiled.ok) return new ExpressionCondition(when, compiled.expression);
  errors.push({ path: [...path, 'when'], message: compiled.message });
  return undefined;
}
