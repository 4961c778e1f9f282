// Without TLS of its own the broker speaks only to the proxies that end TLS in front of it, and to its own machine:
// proofs and credentials never cross a network in clear text.
import { addressSet } from '../core/address.js';
import { SallyportError } from '../core/errors.js';
import type { App } from './app.js';

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** Where proofs and credentials pass. */
const SECRET = ['/v1/', '/login/', '/saml/acs'];

/** Refuses them to every other peer. Probes and metrics hold no secrets and go on. */
export function refuseClearText(app: App, trustProxy: readonly string[] = []): void {
  const trusted = addressSet([...LOOPBACK, ...trustProxy]);
  app.addHook('onRequest', async (request) => {
    const { url = '' } = request.routeOptions;
    if (SECRET.some((path) => url.startsWith(path)) && !trusted(request.socket.remoteAddress ?? ''))
      throw new SallyportError('transport_insecure');
  });
}
