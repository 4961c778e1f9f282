// A TCP proxy before a server that simulates network failures for each request.

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';
import { failure, type StsAnswer } from './sts-stub.js';

/** What becomes of a request. */
export interface Fault {
  /** Handles the request instead of the server. */
  readonly instead?: (client: Socket) => void;
  /** Handles the whole response of the server. */
  readonly onWayBack?: (client: Socket, said: Buffer) => void;
}

export interface FaultProxy {
  readonly url: string;
  /** Number of received requests. */
  calls(): number;
  /** From now on. */
  use(error: Fault): void;
}

function httpText({ status = 200, headers = {}, body }: StsAnswer): string {
  const lines = Object.entries({ 'content-type': 'text/xml', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `HTTP/1.1 ${status} x\r\n${lines.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const answering = (response: StsAnswer): Fault => ({
  instead: (client) => void client.write(httpText(response)),
});

const MEGABYTES = 10 * 1024 * 1024;

/** By name; each as a real network or proxy does it. */
export const FAULTS = {
  none: {},
  delayed: { onWayBack: (client, said) => void setTimeout(() => client.write(said), 100) },
  trickle: {
    onWayBack: (client, said) => {
      let sent = 0;
      const timer = setInterval(() => client.write(said.subarray(sent, ++sent)), 20);
      client.once('close', () => clearInterval(timer));
    },
  },
  reset: { instead: (client) => void client.resetAndDestroy() },
  hangUp: { instead: (client) => void client.destroy() },
  blackHole: { instead: () => {} },
  half: { onWayBack: (client, said) => void client.end(said.subarray(0, said.length / 2)) },
  /** Half a response body that is complete for HTTP. */
  halfBody: {
    onWayBack: (client, said) => {
      const [head = '', body = ''] = said.toString().split('\r\n\r\n');
      const half = body.slice(0, body.length / 2);
      client.write(`${head.replace(/content-length: \d+/, `content-length: ${half.length}`)}\r\n\r\n${half}`);
    },
  },
  notHttp: { instead: (client) => void client.write('SSH-2.0-OpenSSH_9.2p1\r\n') },
  serverError: answering(failure(500, 'InternalFailure')),
  unavailable: answering({
    status: 503,
    body: '<html>Service Unavailable</html>',
    headers: { 'content-type': 'text/html' },
  }),
  proxyRefusal: answering({
    status: 403,
    body: '<html>Blocked by policy</html>',
    headers: { 'content-type': 'text/html' },
  }),
  redirect: answering({ status: 302, body: '', headers: { location: 'https://portal.example/' } }),
  throttling: answering(failure(400, 'Throttling', 'Rate exceeded')),
  wrongXml: answering({
    body: '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>x</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>',
  }),
  page: answering({ body: '<html>Sign in to the network</html>', headers: { 'content-type': 'text/html' } }),
  empty: answering({ body: '' }),
  deepXml: answering({
    body: `<AssumeRoleWithWebIdentityResponse>${'<a>'.repeat(15_000)}</AssumeRoleWithWebIdentityResponse>`,
  }),
  tenMegabytes: answering({
    body: `<AssumeRoleWithWebIdentityResponse>${' '.repeat(MEGABYTES)}</AssumeRoleWithWebIdentityResponse>`,
  }),
} as const satisfies Record<string, Fault>;

/** For responses with a Content-Length. */
function isComplete(said: Buffer): boolean {
  const head = said.indexOf('\r\n\r\n');
  const [, length] = /content-length: (\d+)/i.exec(said.toString('latin1')) ?? [];
  return head > 0 && said.length >= head + 4 + Number(length);
}

/** Starts a proxy before `target`; it is closed with the test. */
export async function startFaultProxy(t: Test, target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let error: Fault = FAULTS.none;
  let calls = 0;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    track(client);
    let upstream: Socket | undefined;
    client.on('data', (chunk) => {
      const begins = chunk.toString('latin1').startsWith('POST ');
      if (begins) calls++;
      const { instead } = error;
      if (instead) {
        if (begins) instead(client);
        return;
      }
      if (!upstream) {
        upstream = track(connect(Number(port), hostname));
        let said = Buffer.alloc(0);
        upstream
          .on('data', (chunk: Buffer) => {
            said = Buffer.concat([said, chunk]);
            if (!isComplete(said)) return;
            if (error.onWayBack) error.onWayBack(client, said);
            else client.write(said);
            said = Buffer.alloc(0);
          })
          .once('close', () => client.end());
        client.once('close', () => upstream?.destroy());
      }
      upstream.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    use: (next) => {
      error = next;
    },
  };
}
