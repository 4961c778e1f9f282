// The discovery document and the JWK Set of the broker as an OIDC issuer, as JSON texts: the served and the exported
// documents are the same bytes.
import type { SigningKeys } from '../../config/key-folder.js';

/** AWS supports others too. */
export const ALGORITHM = 'RS256';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp */
export const AWS_CLAIMS = {
  tags: 'https://aws.amazon.com/tags',
  sourceIdentity: 'https://aws.amazon.com/source_identity',
} as const;

/** Below the issuer URL. OpenID Connect Discovery 1.0 section 4 specifies the first. */
export const DOCUMENT_PATHS = ['/.well-known/openid-configuration', '/.well-known/jwks.json'] as const;
export type DocumentPath = (typeof DOCUMENT_PATHS)[number];

/** JSON texts by path. */
export type IssuerDocuments = Readonly<Record<DocumentPath, string>>;

/** Cache lifetime, seconds. */
export const DOCUMENT_MAX_AGE = 300;

/** Without an authorization endpoint: users do not sign in at this issuer, and IAM does not require one. */
export function issuerDocuments(issuer: string, { published }: SigningKeys): IssuerDocuments {
  const [, keySetPath] = DOCUMENT_PATHS;
  return {
    '/.well-known/openid-configuration': text({
      issuer,
      jwks_uri: `${issuer}${keySetPath}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [ALGORITHM],
      claims_supported: [
        'iss',
        'aud',
        'sub',
        'iat',
        'nbf',
        'exp',
        'jti',
        'amr',
        ...Object.values(AWS_CLAIMS),
      ],
    }),
    '/.well-known/jwks.json': text({
      keys: published.map((jwk) => ({ ...jwk, use: 'sig', alg: ALGORITHM })),
    }),
  };
}

const text = (document: object) => `${JSON.stringify(document, undefined, 2)}\n`;
