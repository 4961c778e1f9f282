// Listening on loopback. The sandbox issues proofs for public passwords, so it is never reachable from another machine.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from '@sallyport/client/internal/secure-url';

/** The address and port of a sandbox server. */
export interface ListenOptions {
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** Whether the URL is an http or https URL of this machine. */
export function isLoopbackUrl(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed !== undefined && /^https?:$/.test(parsed.protocol) && isLoopback(parsed.hostname);
}

/**
 * A server that listens and has no request handler yet. It must listen first because its port is part of the URLs that
 * the handler publishes.
 */
export interface ListeningServer {
  readonly server: Server;
  /** `http://host:port`, with an IPv6 address in brackets. */
  readonly origin: string;
  /** Closes open connections too. */
  close(): Promise<void>;
}

/** Listens over plain http. Rejects if the address is not a loopback address or the port is in use. */
export async function listenOnLoopback(options: ListenOptions): Promise<ListeningServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  if (!isLoopback(host)) {
    throw new Error('The sandbox listens on loopback only. Use 127.0.0.1, ::1 or localhost.');
  }
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(describeListenError(error, port))).listen(port, host, resolve);
  });
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    server,
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function describeListenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== 'EADDRINUSE') return error;
  const message = `Port ${port} is in use. Stop the program that listens on it, or choose another port.`;
  return Object.assign(new Error(message, { cause: error }), { code: error.code, port });
}
