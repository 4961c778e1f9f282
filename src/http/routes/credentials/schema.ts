// The request and response of POST /v1/credentials. The response has the shape of the STS operation's own JSON: a script
// that parses `aws sts …` output parses this.
import { type Static, Type } from 'typebox';
import { exchangeFields, SallyportFields } from '../../exchange-request.js';
import { closed } from '../../request-fields.js';

export const CredentialsRequest = Type.Object(exchangeFields, closed);

export const CredentialsResponse = Type.Object(
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
    PackedPolicySize: Type.Optional(
      Type.Integer({ description: 'Percentage of the size that STS allows for session policies and tags.' }),
    ),
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
  { ...closed, description: "The STS operation's own response, and the broker's decision in `Sallyport`." },
);
export type CredentialsResponse = Static<typeof CredentialsResponse>;
