// POST /v1/explain: why a role is given or refused, rule by rule. Nothing is issued.
import type { Explain } from '../../../exchange/explain.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { readProof } from '../../proof.js';
import { sourceAddress } from '../../source-address.js';
import { renderExplained } from './render.js';
import { ExplainAnswer, ExplainRequestBody } from './schema.js';

export function explainRoutes(app: App, { explain }: { readonly explain: Explain }): void {
  app.post(
    '/v1/explain',
    {
      schema: {
        operationId: 'explain',
        summary: 'Explain why a role is given or refused',
        description:
          'About the caller; or, for whom a grant has `permissions: [explain]`, about anyone. A caller reads only the grants that apply to it, of roles it may have; a role it may not have and one that does not exist look the same. A proof that may be used once is used up by this.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: ExplainRequestBody,
        response: { 200: ExplainAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { SAMLResponse, Role, Principal, RequestId } = request.body;
      const explained = await explain({
        requestId: request.id,
        surface: 'explain',
        sourceAddress: sourceAddress(request),
        proof: readProof(request, SAMLResponse),
        ...(Role !== undefined && { role: Role }),
        ...(Principal && {
          about: {
            ...(Principal.Issuer !== undefined && { issuer: Principal.Issuer }),
            ...(Principal.Subject !== undefined && { subject: Principal.Subject }),
            ...(Principal.Claims && { claims: Principal.Claims }),
            ...(Principal.SourceAddress !== undefined && { sourceAddress: Principal.SourceAddress }),
          },
        }),
        ...(RequestId !== undefined && { recordOf: RequestId }),
      });
      reply.header('cache-control', 'no-store');
      return renderExplained(explained);
    },
  );
}
