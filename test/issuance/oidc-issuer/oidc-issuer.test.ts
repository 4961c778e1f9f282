// The broker as an OIDC issuer: its tokens, key rotation and published documents.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { calculateJwkThumbprint, createLocalJWKSet, decodeJwt, importJWK, jwtVerify } from 'jose';
import t, { type Test } from 'tap';
import { readSigningKeys } from '../../../src/config/key-folder.js';
import { SallyportError } from '../../../src/core/errors.js';
import type { IssueRequest, Principal, Session } from '../../../src/core/types.js';
import { issuerDocuments } from '../../../src/issuance/oidc-issuer/discovery-documents.js';
import {
  generateKey,
  listKeys,
  retireKey,
  rotateKeys,
  rotationTimes,
} from '../../../src/issuance/oidc-issuer/rotate-keys.js';
import { webIdentitySubject } from '../../../src/issuance/oidc-issuer/subject.js';
import { TokenSigner } from '../../../src/issuance/oidc-issuer/token-signer.js';

const ISSUER = 'https://sallyport.corp.example';
const NOW = new Date('2026-11-21T12:00:00.750Z');
const SECONDS = Math.floor(NOW.getTime() / 1000);
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const DAY = 86_400;

const principal: Principal = {
  issuer: 'adfs',
  type: 'saml',
  subject: 'alice@corp.example',
  claims: {},
  issuedAt: SECONDS - 5,
  expiresAt: SECONDS + 300,
};

const requestOf = (session: Partial<Session>): Pick<IssueRequest, 'principal' | 'decision'> => ({
  principal,
  decision: {
    role: 'r',
    target: {
      operation: 'AssumeRoleWithWebIdentity',
      roleArn: 'arn:aws:iam::111122223333:role/r',
      webIdentity: 'broker',
    },
    session: { name: 'alice', durationSeconds: 900, ...session },
    grant: 'g',
    durationLimitedBy: 'role',
  },
});

async function keysOf(folder: string) {
  const read = await readSigningKeys(folder);
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.keys;
}

async function signing(t: Test, isMfaAuthenticated = false) {
  const folder = t.testdir();
  await generateKey(folder, { now: NOW });
  const keys = await keysOf(folder);
  const signer = new TokenSigner({
    issuer: ISSUER,
    audience: 'sts.amazonaws.com',
    lifetimeSeconds: 300,
    signing: keys.signing,
    isMfaAuthenticated: () => isMfaAuthenticated,
    now: () => NOW,
  });
  const documents = issuerDocuments(ISSUER, keys);
  const keySet = createLocalJWKSet(JSON.parse(documents['/.well-known/jwks.json']));
  return {
    sign: (request: Pick<IssueRequest, 'principal' | 'decision'>) => signer.sign(request),
    keys,
    keySet,
    documents,
  };
}

t.test('token has exactly the claims that STS reads and verifies with the published key', async (t) => {
  const { sign, keys, keySet } = await signing(t);
  const session = {
    tags: { team: 'blue sky', Größe: '' },
    transitiveTags: ['team'],
    sourceIdentity: 'alice@corp.example',
  };
  const token = await sign(requestOf(session));
  t.equal(`${token} ${JSON.stringify({ token })}`, '[redacted] {"token":"[redacted]"}');
  const { payload, protectedHeader } = await jwtVerify(token.reveal(), keySet, { currentDate: NOW });
  t.strictSame(protectedHeader, { alg: 'RS256', kid: keys.signing.kid, typ: 'JWT' });
  const { jti, ...claims } = payload;
  t.match(jti, /^[0-9a-f-]{36}$/);
  t.strictSame(claims, {
    iss: ISSUER,
    aud: 'sts.amazonaws.com',
    sub: 'adfs:alice@corp.example',
    iat: SECONDS,
    nbf: SECONDS - 60,
    exp: SECONDS + 300,
    'https://aws.amazon.com/tags': {
      principal_tags: { team: ['blue sky'], Größe: [''] },
      transitive_tag_keys: ['team'],
    },
    'https://aws.amazon.com/source_identity': 'alice@corp.example',
  });
  t.not(decodeJwt((await sign(requestOf({}))).reveal()).jti, jti, 'each has its own id');
});

t.test('token omits absent session parameters; amr is mfa only if the issuer vouches for it', async (t) => {
  const plain = await signing(t);
  const bare = decodeJwt((await plain.sign(requestOf({}))).reveal());
  t.strictSame(Object.keys(bare).sort(), ['aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub']);
  const strong = await signing(t, true);
  t.strictSame(decodeJwt((await strong.sign(requestOf({}))).reveal())['amr'], ['mfa']);
});

t.test('a token too long for STS is refused', async (t) => {
  const { sign } = await signing(t);
  const tags = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, 'x'.repeat(256)]));
  t.ok((await sign(requestOf({ tags: tags(50) }))).reveal().length < 20_000);
  const wide = Object.fromEntries(Object.keys(tags(50)).map((key) => [key, 'ü'.repeat(256)]));
  const refusal = await sign(requestOf({ tags: wide })).then(
    () => undefined,
    (error: unknown) => error,
  );
  t.ok(refusal instanceof SallyportError);
  t.match(refusal, { code: 'session_value_invalid', reason: 'session.web_identity_token', detail: /20000/ });
});

t.test('sub is readable, valid for STS and unique to a principal', async (t) => {
  const sub = (issuer: string, subject: string) => webIdentitySubject({ issuer, subject });
  const rows: [issuer: string, subject: string, sub: string][] = [
    ['corp', 'alice', 'corp:alice'],
    ['ci', 'repo:org/app:ref:refs/heads/main', 'ci:repo:org/app:ref:refs/heads/main'],
    ['auth', 'auth0|5f7c', 'auth:auth0|5f7c'],
    ['adfs', 'CORP\\alice', 'adfs:CORP%5Calice'],
    ['adfs', '*', 'adfs:%2A'],
    ['adfs', 'Zoë (2)', 'adfs:Zo%C3%AB%20%282%29'],
    ['adfs', '#x%20', 'adfs:%23x%2520'],
    ['a', 'b', 'a:#3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d'],
  ];
  for (const [issuer, subject, expected] of rows) t.equal(sub(issuer, subject), expected);
  const longest = 'x'.repeat(250);
  t.equal(sub('corp', longest), `corp:${longest}`);
  t.match(sub('corp', `${longest}x`), /^corp:#[0-9a-f]{64}$/);

  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
  // Small alphabets, so that similar principals occur.
  const subject = fc.oneof(
    fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('a', ':', '%', '#', '3', 'A', '*'), maxLength: 8 }),
  );
  const report = fc.check(
    fc.property(name, subject, name, subject, (issuer, one, other, two) => {
      const [a, b] = [sub(issuer, one), sub(other, two)];
      const sound = [a, b].every((text) => /^[!-~]{6,255}$/.test(text) && !/[*?$]/.test(text));
      return sound && a.startsWith(`${issuer}:`) && (a === b) === (issuer === other && one === two);
    }),
    { numRuns: 5000 },
  );
  t.comment(`seed ${report.seed}`);
  t.notOk(report.failed, JSON.stringify(report.counterexample));
});

t.test('published documents have what IAM requires and no private key material', async (t) => {
  const { keys, documents } = await signing(t);
  const discovery = JSON.parse(documents['/.well-known/openid-configuration']);
  t.strictSame(discovery, {
    issuer: ISSUER,
    jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: [
      ...['iss', 'aud', 'sub', 'iat', 'nbf', 'exp', 'jti', 'amr'],
      'https://aws.amazon.com/tags',
      'https://aws.amazon.com/source_identity',
    ],
  });
  const { keys: published } = JSON.parse(documents['/.well-known/jwks.json']);
  t.equal(published.length, 1);
  const [jwk] = published;
  t.strictSame(Object.keys(jwk).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
  t.equal(jwk.kid, keys.signing.kid);
  t.equal(jwk.kid, await calculateJwkThumbprint(jwk), 'RFC 7638');
  t.ok(await importJWK(jwk, 'RS256'));
});

t.test('rotation publishes a key before it signs and after it has signed', async (t) => {
  const folder = join(t.testdir(), 'keys');
  const kids = async () => {
    const { signing, published } = await keysOf(folder);
    return { signs: signing.kid, published: published.map(({ kid }) => kid) };
  };
  const refused = async (attempt: Promise<void>, why: RegExp) => {
    const before = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    await t.rejects(attempt, { message: why });
    t.strictSame(
      readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')),
      before,
    );
  };

  await generateKey(folder, { now: NOW });
  const first = (await kids()).signs;
  t.equal(statSync(folder).mode & 0o777, 0o700);
  await refused(rotateKeys(folder, { now: later(9 * DAY) }), /no next key/);
  await refused(retireKey(folder, { now: later(9 * DAY) }), /no previous key/);

  await generateKey(folder, { now: later(1) });
  const { published } = await kids();
  t.equal((await kids()).signs, first, 'the next one does not sign');
  t.equal(published.length, 2);
  const second = published[1];
  await refused(generateKey(folder, { now: later(2) }), /a next key already/);
  t.strictSame(rotationTimes(await listKeys(folder)), { rotate: later(DAY + 1) });
  await refused(rotateKeys(folder, { now: later(DAY) }), /Wait until 2026-11-22T12:00:01Z/);

  await rotateKeys(folder, { now: later(DAY + 1) });
  t.strictSame(await kids(), { signs: second, published: [second, first] });
  t.match(readFileSync(join(folder, 'previous.pem'), 'utf8'), /^-----BEGIN PUBLIC KEY-----/);
  t.strictSame(rotationTimes(await listKeys(folder)), { retire: later(DAY + 1 + 7200) });
  await refused(retireKey(folder, { now: later(DAY + 7200) }), /may still be valid/);

  await generateKey(folder, { now: later(2 * DAY) });
  t.equal((await kids()).published.length, 3);
  await refused(rotateKeys(folder, { now: later(4 * DAY) }), /is still a previous key/);
  await retireKey(folder, { now: later(4 * DAY) });
  t.equal((await kids()).published.length, 2);
  await rotateKeys(folder, { now: later(4 * DAY) });
  for (const name of readdirSync(folder)) t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  t.strictSame(readdirSync(folder).sort(), ['current.pem', 'previous.pem'], 'nothing else is left there');
});

t.test('immediate rotation skips the waiting times', async (t) => {
  const folder = t.testdir();
  for (const step of [generateKey, generateKey, rotateKeys, generateKey, rotateKeys, retireKey])
    await step(folder, { now: NOW, immediately: true });
  t.strictSame(
    (await listKeys(folder)).map(({ use }) => use),
    ['current'],
  );
  await generateKey(folder, { now: NOW });
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'next.pem'), publicPem(publicKey));
  await t.rejects(rotateKeys(folder, { now: NOW, immediately: true }), { message: /cannot sign/ });
});

const publicPem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' });
const privatePem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

t.test('unusable signing keys are config errors that do not reveal their content', async (t) => {
  const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits });
  const good = rsa(2048);
  const sealed = good.privateKey.export({
    ...{ type: 'pkcs8', format: 'pem' },
    ...{ cipher: 'aes-256-cbc', passphrase: 'secret' },
  });
  const rows: [what: string, files: Record<string, string>, faults: readonly RegExp[]][] = [
    ['none', {}, [/Cannot read file .*current\.pem \(ENOENT\)\. Create it with "sallyport issuer generate"/]],
    ['no PEM', { 'current.pem': 'PLANTED' }, [/current\.pem must contain an RSA key of at least 2048 bits/]],
    ['short', { 'current.pem': privatePem(rsa(1024).privateKey) }, [/2048 bits/]],
    [
      'of another kind',
      { 'current.pem': privatePem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) },
      [/RSA key/],
    ],
    [
      'for another algorithm',
      { 'current.pem': privatePem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey) },
      [/RSA key/],
    ],
    ['with a passphrase', { 'current.pem': sealed.toString() }, [/without a passphrase/]],
    ['public', { 'current.pem': publicPem(good.publicKey).toString() }, [/no private key/]],
    [
      'several',
      { 'next.pem': '', 'previous.pem': 'x' },
      [/Cannot read file .*current\.pem/, /next\.pem must/, /previous\.pem must/],
    ],
  ];
  for (const [what, files, expected] of rows) {
    const read = await readSigningKeys(t.testdir(files));
    const faults = read.ok ? [] : read.errors;
    t.match(
      faults.map(({ message }) => message),
      expected,
      what,
    );
    t.equal(faults.length, expected.length, what);
    t.ok(faults.every(({ path }) => path.join('.') === 'webIdentity.keys'));
    t.notMatch(JSON.stringify(faults), /PLANTED|BEGIN/);
  }
  const folder = t.testdir({
    'current.pem': privatePem(good.privateKey),
    'next.pem': privatePem(good.privateKey),
  });
  t.equal((await keysOf(folder)).published.length, 1, 'the same key is published once');
});

t.test('signing keys can be a mounted Secret with symbolic links', async (t) => {
  const volume = t.testdir({ '..v1': {} });
  await generateKey(join(volume, '..v1'), { now: NOW });
  chmodSync(join(volume, '..v1', 'current.pem'), 0o440);
  symlinkSync('..v1', join(volume, '..data'));
  symlinkSync(join('..data', 'current.pem'), join(volume, 'current.pem'));
  t.ok((await keysOf(volume)).signing.kid);
});
