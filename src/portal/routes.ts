// Signing in with a browser at a SAML IdP whose assertions are addressed to the broker (SAML profiles 4.1): a request
// is sent, kept in the browser and not here, and its answer exchanged at once. There is no session.

import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ServiceProvider } from '../authn/saml/metadata/service-provider.js';
import type { SallyportError } from '../core/errors.js';
import type { Log } from '../core/ports.js';
import type { SessionParameters } from '../core/types.js';
import { type Exchange, ExchangeError } from '../exchange/exchange.js';
import type { App } from '../http/fastify.js';
import { createErrorHandler, problemResponses, sendProblem } from '../http/problem.js';
import { SessionParameterFields, toQuery } from '../http/request-fields.js';
import { renderCredentials } from '../http/routes/credentials/render.js';
import { CredentialsAnswer } from '../http/routes/credentials/schema.js';
import { sourceAddress } from '../http/source-address.js';
import { createSignInCookies } from './cookies.js';
import { credentialsPage, PAGE_HEADERS, refusalPage, rolesPage } from './pages.js';
import type { Seal } from './seal.js';

export interface SignInOptions {
  readonly exchange: Exchange;
  serviceProvider(): ServiceProvider;
  readonly seal: Seal;
  /** The broker's public base URL. */
  readonly serverUrl: string;
  readonly log: Log;
  now(): Date;
}

const Answer = Type.Object({
  SAMLResponse: Type.String({ minLength: 1, description: 'Base64 of the SAML Response.' }),
  RelayState: Type.Optional(Type.String({ description: 'Not read.' })),
});

const html = (description: string) => ({ 'text/html': { schema: Type.String({ description }) } });

/** A page in a browser; JSON for whoever asks for that and not for a page. */
const wantsJson = ({ headers: { accept = '' } }: FastifyRequest) =>
  accept.includes('application/json') && !accept.includes('text/html');

export function signInRoutes(
  app: App,
  { exchange, serviceProvider, seal, serverUrl, log, now }: SignInOptions,
): void {
  const tags = ['sign-in'];
  const cookies = createSignInCookies(seal, serverUrl);
  const errorHandler = createErrorHandler(log, sendRefusal);

  const loginUrl = (issuer: string, asked: SessionParameters) => {
    const query = toQuery(asked);
    return `${serverUrl}/login/${encodeURIComponent(issuer)}${query === '' ? '' : `?${query}`}`;
  };

  function sendRefusal(error: SallyportError, request: FastifyRequest, reply: FastifyReply) {
    const progress = error instanceof ExchangeError ? error.progress : undefined;
    const principal = progress?.principal;
    if (principal?.inResponseTo !== undefined)
      reply.header('set-cookie', cookies.drop(principal.inResponseTo));
    if (wantsJson(request)) return sendProblem(error, request, reply);
    const again = (more: SessionParameters = {}) =>
      principal && loginUrl(principal.issuer, { ...progress?.request, ...more });
    if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
    return reply
      .headers(PAGE_HEADERS)
      .send(
        error.code === 'role_ambiguous'
          ? rolesPage(rolesOf(error).map((role) => ({ role, href: again({ role }) })))
          : refusalPage(error, request.id, again()),
      );
  }

  app.get(
    '/saml/metadata',
    {
      schema: {
        operationId: 'getServiceProviderMetadata',
        summary: 'The broker as a SAML service provider',
        description: 'SAML 2.0 metadata, to register the broker at an IdP with.',
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
    async (_, reply) => reply.type('application/samlmetadata+xml').send(serviceProvider().metadata),
  );

  app.get(
    '/login/:issuer',
    {
      errorHandler,
      schema: {
        operationId: 'signIn',
        summary: 'Sign in with a browser',
        description:
          'Sends the browser to the IdP of a SAML issuer with `audience: sallyport`, and keeps in a cookie for ten minutes what is asked. The answer comes to /saml/acs.',
        tags,
        security: [],
        params: Type.Object({ issuer: Type.String({ description: "The issuer's name in the config." }) }),
        querystring: SessionParameterFields,
        response: {
          302: {
            description: 'To the IdP, with an AuthnRequest.',
            headers: { location: Type.String({ format: 'uri' }), 'set-cookie': Type.String() },
          },
          ...problemResponses,
        },
      },
    },
    async (request, reply) => {
      const { issuer } = request.params;
      const { id, url } = await serviceProvider().request(issuer, now());
      const begun = { id, issuer, asked: request.query };
      reply.header('set-cookie', await cookies.add(request.headers.cookie, begun, now()));
      return reply.header('cache-control', 'no-store').redirect(url);
    },
  );

  app.post(
    '/saml/acs',
    {
      errorHandler,
      schema: {
        operationId: 'answerSignIn',
        summary: 'The end of a sign-in with a browser',
        description:
          'The assertion consumer service, HTTP-POST. The response must answer a request of this very browser, unless the issuer has `unsolicited: accept`. Answers with a page; with the JSON of /v1/credentials if that is asked for.',
        tags,
        security: [],
        consumes: ['application/x-www-form-urlencoded'],
        body: Answer,
        response: {
          200: {
            description: 'The credentials.',
            content: {
              ...html('A page with the credentials.'),
              'application/json': { schema: CredentialsAnswer },
            },
          },
          ...problemResponses,
        },
      },
    },
    async (request, reply) => {
      const exchanged = await exchange({
        requestId: request.id,
        surface: 'sign-in',
        sourceAddress: sourceAddress(request),
        proof: {
          type: 'saml',
          value: new Secret(request.body.SAMLResponse),
          loginRequests: await cookies.open(request.headers.cookie, now()),
        },
      });
      const { inResponseTo } = exchanged.principal;
      if (inResponseTo !== undefined) reply.header('set-cookie', cookies.drop(inResponseTo));
      const answer = renderCredentials(exchanged, request.id);
      if (wantsJson(request)) return reply.header('cache-control', 'no-store').send(answer);
      return reply.headers(PAGE_HEADERS).send(credentialsPage(answer));
    },
  );
}

const rolesOf = ({ members: { Roles } }: SallyportError): readonly string[] =>
  Array.isArray(Roles) ? Roles.map(String) : [];
