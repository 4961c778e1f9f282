// POST /v1/console exchanges a proof for a URL that signs in to the AWS console. It runs the same exchange as
// POST /v1/credentials, with a console session.
import { SallyportError } from '../../../core/errors.js';
import { omitUndefined } from '../../../core/omit-undefined.js';
import { toIsoSeconds } from '../../../core/time.js';
import type { Exchange, ExchangeResult } from '../../../exchange/exchange.js';
import { readExchangeRequest, renderSallyportFields } from '../../exchange-request.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { ConsoleRequest, ConsoleResponse } from './schema.js';

export function consoleRoutes(app: App, { exchange }: { readonly exchange: Pick<Exchange, 'run'> }): void {
  app.post(
    '/v1/console',
    {
      schema: {
        operationId: 'getConsoleUrl',
        summary: 'Exchange a proof of identity for an AWS console sign-in URL',
        description:
          'Takes the same fields as /v1/credentials. The broker sends the credentials to AWS sign-in and returns a URL. Open it in a browser within 15 minutes.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: ConsoleRequest,
        response: { 200: ConsoleResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { Destination, SessionDuration } = request.body;
      const result = await exchange.run({
        ...readExchangeRequest(request, 'console'),
        console: omitUndefined({ destination: Destination, sessionDuration: SessionDuration }),
      });
      reply.header('cache-control', 'no-store');
      return renderConsole(result, request.id);
    },
  );
}

/** @throws SallyportError `internal` if there is no sign-in: this route never returns credentials. */
function renderConsole(result: ExchangeResult, requestId: string): ConsoleResponse {
  const { signin } = result.issued;
  const { sessionDuration, sessionDurationLimitedBy } = result.decision.console ?? {};
  if (!signin) throw new SallyportError('internal', { reason: 'console.no_signin' });
  return {
    SigninUrl: signin.url.reveal(),
    Expires: toIsoSeconds(signin.expires),
    ...omitUndefined({
      SessionDuration: sessionDuration,
      SessionDurationLimitedBy: sessionDurationLimitedBy,
    }),
    Sallyport: renderSallyportFields(result, requestId),
  };
}
