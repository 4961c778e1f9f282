// Console sign-in: the federation endpoint, and a page in place of the console that shows who is signed in.

import { markup } from '@sallyport/sts-protocol/markup';
import { formatDate } from '@sallyport/sts-protocol/render';
import fastify, { type FastifyReply } from 'fastify';
import { type ListenOptions, listenOnLoopback } from '../loopback.js';
import { errorPage, factsPage, PAGE_HEADERS } from '../pages.js';
import type { StsServer } from '../sts/server.js';
import { type ConsoleSession, createFederationEndpoint, SigninError } from './federation.js';

/** A request as an access log has it. */
interface SigninRequestLog {
  readonly method: string;
  readonly url: string;
}

export interface ConsoleSigninServer {
  /** URL of the federation endpoint. */
  readonly endpoint: string;
  /** All requests so far. */
  readonly requests: readonly SigninRequestLog[];
  close(): Promise<void>;
}

export interface SigninOptions extends ListenOptions {
  /** Finds the session of credentials. */
  readonly openSession: StsServer['openSession'];
  readonly now?: () => Date;
}

type Parameters = Record<string, string | undefined>;

const COOKIE = 'sandbox-console';

export async function startConsoleSignin({
  openSession,
  now = () => new Date(),
  ...where
}: SigninOptions): Promise<ConsoleSigninServer> {
  const { server, origin, close } = await listenOnLoopback(where);
  const federation = createFederationEndpoint(openSession);
  const seconds = () => Math.floor(now().getTime() / 1000);
  const requests: SigninRequestLog[] = [];
  const app = fastify();
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body))),
  );
  app.addHook('onRequest', async ({ method, url }) => void requests.push({ method, url }));
  app.setErrorHandler((error, _request, reply) => {
    const sentence = error instanceof SigninError ? error.message : 'The request cannot be read.';
    return reply.code(400).headers(PAGE_HEADERS).send(errorPage(sentence));
  });

  const signIn = (parameters: Parameters, reply: FastifyReply) => {
    switch (parameters['Action']) {
      case 'getSigninToken':
        return reply.send({ SigninToken: federation.getSigninToken(parameters, seconds()) });
      case 'login': {
        const { cookie, destination } = federation.login(parameters, seconds());
        return reply
          .headers({
            'cache-control': 'no-store',
            'set-cookie': `${COOKIE}=${cookie}; Path=/; HttpOnly; SameSite=Lax`,
          })
          .redirect(`${origin}/console?destination=${encodeURIComponent(destination)}`);
      }
      default:
        throw new SigninError('Action must be getSigninToken or login.');
    }
  };
  app.get<{ Querystring: Parameters }>('/federation', (request, reply) => signIn(request.query, reply));
  app.post<{ Querystring: Parameters; Body: Parameters }>('/federation', (request, reply) =>
    signIn({ ...request.query, ...request.body }, reply),
  );
  app.get<{ Querystring: Parameters }>('/console', (request, reply) => {
    const cookie = new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1];
    const session = cookie === undefined ? undefined : federation.readCookie(cookie);
    const page = consolePage(session, request.query['destination'], seconds());
    return reply.code(page.status).headers(PAGE_HEADERS).send(page.html);
  });
  await app.ready();
  server.on('request', (request, response) => app.routing(request, response));
  return { endpoint: `${origin}/federation`, requests, close };
}

function consolePage(
  session: ConsoleSession | undefined,
  destination: string | undefined,
  now: number,
): { readonly status: number; readonly html: string } {
  if (!session) return { status: 401, html: errorPage('You are not signed in. Open a sign-in URL.') };
  const { arn, account, expiresAt, issuer } = session;
  if (now >= expiresAt) {
    const again = issuer === undefined ? 'Sign in again.' : markup`<a href="${issuer}">Sign in again.</a>`;
    return { status: 401, html: factsPage('The session has ended', [['Was', arn]], again) };
  }
  const facts: [string, string][] = [
    ['Signed in as', arn],
    ['Account', account],
    ['Until', formatDate(new Date(expiresAt * 1000))],
    ...(destination === undefined ? [] : [['AWS would now show', destination] as [string, string]]),
  ];
  return { status: 200, html: factsPage('Sandbox console', facts, 'This is not AWS.') };
}
