// The sandbox hands out proofs for public passwords, so it speaks to this machine only.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from '@sallyport/client/internal/secure-url';

/** Where a sandbox server listens. */
export interface ListenOptions {
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** Whether a URL leads to this machine over http or https. */
export function isLoopbackUrl(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed !== undefined && /^https?:$/.test(parsed.protocol) && isLoopback(parsed.hostname);
}

/** A server that listens and has no handler yet: the URLs it hands out hold its port, so it must listen first. */
export interface Listening {
  readonly server: Server;
  /** `http://host:port`, an IPv6 address in brackets. */
  readonly origin: string;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Listens over plain http. Rejects if the address is not a loopback one, or is taken. */
export async function listenOnLoopback(options: ListenOptions): Promise<Listening> {
  const { host = '127.0.0.1', port = 0 } = options;
  if (!isLoopback(host)) {
    throw new Error('The sandbox listens on loopback only. Use 127.0.0.1, ::1 or localhost.');
  }
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
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
