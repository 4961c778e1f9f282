// Without TLS of its own the broker speaks only to the proxies that end TLS in front of it, and to its own machine:
// proofs and credentials never cross a network in clear text.
import type { Socket } from 'node:net';
import { addressSet } from '../core/address.js';
import { SallyportError } from '../core/errors.js';
import type { App } from './app.js';

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** Where proofs and credentials pass. */
const SECRET = ['/v1/', '/login/', '/saml/acs'];

/** Refuses them to every other peer. Probes and metrics hold no secrets and go on. */
export function refuseClearText(app: App, trustProxy: readonly string[] = []): void {
  const trusted = addressSet([...LOOPBACK, ...trustProxy]);
  // A connection has one peer for as long as it lasts.
  const known = new WeakMap<Socket, boolean>();
  const isTrusted = (socket: Socket): boolean => {
    const told = known.get(socket) ?? trusted(socket.remoteAddress ?? '');
    known.set(socket, told);
    return told;
  };
  app.addHook('onRequest', (request, _, done) => {
    const { url = '' } = request.routeOptions;
    const isSecret = SECRET.some((path) => url.startsWith(path));
    done(isSecret && !isTrusted(request.socket) ? new SallyportError('transport_insecure') : undefined);
  });
}
