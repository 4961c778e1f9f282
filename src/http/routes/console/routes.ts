// POST /v1/console: the same exchange as for credentials; what goes out is a URL that signs in to the AWS console.
import type { Exchange } from '../../../exchange/exchange.js';
import { readExchangeRequest } from '../../exchange-request.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { renderConsole } from './render.js';
import { ConsoleAnswer, ConsoleRequestBody } from './schema.js';

export function consoleRoutes(app: App, { exchange }: { readonly exchange: Exchange }): void {
  app.post(
    '/v1/console',
    {
      schema: {
        operationId: 'getConsoleUrl',
        summary: 'Exchange a proof of identity for an AWS console sign-in URL',
        description:
          'Takes what /v1/credentials takes. The credentials go to AWS sign-in; the answer is a URL to open in a browser within 15 minutes.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: ConsoleRequestBody,
        response: { 200: ConsoleAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { Destination, SessionDuration } = request.body;
      const exchanged = await exchange({
        ...readExchangeRequest(request, 'console'),
        console: {
          ...(Destination !== undefined && { destination: Destination }),
          ...(SessionDuration !== undefined && { sessionDuration: SessionDuration }),
        },
      });
      reply.header('cache-control', 'no-store');
      return renderConsole(exchanged, request.id);
    },
  );
}
