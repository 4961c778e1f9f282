// What AWS reads of the broker as an OIDC issuer: discovery and keys. Open to anyone; a config without the section
// `webIdentity` has nothing here.
import { Type } from 'typebox';
import { SallyportError } from '../../../core/errors.js';
import {
  DOCUMENT_MAX_AGE,
  DOCUMENT_PATHS,
  type DocumentPath,
  type IssuerDocuments,
} from '../../../issuance/oidc-issuer/discovery-documents.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';

const texts = Type.Array(Type.String());

/** OpenID Connect Discovery 1.0 section 3, as far as IAM asks for it; RFC 7517 section 5. */
const DESCRIPTIONS = {
  '/.well-known/openid-configuration': {
    operationId: 'getOpenidConfiguration',
    summary: 'The broker as OIDC issuer',
    document: Type.Object({
      issuer: Type.String(),
      jwks_uri: Type.String(),
      response_types_supported: texts,
      subject_types_supported: texts,
      id_token_signing_alg_values_supported: texts,
      claims_supported: texts,
    }),
  },
  '/.well-known/jwks.json': {
    operationId: 'getKeySet',
    summary: 'The public keys of tokens that the broker signs',
    document: Type.Object({
      keys: Type.Array(
        Type.Object({
          kty: Type.String(),
          kid: Type.String(),
          n: Type.String(),
          e: Type.String(),
          use: Type.String(),
          alg: Type.String(),
        }),
      ),
    }),
  },
} as const satisfies Record<DocumentPath, object>;

export function issuerRoutes(app: App, { documents }: { documents(): IssuerDocuments | undefined }): void {
  for (const path of DOCUMENT_PATHS) {
    const { operationId, summary, document } = DESCRIPTIONS[path];
    app.get(
      path,
      {
        schema: {
          operationId,
          summary,
          tags: ['issuer'],
          security: [],
          response: {
            200: {
              description: 'The document.',
              content: { 'application/json': { schema: Type.Unsafe<string>(document) } },
            },
            400: problemResponses[400],
            404: problemResponses[404],
          },
        },
      },
      async (_, reply) => {
        const text = documents()?.[path];
        if (text === undefined) throw new SallyportError('route_unknown');
        // As it is: an exported file has the same bytes.
        return reply
          .header('cache-control', `public, max-age=${DOCUMENT_MAX_AGE}`)
          .type('application/json')
          .send(text);
      },
    );
  }
}
