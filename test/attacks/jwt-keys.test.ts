// Attacks on key fetching: issuers that resolve to internal addresses, redirect, lie, stall or send too much, and tokens that
// try to cause too many fetches. Each has a genuine twin that must be accepted.
import { readFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import t from 'tap';
import {
  at,
  goodClaims,
  type IssuerResponses,
  newKey,
  type SigningKey,
  signToken,
  startIssuer,
  type TestIssuer,
} from '../support/oidc-issuer.js';
import { openVerifier, outcome } from '../support/oidc-verifier.js';
import { fixturePath } from '../support/paths.js';

const fixture = (name: string) => fixturePath(`oidc/${name}`);
const tls = {
  cert: readFileSync(fixture('issuer-cert.pem'), 'utf8'),
  key: readFileSync(fixture('issuer-key.pem'), 'utf8'),
};
const ca = fixture('issuer-cert.pem');
const DISCOVERY = '/.well-known/openid-configuration';
const key = newKey('one', 'ES256');
const good = (idp: TestIssuer, signer: SigningKey = key, header = {}) =>
  signToken(goodClaims(idp.url), signer, header);
const many = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

t.test('SSRF: host names that resolve to internal addresses are refused without a connection', async (t) => {
  const inward: [what: string, ...addresses: string[]][] = [
    ['loopback', '127.0.0.1'],
    ['loopback, another address of its block', '127.8.8.8'],
    ['loopback in IPv6', '::1'],
    ['loopback mapped into IPv6', '::ffff:127.0.0.1'],
    ['loopback in the deprecated IPv4-compatible form', '::7f00:1'],
    ['loopback through NAT64', '64:ff9b::7f00:1'],
    ['loopback through 6to4', '2002:7f00:1::1'],
    ['this host', '0.0.0.0'],
    ['this host in IPv6', '::'],
    ['a private address', '10.0.0.1'],
    ['a private address among public ones', '8.8.8.8', '172.16.0.1'],
    ['a unique local address', 'fd12:3456::1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['the metadata service', '169.254.169.254'],
    ['the metadata service mapped into IPv6', '::ffff:a9fe:a9fe'],
    ['the metadata service in IPv6', 'fd00:ec2::254'],
    ['the metadata service of Azure', '168.63.129.16'],
    ['link-local in IPv6', 'fe80::1'],
    ['broadcast', '255.255.255.255'],
    ['multicast', '224.0.0.1'],
    ['something that is no address', 'localhost'],
  ];
  const idp = await startIssuer(t, [key], tls);
  const issuer = `https://idp.example:${new URL(idp.url).port}`;
  for (const [what, ...addresses] of inward) {
    const verifier = await openVerifier(t, { corp: { issuer, ca } }, { lookup: async () => addresses });
    const result = await outcome(verifier, signToken(goodClaims(issuer), key));
    t.equal(result, 'issuer_unavailable oidc.fetch.address_refused', what);
  }
  t.same(idp.requests, []);

  const twin = await openVerifier(
    t,
    { corp: { issuer: idp.url, ca } },
    { lookup: async () => ['127.0.0.1'] },
  );
  t.equal(await outcome(twin, good(idp)), 'accepted alice', 'the twin is declared to be on loopback');
});

t.test(
  'SSRF: private: true allows private addresses, but no loopback, link-local or metadata address',
  async (t) => {
    for (const address of [
      '169.254.169.254',
      '169.254.170.23',
      'fd00:ec2::254',
      '100.100.100.200',
      '127.0.0.1',
      'fe80::1',
    ]) {
      const verifier = await openVerifier(
        t,
        { corp: { issuer: 'https://idp.example', private: true } },
        { lookup: async () => [address] },
      );
      const result = await outcome(verifier, signToken(goodClaims('https://idp.example'), key));
      t.equal(result, 'issuer_unavailable oidc.fetch.address_refused', address);
    }
  },
);

t.test('SSRF: a loopback host name that resolves to another machine is refused', async (t) => {
  const issuer = 'http://localhost:1';
  const verifier = await openVerifier(t, { corp: { issuer } }, { lookup: async () => ['93.184.216.34'] });
  const result = await outcome(verifier, signToken(goodClaims(issuer), key));
  t.equal(result, 'issuer_unavailable oidc.fetch.address_refused');
});

t.test('host names that do not resolve make the issuer unavailable (fetch.lookup)', async (t) => {
  const lookups = {
    'no address': async () => [],
    'an error': async () => Promise.reject(new Error('ENOTFOUND')),
  };
  const token = signToken(goodClaims('https://idp.example'), key);
  for (const [what, lookup] of Object.entries(lookups)) {
    const verifier = await openVerifier(t, { corp: { issuer: 'https://idp.example' } }, { lookup });
    t.equal(await outcome(verifier, token), 'issuer_unavailable oidc.fetch.lookup', what);
  }
  const silent = await openVerifier(
    t,
    { corp: { issuer: 'https://idp.example' } },
    { lookup: () => new Promise(() => undefined), fetchTimeoutMs: 50 },
  );
  t.equal(await outcome(silent, token), 'issuer_unavailable oidc.fetch.timeout');
});

t.test('redirects, false discovery documents, and stalled or oversized responses are refused', async (t) => {
  const elsewhere = await startIssuer(t, [key]);
  const redirect =
    (to: string): RequestListener =>
    (_, response) => {
      response.writeHead(302, { location: to }).end();
    };
  const drip: RequestListener = (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(timer));
  };
  const keySet = (...keys: unknown[]) => ({ keys });

  type Rig = (idp: TestIssuer) => IssuerResponses;
  const rigs: Record<string, [reason: string, rig: Rig]> = {
    'discovery names another issuer': [
      'discovery.issuer_mismatch',
      ({ url }) => ({ [DISCOVERY]: { issuer: elsewhere.url, jwks_uri: `${url}/keys` } }),
    ],
    'discovery names the issuer with a slash more': [
      'discovery.issuer_mismatch',
      ({ url }) => ({ [DISCOVERY]: { issuer: `${url}/`, jwks_uri: `${url}/keys` } }),
    ],
    'discovery names no issuer': ['discovery.issuer_mismatch', () => ({ [DISCOVERY]: {} })],
    'discovery is a list': ['discovery.malformed', () => ({ [DISCOVERY]: [] })],
    'discovery names no keys': ['discovery.malformed', ({ url }) => ({ [DISCOVERY]: { issuer: url } })],
    'keys on another host': [
      'discovery.jwks_host_refused',
      ({ url }) => ({ [DISCOVERY]: { issuer: url, jwks_uri: 'http://169.254.169.254/latest/meta-data' } }),
    ],
    'keys on another port': [
      'discovery.jwks_host_refused',
      ({ url }) => ({ [DISCOVERY]: { issuer: url, jwks_uri: `${elsewhere.url}/keys` } }),
    ],
    'keys under another scheme': [
      'discovery.jwks_uri_refused',
      ({ url }) => ({ [DISCOVERY]: { issuer: url, jwks_uri: 'file:///etc/passwd' } }),
    ],
    'keys behind a password': [
      'discovery.jwks_uri_refused',
      ({ url }) => ({ [DISCOVERY]: { issuer: url, jwks_uri: url.replace('//', '//:secret@') } }),
    ],
    'keys behind a user name': [
      'discovery.jwks_uri_refused',
      ({ url }) => ({ [DISCOVERY]: { issuer: url, jwks_uri: url.replace('//', '//user@') } }),
    ],
    'discovery redirects': [
      'fetch.redirect',
      () => ({ [DISCOVERY]: redirect(`${elsewhere.url}${DISCOVERY}`) }),
    ],
    'keys redirect': ['fetch.redirect', () => ({ '/keys': redirect(`${elsewhere.url}/keys`) })],
    'keys are not there': ['fetch.status', () => ({ '/keys': undefined })],
    'the connection is dropped': [
      'fetch.connection',
      () => ({ '/keys': (_, response) => response.destroy() }),
    ],
    'no response': ['fetch.timeout', () => ({ '/keys': () => undefined })],
    'a response that never ends': ['fetch.timeout', () => ({ '/keys': drip })],
    'a response of one megabyte': [
      'fetch.too_large',
      () => ({ '/keys': { keys: [key.jwk], padding: 'x'.repeat(1024 * 1024) } }),
    ],
    'a response that is not JSON': [
      'fetch.json',
      () => ({ '/keys': (_, response) => response.end('<html>sign in</html>') }),
    ],
    'two key lists in one response': [
      'fetch.json',
      () => ({ '/keys': (_, response) => response.end('{"keys":[],"keys":[]}') }),
    ],
    'keys that are no list': ['jwks.malformed', () => ({ '/keys': { keys: { 0: key.jwk } } })],
    'no key': ['jwks.no_usable_key', () => ({ '/keys': keySet() })],
    'only a private key': [
      'jwks.no_usable_key',
      () => ({ '/keys': keySet({ ...key.privateKey.export({ format: 'jwk' }), kid: 'one' }) }),
    ],
    'only a key that is off its curve': [
      'jwks.no_usable_key',
      () => ({ '/keys': keySet({ ...key.jwk, y: key.jwk.x }) }),
    ],
    'only keys that are not keys': [
      'jwks.no_usable_key',
      () => ({ '/keys': keySet(null, 7, 'key', [], {}) }),
    ],
    '101 keys': ['jwks.too_many_keys', () => ({ '/keys': keySet(...many(101, () => key.jwk)) })],
  };
  for (const [what, [reason, rig]] of Object.entries(rigs)) {
    const idp = await startIssuer(t, [key]);
    const honest = { ...idp.answers };
    Object.assign(idp.answers, rig(idp));
    const verifier = await openVerifier(t, { corp: { issuer: idp.url } }, { fetchTimeoutMs: 250 });
    t.equal(await outcome(verifier, good(idp)), `issuer_unavailable oidc.${reason}`, what);
    Object.assign(idp.answers, honest);
    t.equal(
      await outcome(verifier, good(idp), at(11)),
      'accepted alice',
      `${what}: the twin, once it is put right`,
    );
  }
  t.same(elsewhere.requests, [], 'no request was redirected');
});

t.test(
  'TLS: keys are fetched only over a connection that the configured CA verifies, never over http',
  async (t) => {
    const idp = await startIssuer(t, [key], tls);
    const untrusting = await openVerifier(t, { corp: { issuer: idp.url } });
    t.equal(
      await outcome(untrusting, good(idp)),
      'issuer_unavailable oidc.fetch.connection',
      'an unknown authority',
    );

    idp.answers[DISCOVERY] = { issuer: idp.url, jwks_uri: `${idp.url}/keys`.replace('https:', 'http:') };
    const downgraded = await openVerifier(t, { corp: { issuer: idp.url, ca } });
    t.equal(
      await outcome(downgraded, good(idp)),
      'issuer_unavailable oidc.discovery.jwks_uri_refused',
      'keys over http',
    );

    idp.answers[DISCOVERY] = { issuer: idp.url, jwks_uri: `${idp.url}/keys` };
    t.equal(await outcome(downgraded, good(idp), at(11)), 'accepted alice', 'the twin');
  },
);

t.test('tokens of unknown issuers cause no request (iss.unknown)', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const strangers = ['https://evil.example', `${idp.url}/`, 'http://169.254.169.254', '', 'corp'];
  for (const iss of strangers) {
    t.equal(await outcome(verifier, signToken(goodClaims(iss), key)), 'issuer_unknown jwt.iss.unknown', iss);
  }
  await outcome(verifier, signToken(goodClaims(idp.url, { aud: 'x' }), key));
  await outcome(verifier, good(idp, key, { alg: 'HS256' }));
  t.same(idp.requests, []);
  t.equal(await outcome(verifier, good(idp)), 'accepted alice', 'the twin');
});

t.test('denial of service: unknown key ids cause one fetch per cooldown', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const fetches = () => idp.requests.filter((path) => path === '/keys').length;
  t.equal(await outcome(verifier, good(idp)), 'accepted alice');
  t.equal(fetches(), 1);

  const storm = (second: number) =>
    Promise.all(many(200, (i) => outcome(verifier, good(idp, key, { kid: `${second}-${i}` }), at(second))));
  for (const second of [1, 15, 29]) {
    t.same(new Set(await storm(second)), new Set(['proof_invalid jwt.kid.unknown']));
    t.equal(fetches(), 1, `second ${second}: within the cooldown`);
  }
  await storm(30);
  t.equal(fetches(), 2, 'second 30: once');
  await storm(59);
  t.equal(fetches(), 2, 'second 59: within the next cooldown');
  t.equal(await outcome(verifier, good(idp), at(59)), 'accepted alice', 'the twin, in the storm');
});

t.test('denial of service: concurrent tokens share one fetch, also while the issuer is down', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const crowd = (second: number) =>
    Promise.all(
      many(100, (i) => outcome(verifier, signToken(goodClaims(idp.url, { jti: `${i}` }), key), at(second))),
    );
  idp.down();
  t.same(new Set(await crowd(0)), new Set(['issuer_unavailable oidc.fetch.connection']));
  t.equal(idp.requests.length, 1);
  await crowd(9);
  t.equal(idp.requests.length, 1, 'the failure is remembered');
  idp.up();
  t.same(new Set(await crowd(10)), new Set(['accepted alice']), 'the twin');
  t.same(idp.requests, [DISCOVERY, DISCOVERY, '/keys']);
});

const MINUTE = 60;
const HOUR = 3600;

/** A token of a day, so that only the keys' times decide. */
const lasting = (idp: TestIssuer, signer: SigningKey, jti = 'one') =>
  signToken(goodClaims(idp.url, { exp: at(HOUR * 23).getTime() / 1000, jti }), signer);

/** Waits until the keys have been requested `count` times, for background fetches. */
async function untilFetched(idp: TestIssuer, count: number): Promise<void> {
  while (idp.requests.filter((path) => path === '/keys').length < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

t.test(
  'key rotation: a new key is accepted immediately and a withdrawn key is refused, also for cached tokens',
  async (t) => {
    const idp = await startIssuer(t, [key]);
    const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
    const old = lasting(idp, key);
    t.equal(await outcome(verifier, old), 'accepted alice');

    const next = newKey('two', 'ES256');
    idp.publish(key, next);
    t.equal(await outcome(verifier, lasting(idp, next), at(31)), 'accepted alice', 'the new key');
    t.equal(await outcome(verifier, old, at(31)), 'accepted alice', 'the old key, while it is published');

    idp.publish(next);
    t.equal(
      await outcome(verifier, old, at(31 + 15 * MINUTE)),
      'proof_invalid jwt.kid.unknown',
      'seen before',
    );
    const other = lasting(idp, key, 'other');
    t.equal(
      await outcome(verifier, other, at(31 + 15 * MINUTE)),
      'proof_invalid jwt.kid.unknown',
      'not seen before',
    );
    t.equal(await outcome(verifier, lasting(idp, next), at(31 + 15 * MINUTE)), 'accepted alice', 'the twin');
  },
);

t.test('key rotation: a new key with the same kid replaces the old one', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const seen = lasting(idp, key);
  t.equal(await outcome(verifier, seen), 'accepted alice');
  const swapped = newKey('one', 'ES256');
  idp.publish(swapped);
  const later = at(15 * MINUTE);
  t.equal(await outcome(verifier, seen, later), 'proof_invalid jwt.signature.invalid');
  t.equal(await outcome(verifier, lasting(idp, key, 'other'), later), 'proof_invalid jwt.signature.invalid');
  t.equal(await outcome(verifier, lasting(idp, swapped), later), 'accepted alice', 'the twin');
});

t.test('key rotation: a key with a changed description stays valid, also for cached tokens', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const seen = lasting(idp, key);
  t.equal(await outcome(verifier, seen), 'accepted alice');
  const { alg: _, ...free } = key.jwk;
  const forms = [{ ...key.jwk, x5t: 'new' }, free, Object.fromEntries(Object.entries(key.jwk).reverse())];
  for (const [round, jwk] of forms.entries()) {
    idp.answers['/keys'] = { keys: [jwk] };
    t.equal(await outcome(verifier, seen, at((round + 1) * 15 * MINUTE)), 'accepted alice', `form ${round}`);
  }
  idp.answers['/keys'] = { keys: [{ ...key.jwk, use: 'enc' }, newKey('two', 'ES256').jwk] };
  t.equal(await outcome(verifier, seen, at(HOUR)), 'proof_invalid jwt.kid.unknown', 'no more for signatures');
});

t.test('outage: cached keys are used for at most six hours', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const seen = lasting(idp, key);
  t.equal(await outcome(verifier, seen), 'accepted alice');
  idp.down();
  for (const second of [5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR - 1]) {
    t.equal(await outcome(verifier, seen, at(second)), 'accepted alice', `second ${second}: seen`);
    t.equal(
      await outcome(verifier, lasting(idp, key, `${second}`), at(second)),
      'accepted alice',
      'not seen',
    );
  }
  const unknown = lasting(idp, newKey('two', 'ES256'));
  t.match(
    await outcome(verifier, unknown, at(HOUR)),
    /^issuer_unavailable/,
    'a key it may have made meanwhile: try again',
  );
  t.match(await outcome(verifier, seen, at(6 * HOUR)), /^issuer_unavailable/, 'six hours: seen');
  t.match(await outcome(verifier, lasting(idp, key, 'x'), at(6 * HOUR)), /^issuer_unavailable/, 'not seen');
  idp.up();
  t.equal(await outcome(verifier, seen, at(6 * HOUR + 10)), 'accepted alice', 'the twin, once it is up');
});

t.test('keys are refreshed in the background, once, before a token has to wait', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  t.equal(await outcome(verifier, lasting(idp, key)), 'accepted alice');
  await outcome(verifier, lasting(idp, key), at(5 * MINUTE - 1));
  t.equal(idp.requests.length, 2, 'fresh keys: no request');

  let held: ServerResponse | undefined;
  const keys = idp.answers['/keys'];
  idp.answers['/keys'] = (_, response) => {
    held = response;
  };
  const results = many(20, () => outcome(verifier, lasting(idp, key), at(5 * MINUTE)));
  t.same(
    new Set(await Promise.all(results)),
    new Set(['accepted alice']),
    'answered while the issuer is silent',
  );
  await untilFetched(idp, 2);
  held?.end(JSON.stringify(keys));
  t.equal(idp.requests.length, 4);
});

t.test('a clock that is set back does not make old keys valid again', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const early = signToken(goodClaims(idp.url, { iat: at(-2 * HOUR).getTime() / 1000 }), key);
  t.equal(await outcome(verifier, early), 'accepted alice');
  idp.publish(newKey('two', 'ES256'));
  t.equal(await outcome(verifier, early, at(-HOUR)), 'proof_invalid jwt.kid.unknown');
});
