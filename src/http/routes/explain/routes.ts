// POST /v1/explain explains grant by grant why a role is permitted or denied. Nothing is issued.
import { omitUndefined } from '../../../core/omit-undefined.js';
import type { Explain } from '../../../exchange/explain.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { readProofRequest } from '../../proof-request.js';
import { renderExplanation } from './render.js';
import { ExplainRequest, ExplainResponse } from './schema.js';

export function explainRoutes(app: App, { explain }: { readonly explain: Pick<Explain, 'run'> }): void {
  app.post(
    '/v1/explain',
    {
      schema: {
        operationId: 'explain',
        summary: 'Explain why a role is permitted or denied',
        description:
          'Explains the roles of the caller. Callers that a grant with `permissions: [explain]` permits can ask about anyone. Other callers see only the grants that apply to them, for roles they are permitted; a role that is not permitted and one that does not exist look the same. The call uses up a single-use proof.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: ExplainRequest,
        response: { 200: ExplainResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { SAMLResponse, Role, Principal, RequestId } = request.body;
      const about =
        Principal &&
        omitUndefined({
          issuer: Principal.Issuer,
          subject: Principal.Subject,
          claims: Principal.Claims,
          sourceAddress: Principal.SourceAddress,
        });
      const explanation = await explain.run({
        ...readProofRequest(request, 'explain', SAMLResponse),
        ...omitUndefined({ role: Role, about, recordOf: RequestId }),
      });
      reply.header('cache-control', 'no-store');
      return renderExplanation(explanation);
    },
  );
}
