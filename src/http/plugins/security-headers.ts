// Security headers of every response: a browser may do nothing with it. The portal's pages override some of them.
// https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html
import type { App } from '../fastify.js';

const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  // RFC 6797; browsers apply it over HTTPS only.
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

export function addSecurityHeaders(app: App): void {
  app.addHook('onRequest', (_, reply, done) => {
    reply.headers(HEADERS);
    done();
  });
}
