// POST /v1/credentials: the main job.
import type { Exchange } from '../../../exchange/exchange.js';
import { readExchangeRequest } from '../../exchange-request.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { renderCredentials } from './render.js';
import { CredentialsAnswer, CredentialsRequest } from './schema.js';

export function credentialsRoutes(app: App, { exchange }: { readonly exchange: Exchange }): void {
  app.post(
    '/v1/credentials',
    {
      schema: {
        operationId: 'getCredentials',
        summary: 'Exchange a proof of identity for temporary AWS credentials',
        description:
          'Send a JWT as Bearer token, or SAMLResponse in the body; JSON or form. The answer has the shape of the STS operation that issued it.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: CredentialsRequest,
        response: { 200: CredentialsAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const exchanged = await exchange(readExchangeRequest(request, 'credentials'));
      reply.header('cache-control', 'no-store');
      return renderCredentials(exchanged, request.id);
    },
  );
}
