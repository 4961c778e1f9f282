// An OIDC issuer in the config: whose JWTs are accepted, addressed to whom, under which limits.
import { type Static, Type } from 'typebox';
import { closed, Duration, Mfa, stringOrList } from './primitives.js';

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

const url = (description: string) => Type.String({ pattern: '^https?://[^\\s?#@]+$', description });

const file = (description: string) => Type.String({ minLength: 1, description });

/** What is known beforehand about an identity provider; see `authn/oidc/presets.ts`. */
export const OIDC_PRESETS = [
  'github-actions',
  'gitlab',
  'google',
  'entra',
  'okta',
  'auth0',
  'keycloak',
  'kubernetes',
  'eks',
  'cognito',
] as const;

/** JWS algorithms with a public key. There is no other way to name one, so `none` and HMAC cannot be configured. */
export const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export const OidcIssuer = Type.Object(
  {
    type: Type.Literal('oidc'),
    preset: Type.Optional(
      Type.Enum([...OIDC_PRESETS], {
        description:
          'A known provider. Fills in its issuer and keys where there is only one, checks the form of issuer where there are many, and sets its algorithms.',
      }),
    ),
    issuer: Type.Optional(
      url(
        'Issuer URL, exactly as the `iss` claim has it. https, or http on loopback. Needed unless the preset knows it.',
      ),
    ),
    jwksUri: Type.Optional(
      url(
        'URL of the keys. Discovery is then not used. Needed where the keys are on another host than the issuer.',
      ),
    ),
    ca: Type.Optional(
      file('PEM file of the certificate authorities to trust for this issuer, instead of the public ones.'),
    ),
    tokenFile: Type.Optional(
      file(
        'File of a token to send as `Authorization: Bearer` when keys are fetched, read each time. The Kubernetes API server wants one.',
      ),
    ),
    private: Type.Optional(
      Type.Boolean({
        description:
          'The issuer is inside your network: private addresses may be connected to. Link-local and metadata addresses never are. Default false.',
      }),
    ),
    audience: stringOrList(
      'Accepted `aud` values. The token must name one of them, and no others without `azp`.',
    ),
    authorizedParties: Type.Optional(
      stringOrList(
        'Clients accepted in `azp`, besides the audience itself and, in a token for us alone, the subject.',
      ),
    ),
    algorithms: Type.Optional(
      Type.Array(Type.Enum([...JWT_ALGORITHMS]), {
        minItems: 1,
        uniqueItems: true,
        description: "Accepted signature algorithms. Default the preset's, else RS256 and ES256.",
      }),
    ),
    typ: Type.Optional(
      stringOrList(
        'Accepted `typ` values in the header, in any case. Default JWT, or none at all. Add at+jwt for OAuth access tokens of RFC 9068; logout tokens are never accepted.',
      ),
    ),
    require: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1 }),
        Type.Union([Scalar, Type.Array(Scalar, { minItems: 1, maxItems: 1000 })]),
        {
          description: 'Claims every token must carry, with exactly this value or one of these values.',
        },
      ),
    ),
    mfa: Type.Optional(Mfa),
    maxLifetime: Type.Optional(Duration('Longest accepted exp - iat. Default 1d.')),
    replay: Type.Optional(
      Type.Enum(['once', 'reusable'], {
        description:
          '`once`: each token is accepted a single time, by its `jti`; several replicas need a shared store for it. Not for AWS SDKs, which send a token again to renew. Default reusable.',
      }),
    ),
  },
  { ...closed, description: 'An OIDC issuer.' },
);
export type OidcIssuer = Static<typeof OidcIssuer>;
