// The HTTP server without its routes: request ids, limits, body parsing, security headers and error handling of every
// surface. surfaces.ts registers the routes. Start reading at a route: http/routes/<endpoint>/routes.ts.
import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import type { TlsMaterial } from '../config/tls.js';
import { SallyportError } from '../core/errors.js';
import type { Log, RateLimiter } from '../core/ports.js';
import { VERSION } from '../core/version.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { App } from './fastify.js';
import { addBodyParsers, addQueryParser, BODY_LIMIT } from './plugins/body-parsers.js';
import { limitByAddress } from './plugins/rate-limit.js';
import { requireTls } from './plugins/require-tls.js';
import { addSecurityHeaders } from './plugins/security-headers.js';
import { createProblemHandler, ProblemSchema, toProblem } from './problem.js';

export interface AppOptions {
  readonly limiter: RateLimiter;
  readonly metrics: Metrics;
  readonly log: Log;
  /** The broker's public base URL. */
  readonly serverUrl: string;
  readonly tls?: TlsMaterial;
  /** Proxies whose X-Forwarded-For is trusted. */
  readonly trustProxy?: readonly string[];
}

const MIN_TLS = 'TLSv1.2' as const;

/** Milliseconds. Slow clients are disconnected; Fastify has no timeouts by default. */
const TIMEOUTS = { connectionTimeout: 30_000, requestTimeout: 15_000, keepAliveTimeout: 72_000 };

/** Milliseconds between Node's checks for requests that have timed out. */
const CHECK_INTERVAL = 5000;

/** Bytes of all headers together. A JWT of 20,000 characters, the limit of STS, fits. */
const MAX_HEADER_SIZE = 32 * 1024;

const METHODS = ['GET', 'POST'] as const;

export async function createApp(options: AppOptions): Promise<App> {
  const { log, metrics } = options;
  const onProblem = createProblemHandler(log);
  const app: App = fastify({
    ...transport(options.tls),
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: BODY_LIMIT,
    // Role ARNs in a path are long. Each route's schema limits its own path parameters.
    routerOptions: { maxParamLength: MAX_HEADER_SIZE },
    trustProxy: options.trustProxy ? [...options.trustProxy] : false,
    ...TIMEOUTS,
    ajv: {
      customOptions: { allErrors: true, removeAdditional: false, coerceTypes: false, useDefaults: false },
    },
    frameworkErrors: (_, request, reply) =>
      void onProblem(
        new SallyportError('request_malformed', {
          reason: 'request.url',
          detail: 'The path is not valid percent-encoded UTF-8. Encode it and retry.',
        }),
        request,
        reply,
      ),
    clientErrorHandler: (_, socket) => rejectMalformedHttp(socket),
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.addSchema(ProblemSchema);
  addBodyParsers(app);
  addQueryParser(app);
  app.setErrorHandler(onProblem);
  app.setNotFoundHandler(async (request, reply) => {
    const [path = '/'] = request.url.split('?');
    const allowed = METHODS.filter((method) => app.hasRoute({ url: path, method }));
    if (allowed.length === 0) throw new SallyportError('route_unknown');
    reply.header('allow', allowed.join(', '));
    throw new SallyportError('method_not_allowed');
  });
  closeConnectionsOnShutdown(app);
  addSecurityHeaders(app);
  if (!options.tls) requireTls(app, options.trustProxy);
  limitByAddress(app, options.limiter);
  // Hooks use callbacks where they can: one promise per hook would cost a tenth of a cached response.
  app.addHook('preValidation', (request, _, done) => {
    if (request.body === undefined) request.body = {};
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const seconds = reply.elapsedTime / 1000;
    metrics.observeHttpRequest({ route, status: reply.statusCode }, seconds);
    log.debug(
      { requestId: request.id, method: request.method, route, status: reply.statusCode, seconds },
      'request completed',
    );
    done();
  });

  await app.register(swagger, {
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sallyport',
        version: VERSION,
        description:
          'HTTP identity broker for AWS. It exchanges a SAML assertion or an OIDC JWT for scoped temporary credentials.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: options.serverUrl }],
      tags: [
        { name: 'credentials', description: 'Roles and credentials for callers.' },
        { name: 'sign-in', description: 'Sign-in with a browser.' },
        { name: 'operations', description: 'Health, metrics and configuration for operators.' },
        { name: 'issuer', description: 'The broker as OIDC issuer, read by AWS.' },
      ],
      components: { securitySchemes: { jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
  });

  return app;
}

/** Otherwise a connection whose response is sent during shutdown is kept alive, and delays the shutdown. */
function closeConnectionsOnShutdown(app: App): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', (_, reply, __, done) => {
    if (closing) reply.header('connection', 'close');
    done();
  });
}

/** Options of node:http, or of node:https with TLS. */
function transport(tls: AppOptions['tls']) {
  const http = { maxHeaderSize: MAX_HEADER_SIZE, connectionsCheckingInterval: CHECK_INTERVAL };
  return tls ? { https: { ...http, ...tls, minVersion: MIN_TLS } } : { https: null, http };
}

/** New connections use the new certificate; open connections keep theirs. Requires a server with TLS. */
export function replaceCertificate(app: App, tls: TlsMaterial): void {
  app.server.setSecureContext({ ...tls, minVersion: MIN_TLS });
}

/** Sends a problem document for bytes that are not HTTP, for which Fastify creates no request. */
function rejectMalformedHttp(
  socket: NodeJS.WritableStream & { readonly writable: boolean; destroy(): unknown },
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(
    new SallyportError('request_malformed', { reason: 'request.http' }),
    randomUUID(),
  );
  const body = JSON.stringify({ ...problem, detail: 'The request is not valid HTTP/1.1.' });
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
