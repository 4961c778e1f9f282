// The request and response of POST /v1/explain.
import { type Static, Type } from 'typebox';
import { type ClaimValue, OPERATIONS } from '../../../core/types.js';
import { closed, SAMLResponse } from '../../request-fields.js';

export const ExplainRequest = Type.Object(
  {
    SAMLResponse: Type.Optional(SAMLResponse),
    Role: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description:
          'The role to explain. Default: every role that the caller is permitted. With RequestId: the role of that request. With Principal: every role in the config and, without claims, every entry of rolesFrom.',
      }),
    ),
    Principal: Type.Optional(
      Type.Object(
        {
          Issuer: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 64,
              description: 'Name of the issuer in the config. Required without RequestId.',
            }),
          ),
          Subject: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
          Claims: Type.Optional(
            Type.Record(Type.String(), Type.Unsafe<ClaimValue>({}), {
              description:
                'Claims as the issuer sends them. Without claims, only conditions that need none are evaluated.',
            }),
          ),
          SourceAddress: Type.Optional(Type.String({ minLength: 2, maxLength: 45 })),
        },
        { ...closed, description: 'Another principal, for operators.' },
      ),
    ),
    RequestId: Type.Optional(
      Type.String({
        minLength: 8,
        maxLength: 64,
        description:
          'Request id of an earlier request, for operators. Principal, time and source address come from the audit log, which holds no claims.',
      }),
    ),
  },
  closed,
);

const Condition = Type.Object({
  On: Type.String({ description: 'Path of the condition in the grant, for example match.groups.' }),
  Wanted: Type.Unknown({
    description: 'The expected value from the config. For mfa: the accepted values of this issuer, by claim.',
  }),
  Seen: Type.Optional(
    Type.Unknown({
      description:
        'The actual value. For when and mfa: the claims they read, by name. Absent: the claim is missing or unknown.',
    }),
  ),
  Holds: Type.Optional(
    Type.Boolean({ description: 'Whether the condition is met. Absent: the claims are unknown.' }),
  ),
  Failure: Type.Optional(
    Type.String({
      description:
        'Why the condition could not be evaluated: an error of a when, or claims that the proof left out. It then counts against the caller, and Holds says how.',
    }),
  ),
});

const Grant = Type.Object({
  Id: Type.String(),
  Effect: Type.Enum(['allow', 'deny']),
  Applies: Type.Optional(Type.Boolean({ description: 'Absent: it depends on claims that are unknown.' })),
  Conditions: Type.Array(Condition),
});

const Session = Type.Object({
  Name: Type.Optional(Type.String()),
  DurationSeconds: Type.Integer(),
  DurationLimitedBy: Type.String(),
  Policy: Type.Optional(Type.String()),
  PolicyArns: Type.Optional(Type.Array(Type.String())),
  Tags: Type.Optional(Type.Record(Type.String(), Type.String())),
  TransitiveTagKeys: Type.Optional(Type.Array(Type.String())),
  SourceIdentity: Type.Optional(Type.String()),
});

const Role = Type.Object({
  Role: Type.String(),
  Permitted: Type.Optional(Type.Boolean({ description: 'Absent: it depends on claims that are unknown.' })),
  Grant: Type.Optional(Type.String({ description: 'Id of the grant that permits the role.' })),
  Operation: Type.Optional(Type.Enum([...OPERATIONS])),
  RoleArn: Type.Optional(Type.String()),
  Session: Type.Optional(Session),
  Refusal: Type.Optional(Type.Object({ Code: Type.String(), Detail: Type.String() })),
  Grants: Type.Array(Grant, {
    description:
      'For operators: every grant for the role. For callers: the grants that apply to them, for roles they are permitted.',
  }),
});

export const ExplainResponse = Type.Object({
  Principal: Type.Optional(
    Type.Object(
      { Issuer: Type.String(), Subject: Type.String() },
      { description: 'Absent if the proof of the recorded request was refused.' },
    ),
  ),
  SourceAddress: Type.String(),
  ClaimsKnown: Type.Boolean(),
  Record: Type.Optional(
    Type.Object(
      {
        Time: Type.String({ format: 'date-time' }),
        Event: Type.String(),
        Role: Type.Optional(Type.String()),
        Grant: Type.Optional(Type.String()),
        Error: Type.Optional(Type.Object({ Code: Type.String(), Reason: Type.String() })),
      },
      { description: 'The audit record of the request.' },
    ),
  ),
  Roles: Type.Array(Role),
});
export type ExplainResponse = Static<typeof ExplainResponse>;
