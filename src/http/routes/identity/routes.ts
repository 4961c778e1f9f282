// GET /v1/identity: who the broker takes the caller to be. Nothing is issued.
import { type Static, Type } from 'typebox';
import type { Principal } from '../../../core/types.js';
import type { PreviewCaller } from '../../../exchange/preview.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { readProof } from '../../proof.js';
import { sourceAddress } from '../../source-address.js';

const IdentityAnswer = Type.Object({
  Issuer: Type.String({ description: "The issuer's name in the config." }),
  IssuerType: Type.Enum(['oidc', 'saml']),
  Subject: Type.String(),
  Claims: Type.Record(Type.String(), Type.Unknown(), { description: 'As the issuer sent them.' }),
  IssuedAt: Type.String({ format: 'date-time' }),
  ExpiresAt: Type.String({ format: 'date-time' }),
});

export function identityRoutes(app: App, { preview }: { readonly preview: PreviewCaller }): void {
  app.get(
    '/v1/identity',
    {
      schema: {
        operationId: 'getIdentity',
        summary: 'Show who the broker takes the caller to be',
        description: 'Needs a JWT as Bearer token. A token that may be used once is used up by this.',
        tags: ['credentials'],
        security: [{ jwt: [] }],
        response: { 200: IdentityAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { principal } = await preview({
        requestId: request.id,
        surface: 'identity',
        sourceAddress: sourceAddress(request),
        proof: readProof(request),
      });
      reply.header('cache-control', 'no-store');
      return renderIdentity(principal);
    },
  );
}

const time = (seconds: number) => new Date(seconds * 1000).toISOString();

function renderIdentity(principal: Principal): Static<typeof IdentityAnswer> {
  return {
    Issuer: principal.issuer,
    IssuerType: principal.type,
    Subject: principal.subject,
    Claims: principal.claims,
    IssuedAt: time(principal.issuedAt),
    ExpiresAt: time(principal.expiresAt),
  };
}
