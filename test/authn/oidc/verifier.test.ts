import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createKeyPool } from '../../../src/authn/oidc/key-source.js';
import { createOidcVerifier } from '../../../src/authn/oidc/verifier.js';
import { JWT_ALGORITHMS } from '../../../src/config/schema/oidc-issuer.js';
import { at, goodClaims, type Json, NOW, newKey, signToken, startIssuer } from '../../support/oidc-issuer.js';
import { collectingLog, complete, openVerifier, outcome, verify } from '../../support/oidc-verifier.js';

const key = newKey('one');

t.test('a valid token yields a principal with its claims unchanged', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const claims = goodClaims(idp.url, { groups: ['a', { deep: [1, null, true] }], nbf: NOW });
  const { principal, singleUseIds } = await verify(verifier, signToken(claims, key));
  t.match(principal, {
    issuer: 'corp',
    type: 'oidc',
    subject: 'alice',
    issuedAt: NOW - 10,
    expiresAt: NOW + 600,
    proofId: 'one',
  });
  t.same(principal.claims, claims);
  t.same(singleUseIds, [], 'reusable unless the config says otherwise');

  const deep = (principal.claims['groups'] as Json[])[1] ?? {};
  for (const object of [principal.claims, deep]) t.equal(Object.getPrototypeOf(object), null);
  t.throws(() => Object.assign(principal.claims, { sub: 'root' }), TypeError, 'claims cannot be changed');
  t.throws(() => Object.assign(deep, { admin: true }), TypeError, 'at any depth');

  const { principal: anonymous } = await verify(verifier, signToken({ ...claims, jti: undefined }, key));
  t.notOk('proofId' in anonymous, 'jti may be absent');
});

t.test('tokens of every configurable algorithm are verified', async (t) => {
  const keys = JWT_ALGORITHMS.map((alg) => newKey(alg, alg));
  const idp = await startIssuer(t, keys);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url, algorithms: [...JWT_ALGORITHMS] } });
  const standard = await openVerifier(t, { corp: { issuer: idp.url } });
  for (const one of keys) {
    const token = signToken(goodClaims(idp.url), one);
    t.equal(await outcome(verifier, token), 'accepted alice', one.alg);
    const byDefault = ['RS256', 'ES256'].includes(one.alg);
    t.equal((await outcome(standard, token)) === 'accepted alice', byDefault, `${one.alg} by default`);
    const forged = `${token.slice(0, -8)}AAAAAAAA`;
    t.equal(await outcome(verifier, forged), 'proof_invalid jwt.signature.invalid', `${one.alg} forged`);
  }
});

t.test('replay: once returns the single-use id and its expiry on every verification', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url, replay: 'once' } });
  const token = signToken(goodClaims(idp.url, { jti: 'abc' }), key);
  for (const when of ['fresh', 'cached']) {
    t.same(
      (await verify(verifier, token)).singleUseIds,
      [{ issuer: idp.url, id: 'abc', issuedAt: NOW - 10, expiresAt: NOW + 600 + 60 }],
      when,
    );
  }
  t.equal(await outcome(verifier, token, at(659)), 'accepted alice');
  t.equal(
    await outcome(verifier, token, at(660)),
    'proof_expired jwt.exp.past',
    'no later than it is remembered',
  );
});

t.test('the same token sent a thousand times costs one signature verification', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const token = signToken(goodClaims(idp.url), key);
  const calls = t.capture(crypto.subtle, 'verify', crypto.subtle.verify);
  for (let i = 0; i < 1000; i++) await verify(verifier, token);
  t.equal(calls().length, 1);
  t.equal(await outcome(verifier, token, at(660)), 'proof_expired jwt.exp.past', 'never past exp');
  t.equal(await outcome(verifier, token, at(-71)), 'proof_not_yet_valid jwt.iat.future', 'nor before iat');
  await outcome(verifier, `${token.slice(0, -8)}AAAAAAAA`);
  t.equal(calls().length, 1, 'a token that differs is verified for itself');
  const reloaded = await openVerifier(t, { corp: { issuer: idp.url, audience: 'other' } });
  t.equal(
    await outcome(reloaded, token),
    'audience_mismatch jwt.aud.mismatch',
    'a new config has no cached tokens',
  );
});

t.test('issuers with the same URL are selected by audience', async (t) => {
  const idp = await startIssuer(t, [key]);
  const verifier = await openVerifier(t, {
    people: { issuer: idp.url, audience: 'portal' },
    machines: { issuer: idp.url, audience: ['api', 'jobs'], require: { machine: true } },
  });
  const named = async (changes: Json) => {
    const { principal } = await verify(verifier, signToken(goodClaims(idp.url, changes), key));
    return principal.issuer;
  };
  t.equal(await named({ aud: 'portal' }), 'people');
  t.equal(await named({ aud: 'jobs', machine: true }), 'machines');
  t.equal(await named({ aud: ['api', 'jobs'], machine: true }), 'machines');
  const both = signToken(goodClaims(idp.url, { aud: ['portal', 'api'], machine: true, azp: 'portal' }), key);
  t.equal(await outcome(verifier, both), 'audience_mismatch jwt.aud.ambiguous');
});

t.test('jwksUri replaces discovery, and tokenFile is read for each fetch', async (t) => {
  const api = await startIssuer(t, [key]);
  const seen: (string | undefined)[] = [];
  api.answers['/openid/v1/jwks'] = (request, response) => {
    seen.push(request.headers.authorization);
    response.end(JSON.stringify({ keys: [key.jwk] }));
  };
  const tokenFile = join(t.testdir({ token: 'first\n' }), 'token');
  const issuer = 'https://kubernetes.default.svc.cluster.local';
  const verifier = await openVerifier(t, {
    cluster: { preset: 'kubernetes', issuer, jwksUri: `${api.url}/openid/v1/jwks`, tokenFile },
  });
  const token = signToken(goodClaims(issuer, { 'kubernetes.io': { namespace: 'jobs' } }), key);
  t.equal(await outcome(verifier, token), 'accepted alice');
  writeFileSync(tokenFile, 'second');
  await outcome(verifier, signToken(goodClaims(issuer), newKey('two')), at(31));
  t.same(seen, ['Bearer first', 'Bearer second']);
  t.same(api.requests, ['/openid/v1/jwks', '/openid/v1/jwks'], 'discovery is not requested');
});

t.test('discovery appends its path to an issuer with a path or trailing slash', async (t) => {
  for (const [path, discovery] of [
    ['/realms/corp', '/realms/corp/.well-known/openid-configuration'],
    ['/', '/.well-known/openid-configuration'],
  ] as const) {
    const idp = await startIssuer(t, [key]);
    const issuer = idp.url + path;
    idp.answers[discovery] = { issuer, jwks_uri: `${idp.url}/keys` };
    const verifier = await openVerifier(t, { corp: { issuer } });
    t.equal(await outcome(verifier, signToken(goodClaims(issuer), key)), 'accepted alice', issuer);
  }
});

t.test('keys with the same kid are selected by algorithm and tried in turn', async (t) => {
  const ec = newKey('one', 'ES256');
  const second = newKey('one');
  const idp = await startIssuer(t, [key, ec, second]);
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  for (const signer of [key, ec, second]) {
    t.equal(await outcome(verifier, signToken(goodClaims(idp.url), signer)), 'accepted alice');
  }
});

t.test('start makes no requests, and the log has no token', async (t) => {
  const { log, lines } = collectingLog();
  const idp = await startIssuer(t, [key]);
  idp.down();
  const issuers = complete({ corp: { issuer: idp.url }, gone: { issuer: 'https://gone.invalid' } });
  const result = await createOidcVerifier({ issuers, log });
  if (!result.ok) throw new Error('a config is valid whether or not its issuers respond');
  t.teardown(() => result.verifier.close());
  t.same(idp.requests, []);

  const token = signToken(goodClaims(idp.url), key);
  await outcome(result.verifier, token);
  idp.up();
  t.equal(await outcome(result.verifier, token, at(10)), 'accepted alice');
  t.match(lines, [
    { level: 'warn', fields: { issuer: 'corp', reason: 'fetch.connection' } },
    { level: 'debug', fields: { issuer: 'corp', keys: 1 } },
  ]);
  t.notMatch(JSON.stringify(lines), token.slice(0, 20));
});

t.test('close aborts fetches in flight', async (t) => {
  const idp = await startIssuer(t, [key]);
  const requested = new Promise<void>((resolve) => {
    idp.answers['/keys'] = () => resolve();
  });
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const pending = outcome(verifier, signToken(goodClaims(idp.url), key));
  await requested;
  await verifier.close();
  t.equal(await pending, 'issuer_unavailable oidc.fetch.connection');
});

t.test('verifiers with the same key pool share fetched keys if the source is the same', async (t) => {
  const idp = await startIssuer(t, [key]);
  const keys = createKeyPool({ log: collectingLog().log });
  const open = (issuer: object) => openVerifier(t, { corp: { issuer: idp.url, ...issuer } }, { keys });
  const old = await createOidcVerifier({
    issuers: complete({ corp: { issuer: idp.url } }),
    log: collectingLog().log,
    keys,
  });
  if (!old.ok) throw new Error(JSON.stringify(old.errors));
  const token = signToken(goodClaims(idp.url), key);
  const fetches = () => idp.requests.filter((path) => path === '/keys').length;
  t.equal(await outcome(old.verifier, token), 'accepted alice');
  const next = await open({ audience: ['sallyport', 'more'] });
  await old.verifier.close();
  idp.down();
  t.equal(await outcome(next, token), 'accepted alice', 'without the issuer');
  t.equal(fetches(), 1);
  const elsewhere = await open({ jwksUri: `${idp.url}/other` });
  t.match(await outcome(elsewhere, token), /^issuer_unavailable/, 'keys from another URL are separate');
});
