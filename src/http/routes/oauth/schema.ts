// POST /oauth/token on the wire (RFC 8693 sections 2.1 and 2.2). The answer holds what POST /v1/credentials answers, too.
import { type Static, Type } from 'typebox';
import { closed } from '../../exchange-request.js';
import { CredentialsAnswer } from '../credentials/schema.js';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** A token of this type is AWS credentials, as the JSON text that a `credential_process` of AWS's SDKs prints. */
const AWS_CREDENTIALS = 'urn:sallyport:params:oauth:token-type:aws-credentials';

const TYPE = 'urn:ietf:params:oauth:token-type:';
export const SAML2 = `${TYPE}saml2`;

const role = (where: string) =>
  `${where}: its name in the config, alone or after \`urn:sallyport:role:\`, or the ARN of an IAM role. May be left out if exactly one is permitted.`;

/** Characters. */
const MAX_NAME = 2048;
const Name = Type.String({ maxLength: MAX_NAME });

/** What is not named here is ignored (RFC 6749 section 3.2). */
export const TokenRequest = Type.Object({
  grant_type: Type.String({ description: `\`${TOKEN_EXCHANGE}\`.` }),
  subject_token: Type.String({ description: 'The proof: a JWT, or base64url of the SAML Response.' }),
  subject_token_type: Type.Enum([`${TYPE}jwt`, `${TYPE}id_token`, SAML2]),
  requested_token_type: Type.Optional(Type.Enum([AWS_CREDENTIALS])),
  resource: Type.Optional(Type.Array(Name, { description: role('The role (RFC 8707)') })),
  audience: Type.Optional(Type.Array(Name, { description: role('Or here') })),
  scope: Type.Optional(Type.String({ maxLength: MAX_NAME, description: role('Or here') })),
  actor_token: Type.Optional(Type.String({ description: 'Refused: nobody acts for another here.' })),
  client_secret: Type.Optional(Type.String({ description: 'Refused: clients are not authenticated.' })),
  client_assertion: Type.Optional(Type.String({ description: 'Refused likewise.' })),
});
export type TokenRequest = Static<typeof TokenRequest>;

export const TokenAnswer = Type.Object(
  {
    access_token: Type.String({
      description:
        'The credentials as JSON text: Version 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration.',
    }),
    issued_token_type: Type.Literal(AWS_CREDENTIALS),
    token_type: Type.Literal('N_A', { description: 'It is not to be sent as a Bearer token.' }),
    expires_in: Type.Integer({ description: 'Seconds.' }),
    ...CredentialsAnswer.properties,
  },
  { ...closed, description: 'The token, and what it holds as in the answer of /v1/credentials.' },
);
export type TokenAnswer = Static<typeof TokenAnswer>;

export const TokenRefusal = Type.Object(
  {
    error: Type.String({ description: 'By RFC 6749 section 5.2 and RFC 8693 section 2.2.2.' }),
    error_description: Type.String({ description: 'What is wrong and what to do.' }),
    code: Type.String({ description: 'The code, for programs: more exact than `error`.' }),
    requestId: Type.String({ description: 'Give it to the operator: log and audit log have it.' }),
    Roles: Type.Optional(Type.Array(Type.String(), { description: 'With `role_ambiguous`: the choices.' })),
  },
  { description: 'A refusal (RFC 6749 section 5.2).' },
);
export type TokenRefusal = Static<typeof TokenRefusal>;
