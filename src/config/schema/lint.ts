// The section `lint`: findings of `sallyport check` that the operator accepts.
import { type Static, Type } from 'typebox';
import { closed } from './primitives.js';

/** What `sallyport check` can find; see `authz/lint.ts`. */
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
              'What it is about: grants.ID, roles.NAME, rolesFrom.NAME, issuers.NAME or claims.NAME.',
          }),
          reason: Type.String({ minLength: 1, description: 'Why it is meant.' }),
        },
        closed,
      ),
      { description: 'Findings that are meant. One that silences nothing is itself a finding.' },
    ),
  },
  { ...closed, description: 'What sallyport check must not warn of.' },
);
export type Lint = Static<typeof Lint>;
