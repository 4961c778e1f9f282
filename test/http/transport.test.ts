// Trusted peers and source addresses: proxies, ports in X-Forwarded-For, several Authorization headers, plain http.
import type { InjectOptions } from 'fastify';
import t from 'tap';
import { createSurfaces } from '../../src/surfaces.js';
import { appOptions } from '../support/app-options.js';

/** An app that returns the source address and the token of the request on /v1/identity. */
async function appFor(trustProxy?: readonly string[]) {
  const app = await createSurfaces({
    ...appOptions(),
    preview: {
      run: async ({ proof, sourceAddress }) => ({
        permitted: [],
        principal: {
          issuer: sourceAddress,
          type: proof.type,
          subject: proof.value.reveal(),
          claims: {},
          issuedAt: 0,
          expiresAt: 0,
        },
      }),
    },
    ...(trustProxy && { trustProxy }),
  });
  t.teardown(() => app.close());
  return async (options: InjectOptions) => {
    const { statusCode, body } = await app.inject({ url: '/v1/identity', ...options });
    return { status: statusCode, json: JSON.parse(body) };
  };
}

t.test('without TLS, routes with secrets accept loopback and trusted proxies only', async (t) => {
  const ask = await appFor(['10.9.9.9']);
  const headers = { authorization: 'Bearer x' };
  const rows: [peer: string, url: string, status: number][] = [
    ['127.0.0.1', '/v1/identity', 200],
    ['::1', '/v1/identity', 200],
    ['10.9.9.9', '/v1/identity', 200],
    ['::ffff:10.9.9.9', '/v1/identity', 200],
    ['192.0.2.2', '/v1/identity', 403],
    ['192.0.2.2', '/healthz', 200],
    ['192.0.2.2', '/readyz', 200],
  ];
  for (const [remoteAddress, url, status] of rows) {
    const answer = await ask({ remoteAddress, url, headers });
    t.equal(answer.status, status, `${remoteAddress} ${url}`);
    if (status === 403) t.equal(answer.json.code, 'transport_insecure');
  }
});

t.test('X-Forwarded-For is used from trusted proxies only, without its port', async (t) => {
  const ask = await appFor(['10.9.9.9']);
  const rows: [peer: string, forwarded: string, source: string][] = [
    ['10.9.9.9', '203.0.113.9', '203.0.113.9'],
    ['10.9.9.9', '203.0.113.9:4711', '203.0.113.9'],
    ['10.9.9.9', '[2001:db8::1]:4711', '2001:db8::1'],
    ['10.9.9.9', '"[2001:db8::1]"', '2001:db8::1'],
    ['10.9.9.9', '2001:db8::1', '2001:db8::1'],
    ['10.9.9.9', 'unknown', 'unknown'],
    ['127.0.0.1', '203.0.113.9', '127.0.0.1'],
  ];
  for (const [remoteAddress, forwarded, source] of rows) {
    const headers = { authorization: 'Bearer x', 'x-forwarded-for': forwarded };
    t.equal((await ask({ remoteAddress, headers })).json.Issuer, source, forwarded);
  }
});

t.test('several Authorization headers are rejected; the Bearer scheme is case-insensitive', async (t) => {
  const { createServer } = await import('node:http');
  const { readProofRequest } = await import('../../src/http/proof-request.js');
  const { connect } = await import('node:net');
  const seen: unknown[] = [];
  const server = createServer((raw, response) => {
    try {
      const { proof } = readProofRequest({ id: 'request-1', ip: '127.0.0.1', raw }, 'test');
      seen.push(proof.value.reveal());
    } catch (error) {
      seen.push((error as { code: string }).code);
    }
    response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const send = (...headers: string[]) =>
    new Promise((resolve) => {
      const lines = ['GET / HTTP/1.1', 'Host: x', 'Connection: close', ...headers, '', ''];
      connect(port, '127.0.0.1').end(lines.join('\r\n')).resume().once('close', resolve);
    });
  await send('Authorization: Bearer a', 'Authorization: Bearer b');
  await send('authorization: bEARER a');
  await send('Authorization: Basic YTpi');
  t.same(seen, ['proof_ambiguous', 'a', 'proof_missing']);
});

t.test('every response has the security headers', async (t) => {
  const app = await createSurfaces(appOptions());
  t.teardown(() => app.close());
  for (const url of ['/healthz', '/nowhere', '/v1/identity']) {
    const { headers } = await app.inject({ url });
    t.match(headers, {
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'strict-transport-security': /max-age=31536000/,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  }
});
