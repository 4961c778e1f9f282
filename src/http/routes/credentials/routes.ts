// POST /v1/credentials exchanges a proof for temporary credentials.
import type { Exchange } from '../../../exchange/exchange.js';
import { readExchangeRequest } from '../../exchange-request.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { renderCredentials } from './render.js';
import { CredentialsRequest, CredentialsResponse } from './schema.js';

export function credentialsRoutes(
  app: App,
  { exchange }: { readonly exchange: Pick<Exchange, 'run'> },
): void {
  app.post(
    '/v1/credentials',
    {
      schema: {
        operationId: 'getCredentials',
        summary: 'Exchange a proof of identity for temporary AWS credentials',
        description:
          'Send a JWT as Bearer token, or `SAMLResponse` in a JSON or form body. The response has the shape of the STS operation that issued the credentials.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: CredentialsRequest,
        response: { 200: CredentialsResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const result = await exchange.run(readExchangeRequest(request, 'credentials'));
      reply.header('cache-control', 'no-store');
      return renderCredentials(result, request.id);
    },
  );
}
