// POST /oauth/token: OAuth 2.0 Token Exchange (RFC 8693). A JWT or SAML Response in, AWS credentials out.

import { SallyportError } from '../../../core/errors.js';
import type { Log } from '../../../core/ports.js';
import type { Exchange } from '../../../exchange/exchange.js';
import type { App } from '../../fastify.js';
import { decode, FORM_MEDIA_TYPE, formOf, formPairs, useBodyParsers } from '../../plugins/body-parsers.js';
import { createErrorHandler } from '../../problem.js';
import { exchangeRequestOf } from './exchange-request.js';
import { renderRefusal, renderToken, statusOf } from './render.js';
import { TokenAnswer, TokenRefusal, TokenRequest } from './schema.js';

interface Options {
  readonly exchange: Exchange;
  readonly log: Log;
  now(): Date;
}

/** RFC 6749 section 5.1. */
const UNCACHED = { 'cache-control': 'no-store', pragma: 'no-cache' };

const refusal = (description: string) => ({
  description,
  content: { 'application/json': { schema: TokenRefusal } },
});

export async function oauthRoutes(app: App, { exchange, log, now }: Options): Promise<void> {
  const errorHandler = createErrorHandler(log, (error, request, reply) => {
    const status = statusOf(error);
    if (status === 401) reply.header('www-authenticate', 'Basic realm="sallyport"');
    if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
    return reply.code(status).headers(UNCACHED).send(renderRefusal(error, request.id));
  });

  // In a context of its own: forms alone, and what has no value in them is not there (RFC 6749 section 3.2).
  await app.register(async (scope) => {
    useBodyParsers(scope, {
      [FORM_MEDIA_TYPE]: (bytes) =>
        formOf(
          [...formPairs(decode(bytes))].filter(([, value]) => value !== ''),
          TokenRequest,
        ),
      '*': () => {
        throw new SallyportError('media_type_unsupported', {
          detail: 'A token request is a form. Send application/x-www-form-urlencoded.',
        });
      },
    });
    scope.post<{ Body: TokenRequest }>(
      '/oauth/token',
      {
        errorHandler,
        schema: {
          operationId: 'exchangeToken',
          summary: 'OAuth 2.0 Token Exchange',
          description:
            'RFC 8693: a JWT or SAML Response becomes AWS credentials. Clients are not authenticated. See docs/clients.md.',
          tags: ['credentials'],
          security: [],
          consumes: [FORM_MEDIA_TYPE],
          body: TokenRequest,
          response: {
            200: TokenAnswer,
            400: refusal('The request or the proof is not accepted, or the caller may not have this.'),
            401: refusal('The request authenticates a client.'),
            429: refusal('There are too many requests; Retry-After says when to try again.'),
            500: refusal('Something went wrong in the broker.'),
            502: refusal('STS refused what the broker asked.'),
            503: refusal('Something the broker needs is not there just now.'),
          },
        },
      },
      async (request, reply) => {
        const exchanged = await exchange(exchangeRequestOf(request));
        reply.headers(UNCACHED);
        return renderToken(exchanged, request.id, now());
      },
    );
  });
}
