// GET /v1/container-credentials on the wire: what the AWS SDKs' container credential provider reads.
import { Type } from 'typebox';
import { closed } from '../../exchange-request.js';

export const ContainerParams = Type.Object(
  {
    role: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: "The role's name, or the ARN of its IAM role; percent-encoded, its slashes too.",
    }),
  },
  closed,
);

export const ContainerAnswer = Type.Object(
  {
    AccessKeyId: Type.String(),
    SecretAccessKey: Type.String(),
    Token: Type.String(),
    Expiration: Type.String({ format: 'date-time', description: 'UTC, whole seconds, with Z.' }),
    AccountId: Type.Optional(Type.String({ description: 'Of the session. GetSessionToken has none.' })),
    RoleArn: Type.Optional(Type.String({ description: 'Of the role, where it is one of IAM.' })),
  },
  closed,
);

export const ContainerRefusal = Type.Object(
  {
    code: Type.String({ description: 'The code, for programs.' }),
    message: Type.String({ description: 'What is wrong and what to do, and the request id.' }),
    Code: Type.String({ description: 'The same: SDKs differ in what they read.' }),
    Message: Type.String(),
    requestId: Type.String({ description: 'Give it to the operator: log and audit log have it.' }),
  },
  { $id: 'ContainerRefusal', description: 'A refusal as the SDKs read it.' },
);

const refusal = (description: string) => ({
  description,
  content: { 'application/json': { schema: Type.Ref('ContainerRefusal#') } },
});

export const containerRefusals = {
  400: refusal('The request is not valid.'),
  401: refusal('There is no token, or it is not accepted.'),
  403: refusal('The caller may not have this role, or it does not exist.'),
  409: refusal('There are several roles to choose from.'),
  429: refusal('There are too many requests; Retry-After says when to try again.'),
  500: refusal('Something went wrong in the broker.'),
  502: refusal('STS refused what the broker asked.'),
  503: refusal('Something the broker needs is not there just now; Retry-After says when to try again.'),
};
