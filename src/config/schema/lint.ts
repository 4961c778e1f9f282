// The section `lint`: findings of `sallyport check` that the operator accepts.
import { type Static, Type } from 'typebox';
import { closed } from './primitives.js';

/** Codes of the findings; see `authz/lint/lint.ts`. */
const LINT_CODES = [
  'grant-open',
  'grant-shadowed',
  'grant-without-effect',
  'from-anywhere',
  'condition-constant',
  'match-impossible',
  'claim-never-sent',
  'issuer-unused',
  'role-unused',
  'session-without-policy',
  'packed-size',
  'ignore-unused',
] as const;
export type LintCode = (typeof LINT_CODES)[number];

export const Lint = Type.Object(
  {
    ignore: Type.Array(
      Type.Object(
        {
          code: Type.Enum([...LINT_CODES], { description: 'Code of the finding.' }),
          on: Type.String({
            pattern: '^(?:(?:grants|roles|rolesFrom|issuers)\\.[A-Za-z0-9][A-Za-z0-9_.-]{0,63}|claims\\..+)$',
            description:
              'Subject of the finding: grants.ID, roles.NAME, rolesFrom.NAME, issuers.NAME or claims.NAME.',
          }),
          reason: Type.String({ minLength: 1, description: 'Reason why the finding is acceptable.' }),
        },
        closed,
      ),
      { description: 'Findings to suppress. An entry that suppresses nothing is itself a finding.' },
    ),
  },
  { ...closed, description: 'Settings for the findings of `sallyport check`.' },
);
export type Lint = Static<typeof Lint>;
