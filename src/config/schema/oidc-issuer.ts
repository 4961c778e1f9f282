// An issuer of `type: oidc`: whose JWTs are accepted, for which audience, within which limits.
import { type Static, Type } from 'typebox';
import { closed, Duration, Mfa, stringOrList } from './primitives.js';

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

const url = (description: string) => Type.String({ pattern: '^https?://[^\\s?#@]+$', description });

const file = (description: string) => Type.String({ minLength: 1, description });

/** Identity providers with built-in settings; see `authn/oidc/presets.ts`. */
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

/** JWS algorithms with public keys. The config cannot name any other, so `none` and HMAC cannot be enabled. */
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
          'Built-in settings for a known provider. A preset supplies the issuer URL and key location if the provider has only one, otherwise it checks the format of `issuer`; it also sets the algorithms.',
      }),
    ),
    issuer: Type.Optional(
      url(
        'Issuer URL, exactly as in the `iss` claim. It must be https, or http on loopback. Required unless the preset supplies it.',
      ),
    ),
    jwksUri: Type.Optional(
      url(
        'URL of the JSON Web Key Set. Required if the keys are on another host than the issuer. Default: from OpenID Connect discovery.',
      ),
    ),
    ca: Type.Optional(
      file('PEM file with the certificate authorities to trust for this issuer. Default: the public ones.'),
    ),
    tokenFile: Type.Optional(
      file(
        'File with a bearer token for fetching the keys, for example for a Kubernetes API server. The broker reads it before each fetch. Default: no token.',
      ),
    ),
    private: Type.Optional(
      Type.Boolean({
        description:
          'Allow connections to private IP addresses for this issuer. Link-local and metadata addresses are never allowed. Default: false.',
      }),
    ),
    audience: stringOrList(
      'Accepted `aud` value, or a list of values. The token must contain one of them; a token with further audiences also needs `azp`.',
    ),
    authorizedParties: Type.Optional(
      stringOrList(
        'Client accepted in `azp`, or a list of clients. The audience itself is always accepted, and so is the subject if the token has no other audience.',
      ),
    ),
    algorithms: Type.Optional(
      Type.Array(Type.Enum([...JWT_ALGORITHMS]), {
        minItems: 1,
        uniqueItems: true,
        description: "Accepted signature algorithms. Default: the preset's, otherwise RS256 and ES256.",
      }),
    ),
    typ: Type.Optional(
      stringOrList(
        'Accepted `typ` header, or a list, case-insensitive. Add at+jwt for OAuth access tokens (RFC 9068). Logout tokens are never accepted. Default: JWT or no `typ`.',
      ),
    ),
    require: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1 }),
        Type.Union([Scalar, Type.Array(Scalar, { minItems: 1, maxItems: 1000 })]),
        {
          description:
            'Claims that every token must contain, each with exactly this value or one of these values. Default: none.',
        },
      ),
    ),
    mfa: Type.Optional(Mfa),
    maxLifetime: Type.Optional(Duration('Longest accepted token lifetime (`exp` minus `iat`). Default: 1d.')),
    replay: Type.Optional(
      Type.Enum(['once', 'reusable'], {
        description:
          '`once` accepts each token a single time, by its `jti`; several replicas then need a shared store. Do not use `once` for AWS SDKs, which send the same token again to renew credentials. Default: `reusable`.',
      }),
    ),
  },
  { ...closed, description: 'An OpenID Connect issuer.' },
);
export type OidcIssuer = Static<typeof OidcIssuer>;
