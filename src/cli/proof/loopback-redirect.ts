// Receives the redirect at the end of a browser sign-in: one request to a loopback address, RFC 8252 section 7.3.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { raceWithAbort } from '@sallyport/client/internal/with-timeout';
import { markup } from '@sallyport/sts-protocol/markup';

const PATH = '/callback';

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const;

export interface LoopbackRedirect<T> {
  /** Port to listen on; 0 selects a free port. */
  readonly port: number;
  /** Unguessable value of this sign-in. Requests with another state are ignored. */
  readonly state: string;
  readonly signal: AbortSignal;
  /** Sends the user to the identity provider, which redirects to `redirectUri`. */
  readonly onListening: (redirectUri: string) => void;
  /** Completes the sign-in with the URL that the browser was redirected to. */
  readonly onRedirect: (url: URL) => Promise<T>;
}

/**
 * Resolves with the result of `onRedirect`, after the browser has received a page that shows the outcome. Rejects as
 * `onRedirect` does, or with the reason of the signal.
 */
export async function receiveRedirect<T>(options: LoopbackRedirect<T>): Promise<T> {
  const { port: requestedPort, state, signal, onListening, onRedirect } = options;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(requestedPort, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const redirectUri = `http://127.0.0.1:${port}${PATH}`;
  const redirected = new Promise<T>((resolve, reject) => {
    let isReceived = false;
    server.on('request', (request, response) => {
      const url = parseRedirect(request, redirectUri);
      if (isReceived || url?.searchParams.get('state') !== state) return respond(response, 404, 'Not found.');
      isReceived = true;
      onRedirect(url).then(
        (value) =>
          respond(response, 200, 'You are signed in. You can close this page.', () => resolve(value)),
        (error) =>
          respond(response, 400, 'The sign-in failed. See the terminal for details.', () => reject(error)),
      );
    });
  });
  try {
    onListening(redirectUri);
    return await raceWithAbort(signal, redirected);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function parseRedirect({ method, url = '' }: IncomingMessage, redirectUri: string): URL | undefined {
  const parsed = URL.canParse(url, redirectUri) ? new URL(url, redirectUri) : undefined;
  return method === 'GET' && parsed && `${parsed.origin}${parsed.pathname}` === redirectUri
    ? parsed
    : undefined;
}

/** Calls `onClose` when the browser has received the page, or has disconnected. */
function respond(response: ServerResponse, status: number, sentence: string, onClose = () => {}): void {
  if (response.destroyed) {
    onClose();
    return;
  }
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sallyport</title></head><body><p>${sentence}</p></body></html>
`;
  response.writeHead(status, HEADERS).on('close', onClose).end(`${page}`);
}
