// POST /v1/explain on the wire.
import { type Static, Type } from 'typebox';
import { type ClaimValue, OPERATIONS } from '../../../core/types.js';
import { SAMLResponse } from '../../request-fields.js';

const closed = { additionalProperties: false } as const;

export const ExplainRequestBody = Type.Object(
  {
    SAMLResponse: Type.Optional(SAMLResponse),
    Role: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description:
          'The role to explain. Left out: every role the caller may have; about somebody else, the role of the recorded request, or every role there is and, without claims, every entry of rolesFrom.',
      }),
    ),
    Principal: Type.Optional(
      Type.Object(
        {
          Issuer: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 64,
              description: "The issuer's name in the config. Needed without RequestId.",
            }),
          ),
          Subject: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
          Claims: Type.Optional(
            Type.Record(Type.String(), Type.Unsafe<ClaimValue>({}), {
              description: 'As the issuer sends them. Without them only what needs none is explained.',
            }),
          ),
          SourceAddress: Type.Optional(Type.String({ minLength: 2, maxLength: 45 })),
        },
        { ...closed, description: 'Somebody else, for operators.' },
      ),
    ),
    RequestId: Type.Optional(
      Type.String({
        minLength: 8,
        maxLength: 64,
        description:
          'An earlier request, for operators: who asked, when and from where is read from the audit log, which keeps no claims.',
      }),
    ),
  },
  closed,
);

const Condition = Type.Object({
  On: Type.String({ description: 'Its place in the grant, e.g. match.groups.' }),
  Wanted: Type.Unknown({
    description: 'As the config has it; for mfa, the values that count at this issuer, by claim.',
  }),
  Seen: Type.Optional(
    Type.Unknown({
      description:
        'For when and mfa, the claims they read, by name. Absent: there is no such claim, or it is not known.',
    }),
  ),
  Holds: Type.Optional(Type.Boolean({ description: 'Absent: the claims are not known.' })),
  Failure: Type.Optional(
    Type.String({
      description: 'Why a when could not be evaluated. Holds is then what it counts as: against the caller.',
    }),
  ),
});

const Grant = Type.Object({
  Id: Type.String(),
  Effect: Type.Enum(['allow', 'deny']),
  Applies: Type.Optional(Type.Boolean({ description: 'Absent: it depends on claims that are not known.' })),
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
  Permitted: Type.Optional(Type.Boolean({ description: 'Absent: it depends on claims that are not known.' })),
  Grant: Type.Optional(Type.String({ description: 'Id of the grant that permits it.' })),
  Operation: Type.Optional(Type.Enum([...OPERATIONS])),
  RoleArn: Type.Optional(Type.String()),
  Session: Type.Optional(Session),
  Refusal: Type.Optional(Type.Object({ Code: Type.String(), Detail: Type.String() })),
  Grants: Type.Array(Grant, {
    description:
      'For operators, every grant about the role. For callers, those that apply to them, of roles they may have.',
  }),
});

export const ExplainAnswer = Type.Object({
  Principal: Type.Optional(
    Type.Object(
      { Issuer: Type.String(), Subject: Type.String() },
      { description: 'Absent where the proof of the recorded request was refused.' },
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
      { description: 'What came of the request, by the audit log.' },
    ),
  ),
  Roles: Type.Array(Role),
});
export type ExplainAnswer = Static<typeof ExplainAnswer>;
