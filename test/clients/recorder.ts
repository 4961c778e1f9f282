// A proxy that notes what a client sends and hands it on unchanged, for one client each. The client believes that it
// speaks to whoever is behind.
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
  readonly sent: readonly RecordedRequest[];
}

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** In front of `target`, on loopback; closed with the test. Where nothing is behind, connections are dropped. */
export async function startRecorder(t: Test, target: string, tls?: Tls): Promise<Recorder> {
  const sent: RecordedRequest[] = [];
  const { host } = new URL(target);
  const handOn: RequestListener = async (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const body = await buffer(incoming);
    sent.push({ method, path: url, headers, body: body.toString() });
    request(new URL(url, target), { method, headers: { ...headers, host } })
      .on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      })
      .on('error', () => response.destroy())
      .end(body);
  };
  const server = tls ? createTlsServer(tls, handOn) : createServer(handOn);
  // What a client would send to AWS itself, were it to go there: a proxy is asked for a tunnel.
  server.on('connect', ({ method = '', url = '', headers }, socket) => {
    sent.push({ method, path: url, headers, body: '' });
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, sent };
}
