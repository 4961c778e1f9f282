// The HTTP server without its routes: request ids, limits, body parsing, security headers and error handling, which hold
// for every surface. surfaces.ts registers the routes.
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
import { createProblemHandler, ProblemSchema, problemOf } from './problem.js';

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

/** Milliseconds. A client that dawdles is cut off; Fastify's own defaults are to wait for ever. */
const TIMEOUTS = { connectionTimeout: 30_000, requestTimeout: 15_000, keepAliveTimeout: 72_000 };

/** Milliseconds. How often Node looks for requests that have taken too long. */
const CHECK_INTERVAL = 5000;

/** Bytes of all headers: a JWT at STS's limit of 20,000 characters fits. */
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
    // Headers are bounded, and each route's schema says what a part of its path may be: a role's ARN is long.
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
          detail: 'The path cannot be read. Percent-encode it as UTF-8.',
        }),
        request,
        reply,
      ),
    clientErrorHandler: (_, socket) => refuseUnreadable(socket),
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
  closeConnectionsAtTheEnd(app);
  addSecurityHeaders(app);
  if (!options.tls) requireTls(app, options.trustProxy);
  limitByAddress(app, options.limiter);
  // Hooks that have nothing to wait for call back at once: a promise each would be a tenth of a cached answer's cost.
  app.addHook('preValidation', (request, _, done) => {
    if (request.body === undefined) request.body = {};
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const seconds = reply.elapsedTime / 1000;
    metrics.answered({ route, status: reply.statusCode }, seconds);
    log.debug(
      { requestId: request.id, method: request.method, route, status: reply.statusCode, seconds },
      'answered',
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
          'HTTP identity broker for AWS: a SAML assertion or an OIDC JWT in, scoped temporary credentials out.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: options.serverUrl }],
      tags: [
        { name: 'credentials', description: 'For callers.' },
        { name: 'sign-in', description: 'For people with a browser.' },
        { name: 'operations', description: 'For the operator.' },
        { name: 'issuer', description: 'For AWS: the broker as OIDC issuer.' },
      ],
      components: { securitySchemes: { jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
  });

  return app;
}

/** A connection whose request is answered while the server stops would otherwise be kept alive, and the server with it. */
function closeConnectionsAtTheEnd(app: App): void {
  let stopping = false;
  app.addHook('preClose', async () => {
    stopping = true;
  });
  app.addHook('onSend', (_, reply, __, done) => {
    if (stopping) reply.header('connection', 'close');
    done();
  });
}

/** Settings of node:http, or of node:https with TLS. */
function transport(tls: AppOptions['tls']) {
  const http = { maxHeaderSize: MAX_HEADER_SIZE, connectionsCheckingInterval: CHECK_INTERVAL };
  return tls ? { https: { ...http, ...tls, minVersion: MIN_TLS } } : { https: null, http };
}

/** New connections get the new certificate; those there are keep theirs. For a server of https. */
export function replaceCertificate(app: App, tls: TlsMaterial): void {
  app.server.setSecureContext({ ...tls, minVersion: MIN_TLS });
}

/** Bytes that are not HTTP get a problem document too, before there is a request to speak of. */
function refuseUnreadable(
  socket: NodeJS.WritableStream & { readonly writable: boolean; destroy(): unknown },
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(
    new SallyportError('request_malformed', { reason: 'request.http' }),
    randomUUID(),
  );
  const body = JSON.stringify({ ...problem, detail: 'This is not an HTTP/1.1 request that can be read.' });
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
