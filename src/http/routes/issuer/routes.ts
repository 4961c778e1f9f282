// The discovery document and key set of the broker as an OIDC issuer, which AWS reads. Public; 404 unless the config has
// the section `webIdentity`.
import { Type } from 'typebox';
import { SallyportError } from '../../../core/errors.js';
import {
  DOCUMENT_MAX_AGE,
  DOCUMENT_PATHS,
  type DocumentPath,
} from '../../../issuance/oidc-issuer/discovery-documents.js';
import type { ConfigManager } from '../../../runtime/config-manager.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';

const texts = Type.Array(Type.String());

/** The members that IAM requires of OpenID Connect Discovery 1.0 section 3, and of RFC 7517 section 5. */
const DESCRIPTIONS = {
  '/.well-known/openid-configuration': {
    operationId: 'getOpenidConfiguration',
    summary: 'Get the OIDC discovery document of the broker',
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
    summary: 'Get the public keys of the broker as OIDC issuer',
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

export function issuerRoutes(
  app: App,
  { configManager }: { readonly configManager: Pick<ConfigManager, 'current'> },
): void {
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
        const text = configManager.current.documents?.[path];
        if (text === undefined) throw new SallyportError('route_unknown');
        // Byte for byte what `issuer export` writes.
        return reply
          .header('cache-control', `public, max-age=${DOCUMENT_MAX_AGE}`)
          .type('application/json')
          .send(text);
      },
    );
  }
}
