// What AWS reads of the broker as an OIDC issuer. Served and exported as these very texts, so that both are the same.
import type { SigningKeys } from '../../config/key-folder.js';

/** AWS takes others too; this one it has always taken. */
export const ALGORITHM = 'RS256';

/** AWS's own names. */
export const CLAIMS = {
  tags: 'https://aws.amazon.com/tags',
  sourceIdentity: 'https://aws.amazon.com/source_identity',
} as const;

/** Where they are, below the issuer's URL. The first is fixed by OpenID Connect Discovery 1.0 section 4. */
export const DOCUMENT_PATHS = ['/.well-known/openid-configuration', '/.well-known/jwks.json'] as const;
export type DocumentPath = (typeof DOCUMENT_PATHS)[number];

/** JSON texts by path. */
export type IssuerDocuments = Readonly<Record<DocumentPath, string>>;

/** Seconds for which they may be cached. */
export const DOCUMENT_MAX_AGE = 300;

/** Nobody signs in here, so there is no authorization endpoint: IAM needs none. */
export function issuerDocuments(issuer: string, { published }: SigningKeys): IssuerDocuments {
  const [, keySetPath] = DOCUMENT_PATHS;
  return {
    '/.well-known/openid-configuration': text({
      issuer,
      jwks_uri: `${issuer}${keySetPath}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [ALGORITHM],
      claims_supported: ['iss', 'aud', 'sub', 'iat', 'nbf', 'exp', 'jti', 'amr', ...Object.values(CLAIMS)],
    }),
    '/.well-known/jwks.json': text({
      keys: published.map((jwk) => ({ ...jwk, use: 'sig', alg: ALGORITHM })),
    }),
  };
}

const text = (document: object) => `${JSON.stringify(document, undefined, 2)}\n`;
