// GET /v1/container-credentials[/{role}]: credentials for unmodified AWS SDKs, which call it by
// AWS_CONTAINER_CREDENTIALS_FULL_URI and call it again before the end. Whatever is refused here is said in their words.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CLIENT_TIMEOUT_MS } from '../../../core/container-credentials.js';
import { SallyportError } from '../../../core/errors.js';
import type { Log } from '../../../core/ports.js';
import type { ExchangeRequest } from '../../../core/types.js';
import type { Exchange } from '../../../exchange/exchange.js';
import type { App } from '../../fastify.js';
import { createErrorHandler, errorHeaders } from '../../problem.js';
import { readRawToken } from '../../proof.js';
import { sourceAddress } from '../../source-address.js';
import { renderContainerCredentials, renderContainerRefusal } from './render.js';
import { ContainerAnswer, ContainerParams, ContainerRefusal, containerRefusals } from './schema.js';

/** Seconds. SDKs fetch at each use what has under 15 minutes left; of an hour, 20 minutes always are. */
const LASTING = 3600;

interface Options {
  readonly exchange: Exchange;
  readonly log: Log;
}

export function containerCredentialsRoutes(app: App, { exchange, log }: Options): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply, role?: string) => {
    const exchanged = await exchange(readContainerRequest(request, role));
    reply.header('cache-control', 'no-store');
    return renderContainerCredentials(exchanged);
  };
  const route = {
    description:
      "The endpoint of the AWS SDKs' container credential provider: point AWS_CONTAINER_CREDENTIALS_FULL_URI here, and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE at the JWT. Authorization holds the JWT alone, as SDKs send it, or as Bearer token.",
    tags: ['credentials'],
    security: [{ jwt: [] }],
    response: { 200: ContainerAnswer, ...containerRefusals },
  };

  // HEAD would have credentials issued, and recorded as handed out, that nobody gets.
  const onlyGet = { exposeHeadRoute: false };

  app.addSchema(ContainerRefusal);
  const addRoutes = async (surface: App) => {
    surface.setErrorHandler(createErrorHandler(log, sendRefusal));
    surface.setNotFoundHandler(async ({ method }, reply) => {
      if (method === 'GET')
        throw new SallyportError('route_unknown', {
          detail: 'There is nothing at this path. Percent-encode the role, its slashes too.',
        });
      reply.header('allow', 'GET');
      throw new SallyportError('method_not_allowed');
    });
    surface.get(
      '/',
      {
        ...onlyGet,
        prefixTrailingSlash: 'no-slash',
        schema: {
          ...route,
          operationId: 'getContainerCredentialsOfOnlyRole',
          summary: 'Credentials for an AWS SDK, of the one role its token permits',
        },
      },
      async (request, reply) => answer(request, reply),
    );
    surface.get(
      '/:role',
      {
        ...onlyGet,
        schema: {
          ...route,
          operationId: 'getContainerCredentials',
          summary: 'Credentials for an AWS SDK',
          params: ContainerParams,
        },
      },
      async (request, reply) => answer(request, reply, request.params.role),
    );
  };
  void app.register(addRoutes, { prefix: '/v1/container-credentials' });
}

/** @throws SallyportError `proof_missing` or `proof_ambiguous`. */
const readContainerRequest = (request: FastifyRequest, role: string | undefined): ExchangeRequest => ({
  requestId: request.id,
  surface: 'container-credentials',
  sourceAddress: sourceAddress(request),
  proof: readRawToken(request),
  preferred: { durationSeconds: LASTING },
  timeoutMs: CLIENT_TIMEOUT_MS,
  ...(role !== undefined && { role }),
});

const sendRefusal = (error: SallyportError, request: FastifyRequest, reply: FastifyReply) =>
  reply
    .headers({ ...errorHeaders(error), 'content-type': 'application/json' })
    .send(renderContainerRefusal(error, request.id));
