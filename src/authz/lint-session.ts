// Findings about what the templates of a role's session take from claims.
import type { Config } from '../config/schema/config.js';
import type { Finding } from './lint.js';
import type { Sends } from './lint-match.js';
import { parseTemplate } from './template.js';

/** `issuers`: those whose callers can be given the role. */
export function sessionFindings(
  name: string,
  role: Config['roles'][string],
  issuers: readonly string[],
  sends: Sends,
): readonly Finding[] {
  const sources = stringsIn(role.session).filter((text) => !text.includes('default('));
  const claims = new Set(sources.flatMap((text) => parseTemplate(text, { policyVariables: true }).claims));
  return [...claims].flatMap((claim): readonly Finding[] => {
    const without = issuers.filter((issuer) => sends(issuer, claim) === false);
    if (without.length === 0) return [];
    return [
      {
        code: 'claim-never-sent',
        on: `roles.${name}`,
        path: ['roles', name, 'session'],
        message: `Tokens of ${without.join(', ')} have no claim ${claim}, so their callers never get this session. Correct its name, or write default(claims.${claim}, "…").`,
      },
    ];
  });
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
