import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { type AddressPolicy, isAddressAllowed } from '../../../src/authn/oidc/address-policy.js';
import { KeyFetchError } from '../../../src/authn/oidc/fetch-json.js';
import { parseJwks, selectKeys } from '../../../src/authn/oidc/jwks.js';
import { parseJson } from '../../../src/core/json.js';
import { base64url, type Json, newKey } from '../../support/oidc-issuer.js';

const read = (...jwks: unknown[]) => parseJwks(parseJson(JSON.stringify({ keys: jwks })));
const one = async (jwk: unknown) => (await read(jwk))[0]?.thumbprint;
const rsa = newKey('rsa');
const ec = newKey('ec', 'ES256');

t.test('parseJwks leaves out keys that must not verify signatures', async (t) => {
  const ofBits = (bits: number) => newKey('sized', 'RS256', bits).jwk;
  const ofExponent = (...bytes: number[]) => ({ ...rsa.jwk, e: base64url(new Uint8Array(bytes)) });
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' });
  const cases: [what: string, jwk: Json, kept: boolean][] = [
    ['RSA of 2,048 bits', rsa.jwk, true],
    ['RSA of 2,040 bits', ofBits(2040), false],
    ['RSA of over 8,192 bits', { ...rsa.jwk, n: base64url(new Uint8Array(1025).fill(0xff)) }, false],
    ['RSA with exponent 3', ofExponent(3), true],
    ['RSA with exponent 1, which anyone can sign for', ofExponent(1), false],
    ['RSA with an even exponent', ofExponent(1, 0, 0), false],
    ['RSA with an exponent of 33 bits', ofExponent(1, 0, 0, 0, 1), false],
    ['for signatures', { ...ec.jwk, use: 'sig', key_ops: ['verify'] }, true],
    ['for anything', { ...ec.jwk, use: undefined }, true],
    ['for encryption', { ...ec.jwk, use: 'enc' }, false],
    ['to sign with', { ...ec.jwk, key_ops: ['sign'] }, false],
    ['with operations that are no list', { ...ec.jwk, key_ops: 'verify' }, false],
    ['with its private half', ec.privateKey.export({ format: 'jwk' }), false],
    ['symmetric', { kty: 'oct', k: 'AAAA', kid: 'ec' }, false],
    ['with a kid that is a number', { ...ec.jwk, kid: 1 }, false],
    ['with an alg that is a list', { ...ec.jwk, alg: ['ES256'] }, false],
  ];
  for (const [what, jwk, stored] of cases) {
    const others = newKey('other', 'EdDSA');
    t.equal((await read(jwk, others.jwk)).length, stored ? 2 : 1, what);
    if (!stored) await t.rejects(read(jwk), new KeyFetchError('jwks.no_usable_key'), `${what}, alone`);
  }
  const [bitcoin] = await read({ ...curve, kid: 'k' });
  t.same(bitcoin && selectKeys([bitcoin], { alg: 'ES256', kid: 'k' }), [], 'a curve that no algorithm uses');
});

t.test('selectKeys matches keys by kid, algorithm, type and curve', async (t) => {
  const { alg: _, ...free } = rsa.jwk;
  const keys = await read(free, ec.jwk, newKey('ed', 'EdDSA').jwk);
  const names = (alg: string, kid?: string) =>
    selectKeys(keys, { alg, ...(kid !== undefined && { kid }) }).map((key) => key.kid);
  t.same(names('RS256', 'rsa'), ['rsa']);
  t.same(names('PS512', 'rsa'), ['rsa']);
  t.same(names('ES256', 'rsa'), []);
  t.same(names('ES384', 'ec'), []);
  t.same(names('EdDSA', 'ed'), ['ed']);
  t.same(names('HS256', 'rsa'), []);
  t.same(names('none', 'rsa'), []);
  t.same(names('ES256'), ['ec'], 'without a kid, the only one that fits');
  const id = keys[0]?.thumbprint;
  t.equal(await one(free), id, 'a key fetched again is the same key');
  const turned = Object.fromEntries(Object.entries(free).reverse());
  t.equal(await one({ ...turned, kid: 'renamed', x5t: 'x' }), id, 'however it is written');
  t.not(await one({ ...free, alg: 'RS256' }), id, 'for one algorithm only');
  t.not(await one(newKey('rsa').jwk), await one(rsa.jwk), 'another key under its name');
});

t.test('isAddressAllowed decides by address and policy', async (t) => {
  const cases: [address: string, ...reaches: AddressPolicy[]][] = [
    ['93.184.216.34', 'public', 'private'],
    ['2606:2800:220:1::1', 'public', 'private'],
    ['::ffff:93.184.216.34', 'public', 'private'],
    ['64:ff9b::5db8:d822', 'public', 'private'],
    ['10.0.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12::1', 'private'],
    ['64:ff9b::a00:1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['169.254.169.254'],
    ['169.254.170.23'],
    ['64:ff9b::a9fe:a9fe'],
    ['100.100.100.200'],
    ['168.63.129.16'],
    ['::ffff:a83f:8110'],
    ['fd00:ec2::254'],
    ['fd00:ec2::23'],
    ['fd20:ce::254'],
    ['fe80::1'],
    ['fe80::1%eth0'],
    ['2606:2800:220:1::1%eth0'],
    ['fec0::1'],
    ['::a00:1'],
    ['64:ff9b:1::a00:1'],
    ['2002:a00:1::1'],
    ['2001:0:a00:1::1'],
    ['0.0.0.0'],
    ['192.0.2.1'],
    ['198.18.0.1'],
    ['224.0.0.1'],
    ['ff02::1'],
    ['255.255.255.255'],
    [''],
    ['example.com'],
  ];
  for (const [address, ...reaches] of cases) {
    const found = (['public', 'private', 'loopback'] as const).filter((reach) =>
      isAddressAllowed(address, reach),
    );
    t.same(found, reaches, address || 'no address');
  }
});
