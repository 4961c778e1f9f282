// POST /v1/credentials on the wire. Answers have the shape of the STS operation's own JSON, so that a script which
// parses `aws sts …` output parses this.
import { type Static, Type } from 'typebox';
import { closed, exchangeFields, SallyportFields } from '../../exchange-request.js';

export const CredentialsRequest = Type.Object(exchangeFields, closed);

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
    Sallyport: SallyportFields,
  },
  { ...closed, description: "The STS operation's own answer, and what the broker decided." },
);
export type CredentialsAnswer = Static<typeof CredentialsAnswer>;
