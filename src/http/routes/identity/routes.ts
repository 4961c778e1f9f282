// GET /v1/identity returns the verified principal. Nothing is issued.
import { type Static, Type } from 'typebox';
import type { Principal } from '../../../core/types.js';
import type { Preview } from '../../../exchange/preview.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { readProofRequest } from '../../proof-request.js';

const IdentityResponse = Type.Object({
  Issuer: Type.String({ description: 'Name of the issuer in the config.' }),
  IssuerType: Type.Enum(['oidc', 'saml']),
  Subject: Type.String(),
  Claims: Type.Record(Type.String(), Type.Unknown(), { description: 'Claims as the issuer sent them.' }),
  IssuedAt: Type.String({ format: 'date-time' }),
  ExpiresAt: Type.String({ format: 'date-time' }),
});

export function identityRoutes(app: App, { preview }: { readonly preview: Pick<Preview, 'run'> }): void {
  app.get(
    '/v1/identity',
    {
      schema: {
        operationId: 'getIdentity',
        summary: 'Show the verified identity of the caller',
        description: 'Requires a JWT as Bearer token. The call uses up a single-use token.',
        tags: ['credentials'],
        security: [{ jwt: [] }],
        response: { 200: IdentityResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { principal } = await preview.run(readProofRequest(request, 'identity'));
      reply.header('cache-control', 'no-store');
      return renderIdentity(principal);
    },
  );
}

const toIso = (epochSeconds: number) => new Date(epochSeconds * 1000).toISOString();

function renderIdentity(principal: Principal): Static<typeof IdentityResponse> {
  return {
    Issuer: principal.issuer,
    IssuerType: principal.type,
    Subject: principal.subject,
    Claims: principal.claims,
    IssuedAt: toIso(principal.issuedAt),
    ExpiresAt: toIso(principal.expiresAt),
  };
}
