// A proxy that records the requests of one client and forwards them unchanged. The client cannot tell it from the
// target.
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Test } from 'tap';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Recorder {
  readonly port: number;
  /** All requests so far. */
  readonly requests: readonly RecordedRequest[];
}

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** Listens on loopback until the test ends. If the target does not respond, connections are dropped. */
export async function startRecorder(t: Test, target: string, tls?: Tls): Promise<Recorder> {
  const requests: RecordedRequest[] = [];
  const { host } = new URL(target);
  const forward: RequestListener = async (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const body = await buffer(incoming);
    requests.push({ method, path: url, headers, body: body.toString() });
    request(new URL(url, target), { method, headers: { ...headers, host } })
      .on('response', (upstream) => {
        response.writeHead(upstream.statusCode ?? 502, upstream.headers);
        upstream.pipe(response);
      })
      .on('error', () => response.destroy())
      .end(body);
  };
  const server = tls ? createTlsServer(tls, forward) : createServer(forward);
  // Requests to AWS arrive here, as CONNECT requests for a tunnel.
  server.on('connect', ({ method = '', url = '', headers }, socket) => {
    requests.push({ method, path: url, headers, body: '' });
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, requests };
}
