// What the file says to prove itself: the decisions it expects (`tests`), and the findings of `sallyport check` that
// are meant (`lint`). Neither changes what is decided.
import { type Static, Type } from 'typebox';
import { INSTANT_PATTERN } from '../../core/time.js';
import type { ClaimValue } from '../../core/types.js';
import { closed } from './primitives.js';

const roles = (description: string) =>
  Type.Optional(Type.Array(Type.String(), { minItems: 1, uniqueItems: true, description }));

const Principal = Type.Object(
  {
    issuer: Type.String({ description: 'Name of an issuer.' }),
    subject: Type.Optional(
      Type.String({ minLength: 1, description: 'Default: the claim sub, or NameID for SAML.' }),
    ),
    claims: Type.Optional(
      Type.Record(Type.String(), Type.Unsafe<ClaimValue>({}), {
        description: 'Claims as the issuer sends them.',
      }),
    ),
    sourceAddress: Type.Optional(
      Type.String({ description: 'Where the request comes from. Default 127.0.0.1.' }),
    ),
    now: Type.Optional(
      Type.String({
        pattern: INSTANT_PATTERN,
        description: 'When, e.g. 2026-11-21T12:00:00Z. Default: when the test runs.',
      }),
    ),
  },
  { ...closed, description: 'Who asks.' },
);

const Session = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'RoleSessionName, or Name of the federated user.' })),
    durationSeconds: Type.Optional(Type.Integer({ description: 'Lifetime when none is asked for.' })),
    policy: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'The session policy, filled in.' }),
    ),
    policyArns: Type.Optional(Type.Array(Type.String(), { description: 'Managed session policies.' })),
    tags: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Session tags, filled in.' }),
    ),
    transitiveTags: Type.Optional(Type.Array(Type.String(), { description: 'Keys of transitive tags.' })),
    sourceIdentity: Type.Optional(Type.String({ description: 'Source identity, filled in.' })),
  },
  { ...closed, description: 'What the session must be; what is left out is not compared.' },
);

export const PolicyTest = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, description: 'What it shows, for the report.' })),
    principal: Principal,
    allow: roles('Roles this principal must get, with a session that STS would take.'),
    deny: roles('Roles this principal must be refused.'),
    session: Type.Optional(
      Type.Record(Type.String(), Session, { description: 'What sessions must be, by role.' }),
    ),
  },
  { ...closed, description: 'A principal, and what must be decided for it.' },
);
export type PolicyTest = Static<typeof PolicyTest>;
