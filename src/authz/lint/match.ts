// Findings about the matchers of one grant: those that everyone satisfies, that no one can satisfy, or whose claim no issuer
// sends.
import type { Config } from '../../config/schema/config.js';
import type { MatcherConfig } from '../../config/schema/grant.js';
import type { ConfigPath } from '../../core/config-error.js';
import { ClaimMatcher } from '../grants/claim-matcher.js';
import { readsOnlyClaims } from './conditions.js';
import type { Grant, IssuerSendsClaim, LintFinding } from './finding.js';

/** `issuers`: the issuers that the grant covers. */
export function matchFindings(
  grant: Grant,
  index: number,
  config: Config,
  issuers: readonly string[],
  sends: IssuerSendsClaim,
): readonly LintFinding[] {
  const at = (...rest: string[]): ConfigPath => ['grants', index, 'match', ...rest];
  const finding = (code: LintFinding['code'], path: ConfigPath, message: string): LintFinding => ({
    code,
    on: `grants.${grant.id}`,
    path,
    message,
  });
  const forAllIssuers = (predicate: (issuer: string) => boolean) =>
    issuers.length > 0 && issuers.every(predicate);
  const findings: LintFinding[] = [];
  const matchesEveryone = ([claim, matcher]: [string, MatcherConfig]) =>
    matchesAnyValue(matcher) ||
    forAllIssuers((name) => matchesRequiredValues(grant, claim, config, name) === true);
  if (
    grant.effect !== 'deny' &&
    readsOnlyClaims(grant) &&
    Object.entries(grant.match).every(matchesEveryone)
  ) {
    const message =
      'This allow applies to everyone with a proof of this issuer. Restrict it with match, or suppress the finding in lint.ignore.';
    findings.push(finding('grant-open', at(), message));
  }
  for (const [claim, matcher] of Object.entries(grant.match)) {
    if (contradictsItself(matcher)) {
      findings.push(finding('match-impossible', at(claim), 'No claim can satisfy this matcher. Correct it.'));
    } else if (forAllIssuers((name) => matchesRequiredValues(grant, claim, config, name) === false)) {
      const message = `This never matches, because require of the issuer demands another value of ${claim}. Correct one of them.`;
      findings.push(finding('match-impossible', at(claim), message));
    }
    if (forAllIssuers((name) => sends(name, claim) === false)) {
      const message = `Tokens of ${issuers.join(', ')} do not have this claim, so the matcher ${consequence(grant, matcher)}. Correct the name.`;
      findings.push(finding('claim-never-sent', at(claim), message));
    }
  }
  return findings;
}

const consequence = (grant: Grant, matcher: MatcherConfig) => {
  const matches = new ClaimMatcher(matcher, grant.effect ?? 'allow').matches(undefined);
  return matches ? 'always matches' : 'never matches';
};

/** Whether it matches every value of a claim that is present. One pattern of wildcards is enough in a list. */
function matchesAnyValue(matcher: MatcherConfig): boolean {
  if (typeof matcher !== 'object') return false;
  const { glob, exists, ...rest } = matcher;
  const restrictsValue = glob !== undefined && ![glob].flat().some((each) => /^[*?]*\*[*?]*$/.test(each));
  return Object.keys(rest).length === 0 && exists !== false && !restrictsValue;
}

function contradictsItself(matcher: MatcherConfig): boolean {
  if (typeof matcher !== 'object') return false;
  const { exists, equals, anyOf, allOf, glob } = matcher;
  if (exists === false && (equals !== undefined || anyOf || allOf || glob !== undefined)) return true;
  return equals !== undefined && anyOf !== undefined && !anyOf.map(String).includes(String(equals));
}

/** Whether the matcher matches all values that `require` of the issuer permits (true), or none of them (false). */
function matchesRequiredValues(
  grant: Grant,
  claim: string,
  config: Config,
  name: string,
): boolean | undefined {
  const issuer = config.issuers[name];
  const required = issuer?.type === 'oidc' ? issuer.require?.[claim] : undefined;
  const matcher = grant.match[claim];
  if (required === undefined || matcher === undefined) return undefined;
  const compiled = new ClaimMatcher(matcher, grant.effect ?? 'allow');
  const results = [required].flat().map((value) => compiled.matches([value]));
  if (results.every((matches) => matches)) return true;
  return results.some((matches) => matches) ? undefined : false;
}
