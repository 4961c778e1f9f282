// Findings about what one grant asks of claims: nothing, the impossible, or what no issuer sends.
import type { Config } from '../config/schema/config.js';
import type { MatcherConfig } from '../config/schema/grant.js';
import type { ConfigPath } from '../core/fault.js';
import type { Finding, Grant } from './lint.js';
import { compileMatcher } from './matcher.js';

/** Whether an issuer, by its name in the config, can send a claim; undefined where it cannot be told. */
export type Sends = (issuer: string, claim: string) => boolean | undefined;

export function matchFindings(grant: Grant, index: number, config: Config, sends: Sends): readonly Finding[] {
  const on = `grants.${grant.id}`;
  const at = (...rest: string[]): ConfigPath => ['grants', index, 'match', ...rest];
  const found = (code: Finding['code'], path: ConfigPath, message: string): Finding => ({
    code,
    on,
    path,
    message,
  });
  const findings: Finding[] = [];
  if (isOpen(grant)) {
    const message =
      'Everyone with a proof from this issuer gets it. Say in match who is meant, or silence this with the reason.';
    findings.push(found('grant-open', at(), message));
  }
  const issuers = [grant.issuer ?? Object.keys(config.issuers)].flat();
  for (const [claim, matcher] of Object.entries(grant.match)) {
    if (contradictsItself(matcher)) {
      findings.push(found('match-impossible', at(claim), 'No claim can meet this. Correct it.'));
    } else if (
      issuers.length > 0 &&
      issuers.every((name) => contradictsRequire(grant, claim, config, name))
    ) {
      const message = `The issuer's require demands another ${claim}: this never matches. Correct one of them.`;
      findings.push(found('match-impossible', at(claim), message));
    }
    if (issuers.length > 0 && issuers.every((name) => sends(name, claim) === false)) {
      const message = `Tokens of ${issuers.join(', ')} have no such claim${consequence(grant, matcher)}. Correct its name.`;
      findings.push(found('claim-never-sent', at(claim), message));
    }
  }
  return findings;
}

const consequence = (grant: Grant, matcher: MatcherConfig) => {
  const holds = compileMatcher(matcher, grant.effect ?? 'allow')(undefined);
  return holds ? ', so this always holds' : ', so this never matches';
};

const OTHER_KEYS = new Set(['id', 'effect', 'issuer', 'roles', 'permissions', 'match']);

/** Whether issuer and claims are all it asks about. */
export const asksClaimsOnly = (grant: Grant): boolean =>
  Object.keys(grant).every((key) => OTHER_KEYS.has(key));

function isOpen(grant: Grant): boolean {
  return grant.effect !== 'deny' && asksClaimsOnly(grant) && Object.values(grant.match).every(takesAnything);
}

function takesAnything(matcher: MatcherConfig): boolean {
  if (typeof matcher !== 'object') return false;
  const { glob, ...rest } = matcher;
  return Object.keys(rest).length === 0 && [glob ?? []].flat().includes('*');
}

function contradictsItself(matcher: MatcherConfig): boolean {
  if (typeof matcher !== 'object') return false;
  const { exists, equals, anyOf, allOf, glob } = matcher;
  if (exists === false && (equals !== undefined || anyOf || allOf || glob !== undefined)) return true;
  return equals !== undefined && anyOf !== undefined && !anyOf.map(String).includes(String(equals));
}

/** Tokens carry exactly one of the required values, so whatever meets none of them meets no token. */
function contradictsRequire(grant: Grant, claim: string, config: Config, name: string): boolean {
  const issuer = config.issuers[name];
  const required = issuer?.type === 'oidc' ? issuer.require?.[claim] : undefined;
  const matcher = grant.match[claim];
  if (required === undefined || matcher === undefined) return false;
  const holds = compileMatcher(matcher, grant.effect ?? 'allow');
  return ![required].flat().some((value) => holds([value]));
}
