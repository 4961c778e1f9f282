// Without TLS of its own the broker speaks only to the proxies that end TLS in front of it, and to its own machine:
// proofs and credentials never cross a network in clear text.
import type { Socket } from 'node:net';
import { addressSet } from '../../core/address.js';
import { SallyportError } from '../../core/errors.js';
import type { App } from '../fastify.js';

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** Where proofs and credentials pass. */
const isSecret = (route: string) =>
  route === '/' || ['/v1/', '/login/', '/saml/acs', '/oauth/'].some((path) => route.startsWith(path));

/** Refuses them to every other peer. Probes and metrics hold no secrets and go on. */
export function requireTls(app: App, trustProxy: readonly string[] = []): void {
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
    done(isSecret(url) && !isTrusted(request.socket) ? new SallyportError('transport_insecure') : undefined);
  });
}
