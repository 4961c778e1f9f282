// Without TLS of its own the broker speaks only to the proxies that end TLS in front of it, and to its own machine:
// proofs and credentials never cross a network in clear text.
import { addressSet } from '../core/address.js';
import { SallyportError } from '../core/errors.js';
import type { App } from './app.js';

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** Refuses `/v1` to every other peer. Probes and metrics hold no secrets and go on. */
export function refuseClearText(app: App, trustProxy: readonly string[] = []): void {
  const trusted = addressSet([...LOOPBACK, ...trustProxy]);
  app.addHook('onRequest', async (request) => {
    const isSecret = request.routeOptions.url?.startsWith('/v1/') ?? false;
    if (isSecret && !trusted(request.socket.remoteAddress ?? ''))
      throw new SallyportError('transport_insecure');
  });
}
