// Findings about claims that sessions or `rolesFrom` entries require and that an issuer never sends. There is one finding per
// claim, however many roles require it.
import type { Config } from '../../config/schema/config.js';
import type { ConfigPath } from '../../core/config-error.js';
import { parseTemplate } from '../session/template.js';
import type { IssuerSendsClaim, LintFinding } from './finding.js';

interface RequiredClaim {
  /** Name of the role, or of the `rolesFrom` entry. */
  readonly name: string;
  readonly path: ConfigPath;
  readonly claim: string;
  /** Issuers that can use the role and never send the claim. */
  readonly missingAt: readonly string[];
}

/** `issuersFor`: the issuers whose callers can use a role, or roles of a `rolesFrom` entry. */
export function sessionFindings(
  { roles, rolesFrom = {} }: Config,
  issuersFor: (name: string) => readonly string[],
  sends: IssuerSendsClaim,
): readonly LintFinding[] {
  const sources = [
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
  const required = sources.flatMap(({ name, path, session, claim: roleClaim }): readonly RequiredClaim[] => {
    const texts = stringsIn(session);
    const inTemplates = texts.flatMap(
      (text) => parseTemplate(text, { policyVariables: true, roleSessionName: true }).requiredClaims,
    );
    const claims = new Set([...inTemplates, ...(roleClaim === undefined ? [] : [roleClaim])]);
    return [...claims].map((claim) => ({
      name,
      path,
      claim,
      missingAt: issuersFor(name).filter((issuer) => sends(issuer, claim) === false),
    }));
  });
  const unavailable = required.filter(({ missingAt }) => missingAt.length > 0);
  return [...new Set(unavailable.map(({ claim }) => claim))].map((claim) => {
    const same = unavailable.filter((each) => each.claim === claim);
    const list = (names: readonly string[]) => [...new Set(names)].join(', ');
    const issuers = list(same.flatMap(({ missingAt }) => missingAt));
    return {
      code: 'claim-never-sent',
      on: `claims.${claim}`,
      path: same[0]?.path ?? [],
      message: `Tokens of ${issuers} do not have the claim ${claim}, which sessions of ${list(same.map(({ name }) => name))} require. Correct the name, or use default(claims.${claim}, "…").`,
    };
  });
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
