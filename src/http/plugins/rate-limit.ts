// Rate limit per source address, before any other work for a request. Probes, metrics and the OIDC issuer documents,
// which AWS must be able to read, are exempt.
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { RateLimiter } from '../../core/ports.js';
import { DOCUMENT_PATHS } from '../../issuance/oidc-issuer/discovery-documents.js';
import type { App } from '../fastify.js';
import { sourceAddress } from '../proof-request.js';

const EXEMPT: ReadonlySet<string | undefined> = new Set([
  ...['/healthz', '/readyz', '/metrics'],
  ...DOCUMENT_PATHS,
]);

/** The unit that is counted: an IPv4 address (also if mapped to IPv6), or an IPv6 /64, which belongs to one subscriber. */
export function addressKey(address: string): string {
  if (isIPv4(address) || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

export function limitByAddress(app: App, limiter: RateLimiter): void {
  app.addHook('onRequest', (request, _, done) => {
    if (EXEMPT.has(request.routeOptions.url)) done();
    else limiter.consume('address', addressKey(sourceAddress(request))).then(() => done(), done);
  });
}
