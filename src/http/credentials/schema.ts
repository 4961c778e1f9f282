// POST /v1/credentials on the wire. Answers have the shape of the STS operation's own JSON, so that a script which
// parses `aws sts …` output parses this.
import { type Static, Type } from 'typebox';
import { DURATION_LIMITS, OPERATIONS } from '../../core/types.js';
import { askedFields, SAMLResponse } from '../request-fields.js';

const closed = { additionalProperties: false } as const;

export const CredentialsRequest = Type.Object(
  {
    SAMLResponse: Type.Optional(SAMLResponse),
    ...askedFields,
    SerialNumber: Type.Optional(
      Type.String({
        minLength: 9,
        maxLength: 256,
        pattern: '^[\\w+=/:,.@-]*$',
        description: 'MFA device of the IAM user of the broker, for roles that take a code. With TokenCode.',
      }),
    ),
    TokenCode: Type.Optional(
      Type.String({ pattern: '^[0-9]{6}$', description: 'The six digits it shows. With SerialNumber.' }),
    ),
  },
  closed,
);
export type CredentialsRequest = Static<typeof CredentialsRequest>;

export const CredentialsAnswer = Type.Object(
  {
    Credentials: Type.Object(
      {
        AccessKeyId: Type.String(),
        SecretAccessKey: Type.String(),
        SessionToken: Type.String(),
        Expiration: Type.String({ format: 'date-time', description: 'UTC, whole seconds.' }),
      },
      closed,
    ),
    AssumedRoleUser: Type.Optional(Type.Object({ AssumedRoleId: Type.String(), Arn: Type.String() }, closed)),
    FederatedUser: Type.Optional(Type.Object({ FederatedUserId: Type.String(), Arn: Type.String() }, closed)),
    PackedPolicySize: Type.Optional(Type.Integer({ description: 'Percent of the space STS allows.' })),
    SourceIdentity: Type.Optional(Type.String()),
    Subject: Type.Optional(Type.String()),
    SubjectType: Type.Optional(Type.String()),
    Issuer: Type.Optional(Type.String()),
    Audience: Type.Optional(Type.String()),
    NameQualifier: Type.Optional(Type.String()),
    SubjectFromWebIdentityToken: Type.Optional(Type.String()),
    Provider: Type.Optional(Type.String()),
    Sallyport: Type.Object(
      {
        RequestId: Type.String(),
        Role: Type.String(),
        Operation: Type.Enum([...OPERATIONS]),
        Grant: Type.String({ description: 'Id of the grant that permits it.' }),
        DurationLimitedBy: Type.Enum([...DURATION_LIMITS], {
          description:
            'What bounded the lifetime: the request, the role, the hour that STS gives to chained roles, the end of the sign-in session, or the proof.',
        }),
        Cached: Type.Optional(
          Type.Literal(true, { description: 'They were issued for an earlier request of yours.' }),
        ),
        Stale: Type.Optional(
          Type.Literal(true, {
            description: 'STS cannot be asked just now, so they end sooner than they otherwise would.',
          }),
        ),
      },
      closed,
    ),
  },
  { ...closed, description: "The STS operation's own answer, and what the broker decided." },
);
export type CredentialsAnswer = Static<typeof CredentialsAnswer>;
