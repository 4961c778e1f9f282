// GET /v1/container-credentials[/{role}] is an endpoint for the container credential provider of unmodified AWS SDKs.
// AWS_CONTAINER_CREDENTIALS_FULL_URI points to it; SDKs call it again before the credentials expire.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accountOfArn } from '../../../core/arn.js';
import { CLIENT_TIMEOUT_MS, containerCredentials, containerError } from '../../../core/credentials-json.js';
import { SallyportError } from '../../../core/errors.js';
import type { Log } from '../../../core/ports.js';
import type { ExchangeRequest } from '../../../core/types.js';
import type { Exchange, ExchangeResult } from '../../../exchange/exchange.js';
import type { App } from '../../fastify.js';
import { createErrorHandler, errorHeaders } from '../../problem.js';
import { readRawToken, sourceAddress } from '../../proof-request.js';
import { ContainerError, ContainerParams, ContainerResponse, containerErrors } from './schema.js';

/**
 * Seconds, if the role permits that much. SDKs fetch again on every use once less than 15 minutes are left; the cache
 * serves credentials of one hour with at least 20 minutes left.
 */
const PREFERRED_DURATION = 3600;

interface Options {
  readonly exchange: Pick<Exchange, 'run'>;
  readonly log: Log;
}

export function containerCredentialsRoutes(app: App, { exchange, log }: Options): void {
  const getCredentials = async (request: FastifyRequest, reply: FastifyReply, role?: string) => {
    const result = await exchange.run(readExchangeRequest(request, role));
    reply.header('cache-control', 'no-store');
    return renderContainerCredentials(result);
  };
  const schema = {
    description:
      'Endpoint for the container credential provider of the AWS SDKs. Set AWS_CONTAINER_CREDENTIALS_FULL_URI to this URL and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the file with the JWT. The Authorization header holds the JWT alone, as SDKs send it, or as Bearer token.',
    tags: ['credentials'],
    security: [{ jwt: [] }],
    response: { 200: ContainerResponse, ...containerErrors },
  };

  // A HEAD request would issue and record credentials that no client receives.
  const onlyGet = { exposeHeadRoute: false };

  app.addSchema(ContainerError);
  const addRoutes = async (scope: App) => {
    scope.setErrorHandler(createErrorHandler(log, sendContainerError));
    scope.setNotFoundHandler(async ({ method }, reply) => {
      if (method === 'GET')
        throw new SallyportError('route_unknown', {
          detail: 'No route has this path. Percent-encode the role, including its slashes.',
        });
      reply.header('allow', 'GET');
      throw new SallyportError('method_not_allowed');
    });
    scope.get(
      '/',
      {
        ...onlyGet,
        prefixTrailingSlash: 'no-slash',
        schema: {
          ...schema,
          operationId: 'getContainerCredentialsOfOnlyRole',
          summary: 'Get credentials for an AWS SDK, for the only permitted role',
        },
      },
      async (request, reply) => getCredentials(request, reply),
    );
    scope.get(
      '/:role',
      {
        ...onlyGet,
        schema: {
          ...schema,
          operationId: 'getContainerCredentials',
          summary: 'Get credentials for an AWS SDK',
          params: ContainerParams,
        },
      },
      async (request, reply) => getCredentials(request, reply, request.params.role),
    );
  };
  void app.register(addRoutes, { prefix: '/v1/container-credentials' });
}

/** @throws SallyportError `proof_missing` or `proof_ambiguous`. */
const readExchangeRequest = (request: FastifyRequest, role: string | undefined): ExchangeRequest => ({
  requestId: request.id,
  surface: 'container-credentials',
  sourceAddress: sourceAddress(request),
  proof: readRawToken(request),
  preferred: { durationSeconds: PREFERRED_DURATION },
  timeoutMs: CLIENT_TIMEOUT_MS,
  ...(role !== undefined && { role }),
});

function renderContainerCredentials({ decision: { target }, issued }: ExchangeResult) {
  const { credentials, assumedRoleUser, federatedUser } = issued;
  const { arn } = assumedRoleUser ?? federatedUser ?? {};
  return containerCredentials(credentials, {
    accountId: arn === undefined ? undefined : accountOfArn(arn),
    roleArn: 'roleArn' in target ? target.roleArn : undefined,
  });
}

function sendContainerError(error: SallyportError, request: FastifyRequest, reply: FastifyReply) {
  // SDKs show the message at most, so it holds the code and the request id too.
  const message = `${sentenceOf(error)} (${error.code}, request ${request.id})`;
  return reply
    .headers({ ...errorHeaders(error), 'content-type': 'application/json' })
    .send({ ...containerError(error.code, message), requestId: request.id });
}

/** The error text, except where the remedy differs from other surfaces. */
function sentenceOf({ code, detail, members: { Roles } }: SallyportError): string {
  if (code === 'proof_missing')
    return 'No token was sent. Set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the file that holds the JWT.';
  if (code === 'role_ambiguous' && Array.isArray(Roles))
    return `Several roles are permitted. Append one of them to the URL, after a slash: ${Roles.join(', ')}.`;
  return detail;
}
