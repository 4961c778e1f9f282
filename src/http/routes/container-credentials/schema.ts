// The responses of GET /v1/container-credentials, as the container credential provider of the AWS SDKs reads them.
import { Type } from 'typebox';
import { closed } from '../../request-fields.js';

export const ContainerParams = Type.Object(
  {
    role: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'The name of the role or the ARN of its IAM role, percent-encoded including its slashes.',
    }),
  },
  closed,
);

export const ContainerResponse = Type.Object(
  {
    AccessKeyId: Type.String(),
    SecretAccessKey: Type.String(),
    Token: Type.String(),
    Expiration: Type.String({ format: 'date-time', description: 'UTC, whole seconds, with Z.' }),
    AccountId: Type.Optional(
      Type.String({ description: 'Account of the session. Absent for GetSessionToken.' }),
    ),
    RoleArn: Type.Optional(Type.String({ description: 'ARN of the role, if it is an IAM role.' })),
  },
  closed,
);

export const ContainerError = Type.Object(
  {
    code: Type.String({ description: 'Error code for programs.' }),
    message: Type.String({ description: 'What is wrong and what to do, and the request id.' }),
    Code: Type.String({ description: 'Same as `code`: SDKs read one or the other.' }),
    Message: Type.String(),
    requestId: Type.String({
      description: 'Request id, as in the log and the audit log. Quote it when asking the operator.',
    }),
  },
  { $id: 'ContainerRefusal', description: 'An error, in the form that the SDKs read.' },
);

const errorResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: Type.Ref('ContainerRefusal#') } },
});

export const containerErrors = {
  400: errorResponse('The request is not valid.'),
  401: errorResponse('The token is missing or was not accepted.'),
  403: errorResponse('The role does not exist or is not permitted.'),
  409: errorResponse('Several roles are permitted; the URL must name one.'),
  429: errorResponse('Too many requests. Retry after the time in Retry-After.'),
  500: errorResponse('Internal error of the broker.'),
  502: errorResponse('STS rejected the request of the broker.'),
  503: errorResponse('A dependency of the broker is unavailable. Retry after the time in Retry-After.'),
};
