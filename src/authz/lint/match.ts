// Findings about what the matchers of one grant ask of claims: nothing, the impossible, or what no issuer sends.
import type { Config } from '../../config/schema/config.js';
import type { MatcherConfig } from '../../config/schema/grant.js';
import type { ConfigPath } from '../../core/config-error.js';
import { compileClaimMatcher } from '../grants/claim-matcher.js';
import { readsOnlyClaims } from './conditions.js';
import type { Grant, IssuerSendsClaim, LintFinding } from './finding.js';

/** `issuers`: those the grant is about. */
export function matchFindings(
  grant: Grant,
  index: number,
  config: Config,
  issuers: readonly string[],
  sends: IssuerSendsClaim,
): readonly LintFinding[] {
  const at = (...rest: string[]): ConfigPath => ['grants', index, 'match', ...rest];
  const found = (code: LintFinding['code'], path: ConfigPath, message: string): LintFinding => ({
    code,
    on: `grants.${grant.id}`,
    path,
    message,
  });
  const all = (holds: (issuer: string) => boolean) => issuers.length > 0 && issuers.every(holds);
  const findings: LintFinding[] = [];
  const asksNothing = ([claim, matcher]: [string, MatcherConfig]) =>
    takesAnything(matcher) || all((name) => verdictOfRequire(grant, claim, config, name) === true);
  if (grant.effect !== 'deny' && readsOnlyClaims(grant) && Object.entries(grant.match).every(asksNothing)) {
    const message =
      'Everyone with a proof from this issuer gets it. Say in match who is meant, or silence this with the reason.';
    findings.push(found('grant-open', at(), message));
  }
  for (const [claim, matcher] of Object.entries(grant.match)) {
    if (contradictsItself(matcher)) {
      findings.push(found('match-impossible', at(claim), 'No claim can meet this. Correct it.'));
    } else if (all((name) => verdictOfRequire(grant, claim, config, name) === false)) {
      const message = `The issuer's require demands another ${claim}: this never matches. Correct one of them.`;
      findings.push(found('match-impossible', at(claim), message));
    }
    if (all((name) => sends(name, claim) === false)) {
      const message = `Tokens of ${issuers.join(', ')} have no such claim${consequence(grant, matcher)}. Correct its name.`;
      findings.push(found('claim-never-sent', at(claim), message));
    }
  }
  return findings;
}

const consequence = (grant: Grant, matcher: MatcherConfig) => {
  const holds = compileClaimMatcher(matcher, grant.effect ?? 'allow')(undefined);
  return holds ? ', so this always holds' : ', so this never matches';
};

/** That the claim is there is all it asks: a list of globs is met by any of them. */
function takesAnything(matcher: MatcherConfig): boolean {
  if (typeof matcher !== 'object') return false;
  const { glob, exists, ...rest } = matcher;
  const asksGlob = glob !== undefined && ![glob].flat().some((each) => /^[*?]*\*[*?]*$/.test(each));
  return Object.keys(rest).length === 0 && exists !== false && !asksGlob;
}

function contradictsItself(matcher: MatcherConfig): boolean {
  if (typeof matcher !== 'object') return false;
  const { exists, equals, anyOf, allOf, glob } = matcher;
  if (exists === false && (equals !== undefined || anyOf || allOf || glob !== undefined)) return true;
  return equals !== undefined && anyOf !== undefined && !anyOf.map(String).includes(String(equals));
}

/** Tokens carry exactly one of the required values: whether all of them meet the matcher, or none. */
function verdictOfRequire(grant: Grant, claim: string, config: Config, name: string): boolean | undefined {
  const issuer = config.issuers[name];
  const required = issuer?.type === 'oidc' ? issuer.require?.[claim] : undefined;
  const matcher = grant.match[claim];
  if (required === undefined || matcher === undefined) return undefined;
  const holds = compileClaimMatcher(matcher, grant.effect ?? 'allow');
  const outcomes = [required].flat().map((value) => holds([value]));
  if (outcomes.every((outcome) => outcome)) return true;
  return outcomes.some((outcome) => outcome) ? undefined : false;
}
