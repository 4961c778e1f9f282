// Attacks with forged, malformed and misused tokens. Each row has the code and reason of the expected refusal, and a genuine
// twin that differs only in the attack and must be accepted: a row whose twin fails would prove nothing.
import { createHmac } from 'node:crypto';
import t from 'tap';
import type { OidcIssuer } from '../../src/config/schema/oidc-issuer.js';
import {
  base64url,
  goodClaims,
  type Json,
  NOW,
  newKey,
  signature,
  signTexts,
  signToken,
  startIssuer,
} from '../support/oidc-issuer.js';
import { openVerifier, outcome } from '../support/oidc-verifier.js';

const rsa = newKey('rsa');
const ec = newKey('ec', 'ES256');
const weak = newKey('weak', 'RS256', 1024);
const forEncryption = newKey('for-encryption');
const forRs512 = newKey('for-rs512', 'RS512');
const twins = [newKey('twin-a', 'ES384'), newKey('twin-b', 'ES384')];
const lone = newKey('lone', 'ES512');
const stranger = newKey('rsa');
const otherIssuersKey = newKey('other');

const idp = await startIssuer(t, []);
const otherIdp = await startIssuer(t, [otherIssuersKey]);
const attackersHost = await startIssuer(t, [stranger]);
idp.answers['/keys'] = {
  keys: [
    ...[rsa, ec, weak, forRs512, ...twins, lone].map(({ jwk }) => jwk),
    { ...forEncryption.jwk, use: 'enc' },
    { kty: 'oct', kid: 'shared', k: base64url('a shared secret of thirty-two by') },
  ],
};

const claims = (changes: Json = {}) => goodClaims(idp.url, changes);
const payload = JSON.stringify(claims());
const header = (changes: Json = {}) => JSON.stringify({ alg: 'RS256', kid: 'rsa', typ: 'JWT', ...changes });
const genuine = signToken(claims(), rsa);
const [head = '', body = '', sig = ''] = genuine.split('.');

/** The genuine token with claims changed, correctly signed. */
const saying = (changes: Json) => signToken(claims(changes), rsa);
/** The genuine token with header members changed, correctly signed. */
const headed = (changes: Json) => signToken(claims(), rsa, changes);
/** Signed with HMAC under a header that names `alg`. */
const hmac = (alg: string, key: string | Buffer) => {
  const input = `${base64url(header({ alg }))}.${body}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
};
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
/** The same bytes in base64url with the unused bits of the last character set. */
const withStrayBits = (part: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1) ?? '') + 1];
};
const derSignature = () => {
  const raw = Buffer.from(signature('x', ec), 'base64url');
  const integer = (bytes: Buffer) => Buffer.concat([Buffer.from([2, 33, 0]), bytes]);
  return base64url(
    Buffer.concat([Buffer.from([0x30, 70]), integer(raw.subarray(0, 32)), integer(raw.subarray(32))]),
  );
};
const ecInput = `${base64url(header({ alg: 'ES256', kid: 'ec' }))}.${body}`;

interface Attack {
  readonly token: string;
  readonly refused: string;
  /** The accepted counterpart. Default: the genuine token, under the same config. */
  readonly twin?: string;
  /** The issuer's config for both. */
  readonly config?: Partial<OidcIssuer>;
  /** Config for the twin alone, where the attack is that config and token do not fit. */
  readonly twinConfig?: Partial<OidcIssuer>;
}

const ALG = 'proof_invalid jwt.alg.refused';
const SIGNATURE = 'proof_invalid jwt.signature.invalid';
const UNKNOWN_KEY = 'proof_invalid jwt.kid.unknown';

const attacks: Record<string, Record<string, Attack>> = {
  'algorithm and signature': {
    'none, without a signature': { token: `${base64url(header({ alg: 'none' }))}.${body}.`, refused: ALG },
    'none, in odd case': { token: `${base64url(header({ alg: 'nOnE' }))}.${body}.`, refused: ALG },
    'none, with the genuine signature': {
      token: `${base64url(header({ alg: 'none' }))}.${body}.${sig}`,
      refused: ALG,
    },
    'no alg': {
      token: signTexts('{"kid":"rsa"}', payload, rsa),
      refused: 'proof_malformed jwt.alg.missing',
      twin: signTexts('{"kid":"rsa","alg":"RS256"}', payload, rsa),
    },
    'HMAC keyed with the public key in PEM': {
      token: hmac('HS256', rsa.publicKey.export({ type: 'spki', format: 'pem' })),
      refused: ALG,
    },
    'HMAC keyed with the public JWK': { token: hmac('HS256', JSON.stringify(rsa.jwk)), refused: ALG },
    'HMAC keyed with nothing': { token: hmac('HS256', ''), refused: ALG },
    'HMAC keyed with a symmetric key in the set': {
      token: hmac('HS256', 'a shared secret of thirty-two by'),
      refused: ALG,
    },
    'an algorithm the issuer does not use': {
      token: signToken(claims(), forRs512),
      refused: ALG,
      twinConfig: { algorithms: ['RS512'] },
      twin: signToken(claims(), forRs512),
    },
    'the other family of algorithm for the key': {
      token: signToken(claims(), rsa, { kid: 'ec' }),
      refused: UNKNOWN_KEY,
      twin: signToken(claims(), ec),
    },
    'an algorithm other than that of the key in the JWK Set': {
      token: signToken(claims(), { ...forRs512, alg: 'RS256' }),
      refused: UNKNOWN_KEY,
    },
    'PSS under a header of PKCS #1 v1.5': {
      token: `${head}.${body}.${signature(`${head}.${body}`, { ...rsa, alg: 'PS256' })}`,
      refused: SIGNATURE,
    },
    'an elliptic curve signature of zeros': {
      token: `${ecInput}.${base64url(new Uint8Array(64))}`,
      refused: SIGNATURE,
      twin: `${ecInput}.${signature(ecInput, ec)}`,
    },
    'an elliptic curve signature in DER': {
      token: `${ecInput}.${derSignature()}`,
      refused: SIGNATURE,
      twin: `${ecInput}.${signature(ecInput, ec)}`,
    },
    'no signature': { token: `${head}.${body}.`, refused: SIGNATURE },
    'the signature of another token': {
      token: `${head}.${base64url(JSON.stringify(claims({ sub: 'admin' })))}.${sig}`,
      refused: SIGNATURE,
      twin: saying({ sub: 'admin' }),
    },
    'a key of the attacker under a known kid': { token: signToken(claims(), stranger), refused: SIGNATURE },
    'a key of another issuer': { token: signToken(claims(), otherIssuersKey), refused: UNKNOWN_KEY },
    'an RSA key of 1024 bits': { token: signToken(claims(), weak), refused: UNKNOWN_KEY },
    'a key for encryption': { token: signToken(claims(), forEncryption), refused: UNKNOWN_KEY },
  },

  'key id': {
    'a kid the issuer does not have': { token: headed({ kid: 'made-up' }), refused: UNKNOWN_KEY },
    'a kid that is a path': { token: headed({ kid: '../../../../dev/null' }), refused: UNKNOWN_KEY },
    'a kid that is SQL': { token: headed({ kid: "x' UNION SELECT 'key" }), refused: UNKNOWN_KEY },
    'a kid that every object has': { token: headed({ kid: 'constructor' }), refused: UNKNOWN_KEY },
    'a kid that is empty': { token: headed({ kid: '' }), refused: UNKNOWN_KEY },
    'a kid that is a number': { token: headed({ kid: 0 }), refused: 'proof_malformed jwt.kid.type' },
    'a kid that is a list': { token: headed({ kid: ['rsa'] }), refused: 'proof_malformed jwt.kid.type' },
    'a kid that is long': {
      token: headed({ kid: 'k'.repeat(513) }),
      refused: 'proof_malformed jwt.kid.type',
    },
    'no kid where two keys would do': {
      token: signToken(claims(), twins[0] ?? rsa, { kid: undefined }),
      refused: UNKNOWN_KEY,
      config: { algorithms: ['ES384', 'ES512'] },
      twin: signToken(claims(), lone, { kid: undefined }),
    },
  },

  'keys and URLs in the token': {
    jwk: {
      token: signToken(claims(), stranger, { jwk: stranger.jwk }),
      refused: SIGNATURE,
      twin: headed({ jwk: stranger.jwk }),
    },
    'jwk without a kid': {
      token: signToken(claims(), newKey('x', 'ES512'), { jwk: stranger.jwk, kid: undefined }),
      refused: SIGNATURE,
      config: { algorithms: ['ES512'] },
      twin: signToken(claims(), lone, { jwk: stranger.jwk, kid: undefined }),
    },
    jku: {
      token: signToken(claims(), stranger, { jku: `${attackersHost.url}/keys` }),
      refused: SIGNATURE,
      twin: headed({ jku: `${attackersHost.url}/keys` }),
    },
    x5u: {
      token: signToken(claims(), stranger, { x5u: `${attackersHost.url}/keys` }),
      refused: SIGNATURE,
      twin: headed({ x5u: `${attackersHost.url}/keys` }),
    },
    x5c: {
      token: signToken(claims(), stranger, { x5c: ['MIIB'] }),
      refused: SIGNATURE,
      twin: headed({ x5c: ['MIIB'] }),
    },
    'iss of the attacker': {
      token: signToken(goodClaims(attackersHost.url), stranger),
      refused: 'issuer_unknown jwt.iss.unknown',
    },
  },

  'header extensions and types': {
    'crit with an extension': {
      token: headed({ crit: ['http://example.com/x'], 'http://example.com/x': 1 }),
      refused: 'proof_invalid jwt.crit.refused',
    },
    'crit that is empty': { token: headed({ crit: [] }), refused: 'proof_invalid jwt.crit.refused' },
    'crit that is null': { token: headed({ crit: null }), refused: 'proof_invalid jwt.crit.refused' },
    'b64 false, with crit': {
      token: headed({ b64: false, crit: ['b64'] }),
      refused: 'proof_invalid jwt.crit.refused',
    },
    'b64 false, without crit': { token: headed({ b64: false }), refused: 'proof_invalid jwt.b64.refused' },
    'a token bound to a DPoP key': {
      token: saying({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }),
      refused: 'proof_invalid jwt.sender_constrained',
      twin: genuine,
    },
    'a token bound to a client certificate': {
      token: saying({ cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } }),
      refused: 'proof_invalid jwt.sender_constrained',
      twin: genuine,
    },
    'a token bound to a key by jwk': {
      token: saying({ cnf: { jwk: rsa.jwk } }),
      refused: 'proof_invalid jwt.sender_constrained',
      twin: genuine,
    },
    'a token bound to a key by kid': {
      token: saying({ cnf: { kid: 'device' } }),
      refused: 'proof_invalid jwt.sender_constrained',
      twin: genuine,
    },
    'a token with an empty cnf': {
      token: saying({ cnf: {} }),
      refused: 'proof_invalid jwt.sender_constrained',
      twin: genuine,
    },
    'a token with cnf null': {
      token: saying({ cnf: null }),
      refused: 'proof_invalid jwt.sender_constrained',
      twin: genuine,
    },
    'a token with cnf that is not an object': {
      token: saying({ cnf: 'none' }),
      refused: 'proof_invalid jwt.sender_constrained',
      twin: genuine,
    },
    'a logout token by typ': {
      token: headed({ typ: 'logout+jwt' }),
      refused: 'proof_invalid jwt.typ.refused',
      twin: headed({ typ: 'application/JWT' }),
    },
    'a logout token by typ, even where config lists it': {
      token: headed({ typ: 'Application/Logout+JWT' }),
      refused: 'proof_invalid jwt.typ.refused',
      config: { typ: ['logout+jwt', 'JWT'] },
    },
    'a logout token by its event': {
      token: saying({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
      refused: 'proof_invalid jwt.logout.refused',
      twin: saying({ events: { 'http://schemas.openid.net/event/other': {} } }),
    },
    'a logout token by its event, in a list': {
      token: saying({ events: ['http://schemas.openid.net/event/backchannel-logout'] }),
      refused: 'proof_invalid jwt.logout.refused',
      twin: saying({ events: ['http://schemas.openid.net/event/other'] }),
    },
    'a logout token by its event, as text': {
      token: saying({ events: 'http://schemas.openid.net/event/backchannel-logout' }),
      refused: 'proof_invalid jwt.logout.refused',
      twin: saying({ events: null }),
    },
    'an access token in place of an ID token': {
      token: headed({ typ: 'at+jwt' }),
      refused: 'proof_invalid jwt.typ.refused',
      twin: headed({ typ: undefined }),
    },
    'an ID token where only access tokens are accepted': {
      token: headed({ typ: 'JWT' }),
      refused: 'proof_invalid jwt.typ.refused',
      config: { typ: 'at+jwt' },
      twin: headed({ typ: 'at+jwt' }),
    },
    'no typ where one is demanded': {
      token: headed({ typ: undefined }),
      refused: 'proof_invalid jwt.typ.refused',
      config: { typ: ['JWT'] },
    },
    'a typ that is a list': { token: headed({ typ: ['JWT'] }), refused: 'proof_malformed jwt.typ.type' },
    'a DPoP proof': {
      token: headed({ typ: 'dpop+jwt', jwk: rsa.jwk }),
      refused: 'proof_invalid jwt.typ.refused',
    },
  },

  'text and encoding': {
    'no text': { token: '', refused: 'proof_malformed jwt.parts' },
    'two parts': { token: `${head}.${body}`, refused: 'proof_malformed jwt.parts' },
    'four parts': { token: `${genuine}.`, refused: 'proof_malformed jwt.parts' },
    'an encrypted token': { token: `${genuine}.a.b`, refused: 'proof_malformed jwt.encrypted' },
    'JSON serialization': {
      token: JSON.stringify({ protected: head, payload: body, signature: sig }),
      refused: 'proof_malformed jwt.parts',
    },
    padding: { token: `${head}.${body}.${sig}==`, refused: 'proof_malformed jwt.signature.base64url' },
    'the alphabet of plain base64': {
      token: `${head}.${base64url('{"a":"???>>>"}').replace('_', '/')}.${sig}`,
      refused: 'proof_malformed jwt.payload.base64url',
    },
    'stray bits in the last character': {
      token: `${head}.${body}.${withStrayBits(sig)}`,
      refused: 'proof_malformed jwt.signature.base64url',
    },
    'a space before': { token: ` ${genuine}`, refused: 'proof_malformed jwt.header.base64url' },
    'a line break after': { token: `${genuine}\n`, refused: 'proof_malformed jwt.signature.base64url' },
    'a line break within': {
      token: `${head}.${body.slice(0, 8)}\n${body.slice(8)}.${sig}`,
      refused: 'proof_malformed jwt.payload.base64url',
    },
    'a letter that is no ASCII': {
      token: `${head}.${body}\u0430.${sig}`,
      refused: 'proof_malformed jwt.payload.base64url',
    },
    'a byte order mark': {
      token: signTexts(header(), `\ufeff${payload}`, rsa),
      refused: 'proof_malformed jwt.payload.syntax',
    },
    'bytes that are not UTF-8': {
      token: `${head}.${base64url(new Uint8Array([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]))}.${sig}`,
      refused: 'proof_malformed jwt.payload.utf8',
    },
    'over 20,000 characters': {
      token: saying({ padding: 'x'.repeat(20_000) }),
      refused: 'proof_malformed jwt.too_long',
      twin: saying({ padding: 'x'.repeat(14_000) }),
    },
    'nested 33 deep': {
      token: signTexts(header(), payload.replace('"sub"', `"x":${nested(32)},"sub"`), rsa),
      refused: 'proof_malformed jwt.payload.too_deep',
      twin: signTexts(header(), payload.replace('"sub"', `"x":${nested(31)},"sub"`), rsa),
    },
    'nested 5,000 deep': {
      token: signTexts(header(), nested(5000), rsa),
      refused: 'proof_malformed jwt.payload.too_deep',
    },
    'two sub': {
      token: signTexts(header(), payload.replace('"sub"', '"sub":"admin","sub"'), rsa),
      refused: 'proof_malformed jwt.payload.duplicate_key',
      twin: signTexts(header(), payload.replace('"sub"', '"Sub":"admin","sub"'), rsa),
    },
    'two sub, one of them escaped': {
      token: signTexts(header(), payload.replace('"sub"', '"\\u0073ub":"admin","sub"'), rsa),
      refused: 'proof_malformed jwt.payload.duplicate_key',
      twin: signTexts(header(), payload.replace('"sub"', '"\\u0073ub"'), rsa),
    },
    'two alg': {
      token: signTexts('{"alg":"none","alg":"RS256","kid":"rsa"}', payload, rsa),
      refused: 'proof_malformed jwt.header.duplicate_key',
      twin: signTexts('{"alg":"RS256","kid":"rsa"}', payload, rsa),
    },
    __proto__: {
      token: signTexts(header(), payload.replace('"sub"', '"__proto__":{"groups":["admin"]},"sub"'), rsa),
      refused: 'proof_malformed jwt.payload.forbidden_key',
    },
    '__proto__ in the header': {
      token: signTexts('{"__proto__":{"alg":"RS256"},"kid":"rsa"}', payload, rsa),
      refused: 'proof_malformed jwt.header.forbidden_key',
    },
    'half a surrogate pair': {
      token: signTexts(header(), payload.replace('"alice"', '"alice\\ud83d"'), rsa),
      refused: 'proof_malformed jwt.payload.lone_surrogate',
      twin: saying({ name: '😀' }),
    },
    'a header that is a list': {
      token: signTexts('["RS256"]', payload, rsa),
      refused: 'proof_malformed jwt.header.not_object',
    },
    'claims that are null': {
      token: signTexts(header(), 'null', rsa),
      refused: 'proof_malformed jwt.payload.not_object',
    },
    'a token inside a token': {
      token: signTexts(header({ cty: 'JWT' }), genuine, rsa),
      refused: 'proof_malformed jwt.payload.syntax',
    },
  },

  'issuer and audience': {
    'no iss': { token: saying({ iss: undefined }), refused: 'claim_missing jwt.iss.missing' },
    'iss as a list': { token: saying({ iss: [idp.url] }), refused: 'proof_invalid jwt.iss.type' },
    'iss with a slash more': {
      token: saying({ iss: `${idp.url}/` }),
      refused: 'issuer_unknown jwt.iss.unknown',
    },
    'iss in upper case': {
      token: saying({ iss: idp.url.toUpperCase() }),
      refused: 'issuer_unknown jwt.iss.unknown',
    },
    'iss that begins like ours': {
      token: saying({ iss: `${idp.url}.evil.example` }),
      refused: 'issuer_unknown jwt.iss.unknown',
    },
    'iss that every object has': {
      token: saying({ iss: '__proto__' }),
      refused: 'issuer_unknown jwt.iss.unknown',
    },
    'iss of another configured issuer': { token: saying({ iss: otherIdp.url }), refused: UNKNOWN_KEY },
    'no aud': { token: saying({ aud: undefined }), refused: 'claim_missing jwt.aud.missing' },
    'aud of someone else': {
      token: saying({ aud: 'grafana' }),
      refused: 'audience_mismatch jwt.aud.mismatch',
    },
    'aud that contains ours': {
      token: saying({ aud: 'sallyport.evil.example' }),
      refused: 'audience_mismatch jwt.aud.mismatch',
    },
    'aud as an empty list': { token: saying({ aud: [] }), refused: 'proof_invalid jwt.aud.type' },
    'aud as an object': { token: saying({ aud: { sallyport: 1 } }), refused: 'proof_invalid jwt.aud.type' },
    'aud with a number in it': {
      token: saying({ aud: ['sallyport', 1] }),
      refused: 'proof_invalid jwt.aud.type',
      twin: saying({ aud: ['sallyport'] }),
    },
    'addressed to someone else too, who could replay it': {
      token: saying({ aud: ['sallyport', 'grafana'] }),
      refused: 'audience_mismatch jwt.aud.foreign',
      twin: saying({ aud: ['sallyport', 'grafana'], azp: 'sallyport' }),
    },
    'requested by a party we do not accept': {
      token: saying({ azp: 'grafana' }),
      refused: 'audience_mismatch jwt.azp.refused',
      config: { authorizedParties: 'portal' },
      twin: saying({ azp: 'portal' }),
    },
    'requested by its subject, and addressed to someone else too': {
      token: saying({ aud: ['sallyport', 'grafana'], azp: 'alice' }),
      refused: 'audience_mismatch jwt.azp.refused',
      twin: saying({ aud: ['sallyport'], azp: 'alice' }),
    },
    'azp as a list': {
      token: saying({ azp: ['sallyport'] }),
      refused: 'proof_invalid jwt.azp.type',
      twin: saying({ azp: 'alice' }),
    },
    'azp as null': { token: saying({ azp: null }), refused: 'proof_invalid jwt.azp.type' },
  },

  'subject and required claims': {
    'no sub': { token: saying({ sub: undefined }), refused: 'claim_missing jwt.sub.missing' },
    'an empty sub': { token: saying({ sub: '' }), refused: 'proof_invalid jwt.sub.type' },
    'sub as a number': { token: saying({ sub: 7 }), refused: 'proof_invalid jwt.sub.type' },
    'sub as an object': {
      token: saying({ sub: { toString: 'alice' } }),
      refused: 'proof_invalid jwt.sub.type',
    },
    'sub of 1,025 characters': {
      token: saying({ sub: 'x'.repeat(1025) }),
      refused: 'proof_invalid jwt.sub.form',
    },
    'sub that breaks the log line': {
      token: saying({ sub: 'alice\nroot' }),
      refused: 'proof_invalid jwt.sub.form',
    },
    'sub with a space of no width': {
      token: saying({ sub: 'ali\u200bce' }),
      refused: 'proof_invalid jwt.sub.form',
      twin: saying({ sub: 'ali\u00a0ce' }),
    },
    'sub that is written backwards': {
      token: saying({ sub: 'alice\u202etoor' }),
      refused: 'proof_invalid jwt.sub.form',
    },
    'jti with a line separator': {
      token: saying({ jti: 'a\u2028b' }),
      refused: 'proof_invalid jwt.jti.form',
      twin: saying({ jti: 'a b' }),
    },
    'jti as a number': { token: saying({ jti: 1 }), refused: 'proof_invalid jwt.jti.type' },
    'no jti where it counts uses': {
      token: saying({ jti: undefined }),
      refused: 'claim_missing jwt.jti.missing',
      config: { replay: 'once' },
    },
    'a required claim left out': {
      token: saying({}),
      refused: 'claim_missing jwt.required.missing',
      config: { require: { owner: '123' } },
      twin: saying({ owner: '123' }),
    },
    'a required claim of another owner': {
      token: saying({ owner: '1234' }),
      refused: 'claim_missing jwt.required.value',
      config: { require: { owner: ['123', '124'] } },
      twin: saying({ owner: '124' }),
    },
    'a required claim of another type': {
      token: saying({ owner: 123 }),
      refused: 'claim_missing jwt.required.value',
      config: { require: { owner: '123' } },
      twin: saying({ owner: ['123'] }),
    },
    'a required claim among others': {
      token: saying({ owner: ['123', '666'] }),
      refused: 'claim_missing jwt.required.value',
      config: { require: { owner: '123' } },
      twin: saying({ owner: '123' }),
    },
    'a required claim that every object has': {
      token: saying({}),
      refused: 'claim_missing jwt.required.missing',
      config: { require: { toString: 'x' } },
      twin: saying({ toString: 'x' }),
    },
  },

  time: {
    'no exp': { token: saying({ exp: undefined }), refused: 'claim_missing jwt.exp.missing' },
    'exp as text': { token: saying({ exp: `${NOW + 600}` }), refused: 'proof_invalid jwt.exp.type' },
    'exp as null': { token: saying({ exp: null }), refused: 'proof_invalid jwt.exp.type' },
    'exp that is infinite': {
      token: signTexts(header(), payload.replace(/"exp":\d+/, '"exp":1e999'), rsa),
      refused: 'proof_malformed jwt.payload.number_out_of_range',
    },
    'exp beyond what a number holds exactly': {
      token: saying({ exp: 2 ** 53 }),
      refused: 'proof_malformed jwt.payload.number_out_of_range',
    },
    'exp below zero': { token: saying({ exp: -1 }), refused: 'proof_invalid jwt.exp.range' },
    'exp in milliseconds': {
      token: saying({ exp: (NOW + 600) * 1000 }),
      refused: 'proof_invalid jwt.lifetime.exceeded',
    },
    'exp that is not after iat': {
      token: saying({ iat: NOW, exp: NOW }),
      refused: 'proof_invalid jwt.exp.before_start',
      twin: saying({ iat: NOW, exp: NOW + 0.5 }),
    },
    'expired a minute ago': {
      token: saying({ iat: NOW - 600, exp: NOW - 60 }),
      refused: 'proof_expired jwt.exp.past',
      twin: saying({ iat: NOW - 600, exp: NOW - 59 }),
    },
    'no iat': { token: saying({ iat: undefined }), refused: 'claim_missing jwt.iat.missing' },
    'iat as true': { token: saying({ iat: true }), refused: 'proof_invalid jwt.iat.type' },
    'issued in the future': {
      token: saying({ iat: NOW + 61 }),
      refused: 'proof_not_yet_valid jwt.iat.future',
      twin: saying({ iat: NOW + 60 }),
    },
    'valid in the future': {
      token: saying({ nbf: NOW + 61 }),
      refused: 'proof_not_yet_valid jwt.nbf.future',
      twin: saying({ nbf: NOW + 60 }),
    },
    'nbf as text': { token: saying({ nbf: 'now' }), refused: 'proof_invalid jwt.nbf.type' },
    'nbf after exp': { token: saying({ nbf: NOW + 601 }), refused: 'proof_invalid jwt.exp.before_start' },
    'longer than a day': {
      token: saying({ iat: NOW - 10, exp: NOW - 10 + 86_401 }),
      refused: 'proof_invalid jwt.lifetime.exceeded',
      twin: saying({ iat: NOW - 10, exp: NOW - 10 + 86_400 }),
    },
    'longer than the issuer may': {
      token: saying({ iat: NOW - 10, exp: NOW + 891 }),
      refused: 'proof_invalid jwt.lifetime.exceeded',
      config: { maxLifetime: '15m' },
      twin: saying({ iat: NOW - 10, exp: NOW + 890 }),
    },
  },
};

for (const [group, rows] of Object.entries(attacks)) {
  t.test(group, async (t) => {
    for (const [what, { token, refused, twin = genuine, config = {}, twinConfig = config }] of Object.entries(
      rows,
    )) {
      const open = (own: Partial<OidcIssuer>) =>
        openVerifier(t, { corp: { issuer: idp.url, ...own }, other: { issuer: otherIdp.url } });
      const verifier = await open(config);
      t.equal(await outcome(verifier, token), refused, `${what}: ${refused}`);
      const twinVerifier = twinConfig === config ? verifier : await open(twinConfig);
      t.match(await outcome(twinVerifier, twin), /^accepted /, `${what}: the twin is accepted`);
      t.equal(await outcome(verifier, token), refused, `${what}: refused again after the twin`);
    }
  });
}

t.test('no attack causes a request to a host of the attacker', async (t) => {
  t.same(attackersHost.requests, []);
});
