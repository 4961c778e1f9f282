// The limit by address, before anything else is done for a request. The operator's own probes are not counted, nor is
// what AWS must be able to read for others to get credentials.
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { RateLimiter } from '../../core/ports.js';
import { DOCUMENT_PATHS } from '../../issuance/oidc-issuer/discovery-documents.js';
import type { App } from '../fastify.js';
import { sourceAddress } from '../source-address.js';

const UNCOUNTED: ReadonlySet<string | undefined> = new Set([
  ...['/healthz', '/readyz', '/metrics'],
  ...DOCUMENT_PATHS,
]);

/** What is counted together: an IPv4 address, also one mapped into IPv6, or an IPv6 /64, which is one subscriber's. */
export function addressKey(address: string): string {
  if (isIPv4(address) || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

export function limitByAddress(app: App, limiter: RateLimiter): void {
  app.addHook('onRequest', (request, _, done) => {
    if (UNCOUNTED.has(request.routeOptions.url)) done();
    else limiter.consume('address', addressKey(sourceAddress(request))).then(() => done(), done);
  });
}
