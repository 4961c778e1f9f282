// An OIDC issuer on loopback for tests. It records requests, and every response can be replaced.
import { generateKeyPairSync, type JsonWebKey, type KeyObject, sign as signBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

/** A signing key and its public JWK. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: JsonWebKey & { kid: string; alg: string; use: string };
}

const EC_CURVES: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

/** A new key for an algorithm. Default: RSA with 2048 bits. */
export function newKey(kid: string, alg = 'RS256', bits = 2048): SigningKey {
  const curve = EC_CURVES[alg];
  const { privateKey, publicKey } = curve
    ? generateKeyPairSync('ec', { namedCurve: curve })
    : alg === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('rsa', { modulusLength: bits });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
  return { kid, alg, privateKey, publicKey, jwk };
}

export const base64url = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');

/** The signature over a signing input, as JWS has it. */
export function signature(
  input: string,
  { alg, privateKey }: Pick<SigningKey, 'alg' | 'privateKey'>,
): string {
  const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  const padding = alg.startsWith('PS') ? { padding: 6, saltLength: Number(alg.slice(2)) / 8 } : {};
  return base64url(
    signBytes(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363', ...padding }),
  );
}

/** Signs the texts of header and payload without checking them. */
export function signTexts(header: string, payload: string, key: SigningKey): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${signature(input, key)}`;
}

export type Json = Record<string, unknown>;

/** Signs a header and claims. `alg` and `kid` default to those of the key; undefined leaves one out. */
export function signToken(claims: Json, key: SigningKey, header: Json = {}): string {
  return signTexts(
    JSON.stringify({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header }),
    JSON.stringify(claims),
    key,
  );
}

const DISCOVERY_PATH = '/.well-known/openid-configuration';

/** Responses by path. A function handles the request; any other value is sent as JSON. */
export type IssuerResponses = Record<string, RequestListener | Json | readonly unknown[] | undefined>;

export interface TestIssuer {
  readonly url: string;
  /** Requested paths in order. */
  readonly requests: string[];
  /** Responses may be replaced or added at any time. */
  readonly answers: IssuerResponses;
  /** Replaces the published keys. */
  publish(...keys: SigningKey[]): void;
  /** Drops every connection until `up`. */
  down(): void;
  up(): void;
}

/** Starts an issuer that publishes `keys`; closed with the test. With `tls`, over https on `localhost`. */
export async function startIssuer(
  t: Test,
  keys: readonly SigningKey[],
  tls?: { key: string; cert: string },
): Promise<TestIssuer> {
  const requests: string[] = [];
  const responses: IssuerResponses = {};
  let isDown = false;
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const answer = responses[path];
    if (isDown) response.destroy();
    else if (typeof answer === 'function') answer(request, response);
    else if (answer === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  responses[DISCOVERY_PATH] = { issuer: url, jwks_uri: `${url}/keys` };
  const publish = (...published: SigningKey[]) => {
    responses['/keys'] = { keys: published.map(({ jwk }) => jwk) };
  };
  publish(...keys);
  return {
    url,
    requests,
    answers: responses,
    publish,
    down: () => {
      isDown = true;
    },
    up: () => {
      isDown = false;
    },
  };
}

/** Epoch seconds of the time at which tests run. */
export const NOW = 1_800_000_000;
export const at = (offset = 0) => new Date((NOW + offset) * 1000);

/** Claims of a token that is valid at `NOW`. */
export const goodClaims = (iss: string, changes: Json = {}): Json => ({
  iss,
  aud: 'sallyport',
  sub: 'alice',
  iat: NOW - 10,
  exp: NOW + 600,
  jti: 'one',
  ...changes,
});
