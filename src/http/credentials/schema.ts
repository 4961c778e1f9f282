// POST /v1/credentials on the wire. Answers have the shape of the STS operation's own JSON, so that a script which
// parses `aws sts …` output parses this.
import { type Static, Type } from 'typebox';
import { DURATION_LIMITS, OPERATIONS } from '../../core/types.js';

const closed = { additionalProperties: false } as const;

export const CredentialsRequest = Type.Object(
  {
    SAMLResponse: Type.Optional(
      Type.String({ minLength: 1, description: 'Base64 of the SAML Response, instead of a Bearer token.' }),
    ),
    Role: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description:
          "The role's name, or the ARN of a role that a claim names. May be left out if exactly one is permitted; else 409 names the choices.",
      }),
    ),
    DurationSeconds: Type.Optional(
      Type.Integer({ minimum: 900, description: "Lifetime in seconds, up to the role's limit." }),
    ),
    Policy: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        description: 'Session policy as JSON text; it can only reduce.',
      }),
    ),
    PolicyArns: Type.Optional(
      Type.Array(Type.String({ minLength: 20, maxLength: 2048, pattern: '^arn:' }), {
        minItems: 1,
        maxItems: 10,
        description: 'ARNs of managed session policies; they can only reduce. In a form, repeat the field.',
      }),
    ),
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
    Reason: Type.Optional(
      Type.String({
        pattern: '\\S',
        maxLength: 500,
        description: 'Why, where the role requires it; kept in the audit log.',
      }),
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
