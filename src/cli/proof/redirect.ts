// Where a browser comes back to after a sign-in: one request to a loopback address, RFC 8252 section 7.3.
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

export interface Redirection<T> {
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Unguessable. A request without it does not come from this sign-in. */
  readonly state: string;
  readonly signal: AbortSignal;
  /** Sends the person to the identity provider, which is to redirect to `redirectUri`. */
  readonly begin: (redirectUri: string) => void;
  /** Makes something of the URL that the browser was redirected to. */
  readonly finish: (url: URL) => Promise<T>;
}

/** What `finish` makes of it; the browser shows whether that went well. Rejects as `finish` does, or with the signal. */
export async function receiveRedirect<T>(redirection: Redirection<T>): Promise<T> {
  const { port, state, signal, begin, finish } = redirection;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const redirectUri = `http://127.0.0.1:${taken}${PATH}`;
  const finished = new Promise<T>((resolve, reject) => {
    let begun = false;
    server.on('request', (request, response) => {
      const url = redirectedTo(request, redirectUri);
      if (begun || url?.searchParams.get('state') !== state)
        return respond(response, 404, 'There is nothing here.');
      begun = true;
      finish(url).then(
        (value) => respond(response, 200, 'You are signed in. Close this page.', () => resolve(value)),
        (error) => respond(response, 400, 'This did not work. The terminal says why.', () => reject(error)),
      );
    });
  });
  try {
    begin(redirectUri);
    return await raceWithAbort(signal, finished);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function redirectedTo({ method, url = '' }: IncomingMessage, redirectUri: string): URL | undefined {
  const asked = URL.canParse(url, redirectUri) ? new URL(url, redirectUri) : undefined;
  return method === 'GET' && asked && `${asked.origin}${asked.pathname}` === redirectUri ? asked : undefined;
}

/** Calls `sent` when the browser has its page, or has gone. */
function respond(response: ServerResponse, status: number, sentence: string, sent = () => {}): void {
  if (response.destroyed) {
    sent();
    return;
  }
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sallyport</title></head><body><p>${sentence}</p></body></html>
`;
  response.writeHead(status, HEADERS).on('close', sent).end(`${page}`);
}
