// The rate limit per address: which addresses count as one, which routes are exempt, and the error.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import t from 'tap';
import type { RateLimiter } from '../../src/core/ports.js';
import type { App } from '../../src/http/fastify.js';
import { addressKey, limitByAddress } from '../../src/http/plugins/rate-limit.js';
import { createProblemHandler } from '../../src/http/problem.js';
import { toLimits } from '../../src/rate-limit/limits.js';
import { LocalRateLimiter } from '../../src/rate-limit/local-rate-limiter.js';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function startApp(limiter: RateLimiter) {
  const app: App = fastify({
    https: null,
    trustProxy: ['10.0.0.1'],
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setErrorHandler(createProblemHandler(silent));
  app.setNotFoundHandler(async (_, reply) => reply.code(404).send());
  limitByAddress(app, limiter);
  for (const path of ['/v1/roles', '/healthz', '/readyz', '/metrics']) app.get(path, async () => 'here');
  return app;
}

const ask = async (app: App, url: string, remoteAddress: string, headers = {}) =>
  app.inject({ url, remoteAddress, headers });

t.test('addressKey groups IPv4 with its IPv6-mapped form, and IPv6 by /64', async (t) => {
  t.equal(addressKey('192.0.2.1'), '192.0.2.1');
  t.equal(addressKey('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(addressKey('::ffff:c000:201'), '192.0.2.1');
  t.equal(addressKey('2001:db8:0:7::1'), '2001:db8:0:7::/64');
  t.equal(addressKey('2001:DB8::7:ffff:1:2:3'), '2001:db8:0:7::/64');
  t.not(addressKey('2001:db8:0:8::1'), addressKey('2001:db8:0:7::1'));
  t.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64');
  t.equal(addressKey('unknown'), 'unknown', 'regardless of the header of a trusted proxy');
});

t.test('requests beyond the limit get 429 with Retry-After, for that address only', async (t) => {
  const limits = toLimits({ perAddress: { requests: 2, per: '1m' } });
  const app = startApp(new LocalRateLimiter(limits, () => new Date(1_800_000_000_000)));
  const get = async (url: string, remoteAddress: string, headers = {}) =>
    app.inject({ url, remoteAddress, headers });

  t.equal((await get('/v1/roles', '192.0.2.1')).statusCode, 200);
  t.equal((await get('/nowhere', '192.0.2.1')).statusCode, 404, 'paths that do not exist count too');
  const refused = await get('/v1/roles', '192.0.2.1');
  t.equal(refused.statusCode, 429);
  t.equal(refused.headers['retry-after'], '60');
  t.equal(refused.headers['cache-control'], 'no-store');
  t.match(refused.headers['content-type'], /^application\/problem\+json/);
  t.match(refused.json(), { code: 'rate_limited', status: 429, detail: /Retry-After/ });
  t.notMatch(refused.body, '192.0.2.1');
  t.equal((await get('/nowhere', '192.0.2.1')).statusCode, 429);
  t.equal((await get('/v1/roles', '192.0.2.2')).statusCode, 200);

  for (const probe of ['/healthz', '/readyz', '/metrics', '/healthz?x=1']) {
    t.equal((await get(probe, '192.0.2.1')).statusCode, 200, probe);
  }

  t.equal(
    (await get('/v1/roles', '192.0.2.3', { 'x-forwarded-for': '192.0.2.1' })).statusCode,
    200,
    'anyone can write X-Forwarded-For',
  );
  t.equal((await get('/v1/roles', '10.0.0.1', { 'x-forwarded-for': '192.0.2.1' })).statusCode, 429);
});

t.test('a failing rate limiter rejects the request with 500', async (t) => {
  const app = startApp({ consume: async () => Promise.reject(new Error('broken')) });
  t.equal((await ask(app, '/v1/roles', '192.0.2.1')).statusCode, 500);
});
