// POST /oauth/token is OAuth 2.0 Token Exchange (RFC 8693): it exchanges a JWT or SAML Response for AWS credentials.
import { SallyportError } from '../../../core/errors.js';
import type { Log } from '../../../core/ports.js';
import type { Exchange } from '../../../exchange/exchange.js';
import type { App } from '../../fastify.js';
import {
  decodeUtf8,
  FORM_MEDIA_TYPE,
  formPairs,
  parseForm,
  useBodyParsers,
} from '../../plugins/body-parsers.js';
import { createErrorHandler } from '../../problem.js';
import { readExchangeRequest } from './exchange-request.js';
import { renderError, renderToken, statusOf } from './render.js';
import { TokenError, TokenRequest, TokenResponse } from './schema.js';

interface Options {
  readonly exchange: Pick<Exchange, 'run'>;
  readonly log: Log;
  now(): Date;
}

/** RFC 6749 section 5.1. */
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

const errorResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: TokenError } },
});

export async function oauthRoutes(app: App, { exchange, log, now }: Options): Promise<void> {
  const errorHandler = createErrorHandler(log, (error, request, reply) => {
    const status = statusOf(error);
    if (status === 401) reply.header('www-authenticate', 'Basic realm="sallyport"');
    if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
    return reply.code(status).headers(NO_STORE).send(renderError(error, request.id));
  });

  // A scope with its own parsers: forms only, and parameters without a value are omitted (RFC 6749 section 3.2).
  await app.register(async (scope) => {
    useBodyParsers(scope, {
      [FORM_MEDIA_TYPE]: (bytes) =>
        parseForm(
          [...formPairs(decodeUtf8(bytes))].filter(([, value]) => value !== ''),
          TokenRequest,
        ),
      '*': () => {
        throw new SallyportError('media_type_unsupported', {
          detail: 'A token request must be a form. Send application/x-www-form-urlencoded.',
        });
      },
    });
    scope.post<{ Body: TokenRequest }>(
      '/oauth/token',
      {
        errorHandler,
        schema: {
          operationId: 'exchangeToken',
          summary: 'Exchange a token for AWS credentials (OAuth 2.0 Token Exchange)',
          description:
            'Exchanges a JWT or SAML Response for AWS credentials (RFC 8693). Clients are not authenticated. See docs/clients.md.',
          tags: ['credentials'],
          security: [],
          consumes: [FORM_MEDIA_TYPE],
          body: TokenRequest,
          response: {
            200: TokenResponse,
            400: errorResponse('The request or the proof was not accepted, or the caller is not permitted.'),
            401: errorResponse('The request contains client authentication.'),
            429: errorResponse('Too many requests. Retry after the time in Retry-After.'),
            500: errorResponse('Internal error of the broker.'),
            502: errorResponse('STS rejected the request of the broker.'),
            503: errorResponse('A dependency of the broker is unavailable.'),
          },
        },
      },
      async (request, reply) => {
        const result = await exchange.run(readExchangeRequest(request));
        reply.headers(NO_STORE);
        return renderToken(result, request.id, now());
      },
    );
  });
}
