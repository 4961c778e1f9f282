// Browser sign-in at a SAML IdP whose assertions are addressed to the broker (SAML profiles 4.1). /login/{issuer} sends an
// AuthnRequest and keeps it in a sealed cookie; /saml/acs exchanges the response immediately. There is no session.
import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { SallyportError } from '../core/errors.js';
import type { Log } from '../core/ports.js';
import type { SessionParameters } from '../core/types.js';
import type { Exchange } from '../exchange/exchange.js';
import { RefusedRequestError } from '../exchange/pipeline.js';
import type { App } from '../http/fastify.js';
import { createErrorHandler, problemResponses, sendProblem } from '../http/problem.js';
import { sourceAddress } from '../http/proof-request.js';
import { SessionParameterFields, toQuery } from '../http/request-fields.js';
import { renderCredentials } from '../http/routes/credentials/render.js';
import { CredentialsResponse } from '../http/routes/credentials/schema.js';
import type { ConfigManager } from '../runtime/config-manager.js';
import { SignInCookies } from './cookies.js';
import { credentialsPage, errorPage, PAGE_HEADERS, rolesPage } from './pages.js';
import type { Seal } from './seal.js';

export interface SignInOptions {
  readonly exchange: Pick<Exchange, 'run'>;
  readonly configManager: Pick<ConfigManager, 'current'>;
  readonly seal: Pick<Seal, 'seal' | 'open'>;
  /** The broker's public base URL. */
  readonly serverUrl: string;
  readonly log: Log;
  now(): Date;
}

const AcsForm = Type.Object({
  SAMLResponse: Type.String({ minLength: 1, description: 'The SAML Response in base64.' }),
  RelayState: Type.Optional(Type.String({ description: 'Ignored.' })),
});

const html = (description: string) => ({ 'text/html': { schema: Type.String({ description }) } });

/** Browsers get a page; clients that accept JSON but not HTML get JSON. */
const wantsJson = ({ headers: { accept = '' } }: FastifyRequest) =>
  accept.includes('application/json') && !accept.includes('text/html');

export function signInRoutes(
  app: App,
  { exchange, configManager, seal, serverUrl, log, now }: SignInOptions,
): void {
  const tags = ['sign-in'];
  const cookies = new SignInCookies(seal, serverUrl);
  const errorHandler = createErrorHandler(log, sendError);

  const loginUrl = (issuer: string, parameters: SessionParameters) => {
    const query = toQuery(parameters);
    return `${serverUrl}/login/${encodeURIComponent(issuer)}${query === '' ? '' : `?${query}`}`;
  };

  function sendError(error: SallyportError, request: FastifyRequest, reply: FastifyReply) {
    const progress = error instanceof RefusedRequestError ? error.progress : undefined;
    const principal = progress?.principal;
    if (principal?.inResponseTo !== undefined)
      reply.header('set-cookie', cookies.delete(principal.inResponseTo));
    if (wantsJson(request)) return sendProblem(error, request, reply);
    const retryUrl = (parameters: SessionParameters = {}) =>
      principal && loginUrl(principal.issuer, { ...progress?.request, ...parameters });
    if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
    return reply
      .headers(PAGE_HEADERS)
      .send(
        error.code === 'role_ambiguous'
          ? rolesPage(rolesOf(error).map((role) => ({ role, href: retryUrl({ role }) })))
          : errorPage(error, request.id, retryUrl()),
      );
  }

  app.get(
    '/saml/metadata',
    {
      schema: {
        operationId: 'getServiceProviderMetadata',
        summary: 'Get the SAML service provider metadata of the broker',
        description: 'SAML 2.0 metadata for registering the broker at an IdP.',
        tags,
        security: [],
        response: {
          200: {
            description: 'The metadata.',
            content: { 'application/samlmetadata+xml': { schema: Type.String() } },
          },
          400: problemResponses[400],
        },
      },
    },
    async (_, reply) =>
      reply.type('application/samlmetadata+xml').send(configManager.current.serviceProvider.metadata),
  );

  app.get(
    '/login/:issuer',
    {
      errorHandler,
      schema: {
        operationId: 'signIn',
        summary: 'Sign in with a browser',
        description:
          'Redirects the browser to the IdP of a SAML issuer with `audience: sallyport`. A cookie keeps the parameters for ten minutes. The IdP posts its response to /saml/acs.',
        tags,
        security: [],
        params: Type.Object({ issuer: Type.String({ description: 'Name of the issuer in the config.' }) }),
        querystring: SessionParameterFields,
        response: {
          302: {
            description: 'Redirect to the IdP with an AuthnRequest.',
            headers: { location: Type.String({ format: 'uri' }), 'set-cookie': Type.String() },
          },
          ...problemResponses,
        },
      },
    },
    async (request, reply) => {
      const { issuer } = request.params;
      const { id, url } = await configManager.current.serviceProvider.request(issuer, now());
      const pending = { id, issuer, parameters: request.query };
      reply.header('set-cookie', await cookies.add(request.headers.cookie, pending, now()));
      return reply.header('cache-control', 'no-store').redirect(url);
    },
  );

  app.post(
    '/saml/acs',
    {
      errorHandler,
      schema: {
        operationId: 'answerSignIn',
        summary: 'Complete a browser sign-in (SAML assertion consumer service)',
        description:
          'HTTP-POST binding. The SAML Response must answer a login request of the same browser, unless the issuer has `unsolicited: accept`. Returns a page, or the JSON of /v1/credentials with `Accept: application/json`.',
        tags,
        security: [],
        consumes: ['application/x-www-form-urlencoded'],
        body: AcsForm,
        response: {
          200: {
            description: 'The credentials.',
            content: {
              ...html('A page with the credentials.'),
              'application/json': { schema: CredentialsResponse },
            },
          },
          ...problemResponses,
        },
      },
    },
    async (request, reply) => {
      const result = await exchange.run({
        requestId: request.id,
        surface: 'sign-in',
        sourceAddress: sourceAddress(request),
        proof: {
          type: 'saml',
          value: new Secret(request.body.SAMLResponse),
          loginRequests: await cookies.open(request.headers.cookie, now()),
        },
      });
      const { inResponseTo } = result.principal;
      if (inResponseTo !== undefined) reply.header('set-cookie', cookies.delete(inResponseTo));
      const response = renderCredentials(result, request.id);
      if (wantsJson(request)) return reply.header('cache-control', 'no-store').send(response);
      return reply.headers(PAGE_HEADERS).send(credentialsPage(response));
    },
  );
}

const rolesOf = ({ members: { Roles } }: SallyportError): readonly string[] =>
  Array.isArray(Roles) ? Roles.map(String) : [];
