// The request and response of POST /oauth/token (RFC 8693 sections 2.1 and 2.2). The response also has every member of the
// response of POST /v1/credentials.
import { type Static, Type } from 'typebox';
import { closed } from '../../request-fields.js';
import { CredentialsResponse } from '../credentials/schema.js';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** AWS credentials as JSON text, in the format that the AWS SDKs expect of a `credential_process`. */
export const AWS_CREDENTIALS = 'urn:sallyport:params:oauth:token-type:aws-credentials';

const TYPE = 'urn:ietf:params:oauth:token-type:';
export const SAML2 = `${TYPE}saml2`;

const roleDescription = (parameter: string) =>
  `${parameter}: its name in the config, alone or after \`urn:sallyport:role:\`, or the ARN of an IAM role. Optional if exactly one role is permitted.`;

/** Characters. */
const MAX_LENGTH = 2048;
const RoleName = Type.String({ maxLength: MAX_LENGTH });

/** Other parameters are ignored (RFC 6749 section 3.2). */
export const TokenRequest = Type.Object({
  grant_type: Type.String({ description: `\`${TOKEN_EXCHANGE}\`.` }),
  subject_token: Type.String({ description: 'The proof: a JWT, or the SAML Response in base64url.' }),
  subject_token_type: Type.Enum([`${TYPE}jwt`, `${TYPE}id_token`, SAML2]),
  requested_token_type: Type.Optional(Type.Enum([AWS_CREDENTIALS])),
  resource: Type.Optional(Type.Array(RoleName, { description: roleDescription('The role (RFC 8707)') })),
  audience: Type.Optional(
    Type.Array(RoleName, { description: roleDescription('Alternative parameter for the role') }),
  ),
  scope: Type.Optional(
    Type.String({
      maxLength: MAX_LENGTH,
      description: roleDescription('Alternative parameter for the role'),
    }),
  ),
  actor_token: Type.Optional(Type.String({ description: 'Rejected: delegation is not supported.' })),
  client_secret: Type.Optional(Type.String({ description: 'Rejected: clients are not authenticated.' })),
  client_assertion: Type.Optional(Type.String({ description: 'Rejected: clients are not authenticated.' })),
});
export type TokenRequest = Static<typeof TokenRequest>;

export const TokenResponse = Type.Object(
  {
    access_token: Type.String({
      description:
        'The credentials as JSON text: Version 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration.',
    }),
    issued_token_type: Type.Literal(AWS_CREDENTIALS),
    token_type: Type.Literal('N_A', { description: 'The token cannot be used as a Bearer token.' }),
    expires_in: Type.Integer({ description: 'Seconds until the credentials expire.' }),
    ...CredentialsResponse.properties,
  },
  { ...closed, description: 'The token, and its content as in the response of /v1/credentials.' },
);
export type TokenResponse = Static<typeof TokenResponse>;

export const TokenError = Type.Object(
  {
    error: Type.String({ description: 'Error code of RFC 6749 section 5.2 or RFC 8693 section 2.2.2.' }),
    error_description: Type.String({ description: 'What is wrong and what to do.' }),
    code: Type.String({ description: 'Error code for programs, more specific than `error`.' }),
    requestId: Type.String({
      description: 'Request id, as in the log and the audit log. Quote it when asking the operator.',
    }),
    Roles: Type.Optional(
      Type.Array(Type.String(), { description: 'With `role_ambiguous`: the permitted roles.' }),
    ),
  },
  { description: 'An error (RFC 6749 section 5.2).' },
);
export type TokenError = Static<typeof TokenError>;
