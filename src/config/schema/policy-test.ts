// The section `tests`: decisions that the config must produce. Only `sallyport check` reads it.
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
      Type.String({
        minLength: 1,
        description: 'Subject of the principal. Default: the claim sub, for SAML NameID.',
      }),
    ),
    claims: Type.Optional(
      Type.Record(Type.String(), Type.Unsafe<ClaimValue>({}), {
        description: 'Claims as the issuer sends them. Default: none.',
      }),
    ),
    sourceAddress: Type.Optional(
      Type.String({ description: 'Source IP address of the request. Default: 127.0.0.1.' }),
    ),
    now: Type.Optional(
      Type.String({
        pattern: INSTANT_PATTERN,
        description:
          'Time of the request, for example 2026-11-21T12:00:00Z. Default: the time of the test run.',
      }),
    ),
  },
  { ...closed, description: 'The principal that sends the request.' },
);

const Session = Type.Object(
  {
    name: Type.Optional(
      Type.String({ description: 'Expected RoleSessionName, or Name of the federated user.' }),
    ),
    durationSeconds: Type.Optional(
      Type.Integer({ description: 'Expected lifetime in seconds if the request has no DurationSeconds.' }),
    ),
    policy: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Expected session policy, with claims filled in.',
      }),
    ),
    policyArns: Type.Optional(
      Type.Array(Type.String(), { description: 'Expected ARNs of managed session policies.' }),
    ),
    tags: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Expected session tags, with claims filled in.',
      }),
    ),
    transitiveTags: Type.Optional(
      Type.Array(Type.String(), { description: 'Expected keys of transitive tags.' }),
    ),
    sourceIdentity: Type.Optional(
      Type.String({ description: 'Expected source identity, with claims filled in.' }),
    ),
  },
  { ...closed, description: 'Expected session parameters. Parameters that are not set are not compared.' },
);

export const PolicyTest = Type.Object(
  {
    name: Type.Optional(
      Type.String({ minLength: 1, description: 'Name of the test in the report. Default: its number.' }),
    ),
    principal: Principal,
    allow: roles('Roles that this principal must be permitted, with a session that STS accepts.'),
    deny: roles('Roles that this principal must be refused.'),
    session: Type.Optional(
      Type.Record(Type.String(), Session, { description: 'Expected sessions, by role.' }),
    ),
  },
  { ...closed, description: 'A policy test: a principal and the expected decisions.' },
);
export type PolicyTest = Static<typeof PolicyTest>;
