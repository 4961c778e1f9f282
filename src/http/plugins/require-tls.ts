// Without its own certificate, the broker accepts proofs only from loopback and from the trusted proxies that
// terminate TLS in front of it. Proofs and credentials never cross a network in plain text.
import type { Socket } from 'node:net';
import { addressSet } from '../../core/address.js';
import { SallyportError } from '../../core/errors.js';
import type { App } from '../fastify.js';

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** Routes that carry proofs or credentials. */
const carriesSecrets = (route: string) =>
  route === '/' || ['/v1/', '/login/', '/saml/acs', '/oauth/'].some((path) => route.startsWith(path));

/** Rejects other peers on these routes. Probes and metrics carry no secrets and stay open. */
export function requireTls(app: App, trustProxy: readonly string[] = []): void {
  const trusted = addressSet([...LOOPBACK, ...trustProxy]);
  // The peer of a connection does not change.
  const trustedSockets = new WeakMap<Socket, boolean>();
  const isTrusted = (socket: Socket): boolean => {
    const isKnown = trustedSockets.get(socket) ?? trusted(socket.remoteAddress ?? '');
    trustedSockets.set(socket, isKnown);
    return isKnown;
  };
  app.addHook('onRequest', (request, _, done) => {
    const { url = '' } = request.routeOptions;
    done(
      carriesSecrets(url) && !isTrusted(request.socket)
        ? new SallyportError('transport_insecure')
        : undefined,
    );
  });
}
