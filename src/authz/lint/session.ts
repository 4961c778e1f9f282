// Findings about claims that sessions and `rolesFrom` need, and that some issuer never sends: one for each claim, however
// many need it.
import type { Config } from '../../config/schema/config.js';
import type { ConfigPath } from '../../core/config-error.js';
import { parseTemplate } from '../session/template.js';
import type { IssuerSendsClaim, LintFinding } from './finding.js';

interface Need {
  /** Of the role, or the entry of `rolesFrom`. */
  readonly name: string;
  readonly path: ConfigPath;
  readonly claim: string;
  /** Issuers whose callers can be given the role, and never have the claim. */
  readonly without: readonly string[];
}

/** `issuersFor`: those whose callers can be given a role, or roles of an entry of `rolesFrom`. */
export function sessionFindings(
  { roles, rolesFrom = {} }: Config,
  issuersFor: (name: string) => readonly string[],
  sends: IssuerSendsClaim,
): readonly LintFinding[] {
  const asking = [
    ...Object.entries(roles).map(([name, { session }]) => ({
      name,
      path: ['roles', name, 'session'],
      session,
      claim: undefined,
    })),
    ...Object.entries(rolesFrom).map(([name, { session, claim }]) => ({
      name,
      path: ['rolesFrom', name],
      session,
      claim,
    })),
  ];
  const needs = asking.flatMap(({ name, path, session, claim: named }): readonly Need[] => {
    const texts = stringsIn(session);
    const inTexts = texts.flatMap(
      (text) => parseTemplate(text, { policyVariables: true, roleSessionName: true }).requiredClaims,
    );
    const claims = new Set([...inTexts, ...(named === undefined ? [] : [named])]);
    return [...claims].map((claim) => ({
      name,
      path,
      claim,
      without: issuersFor(name).filter((issuer) => sends(issuer, claim) === false),
    }));
  });
  const unmet = needs.filter(({ without }) => without.length > 0);
  return [...new Set(unmet.map(({ claim }) => claim))].map((claim) => {
    const same = unmet.filter((need) => need.claim === claim);
    const list = (names: readonly string[]) => [...new Set(names)].join(', ');
    const issuers = list(same.flatMap(({ without }) => without));
    return {
      code: 'claim-never-sent',
      on: `claims.${claim}`,
      path: same[0]?.path ?? [],
      message: `Tokens of ${issuers} have no claim ${claim}, so their callers never get a session of ${list(same.map(({ name }) => name))}. Correct its name, or write default(claims.${claim}, "…").`,
    };
  });
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
