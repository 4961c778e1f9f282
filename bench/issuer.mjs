// An OIDC issuer on loopback, with its signing key.
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** `token` signs claims: audience `sallyport`, valid for ten minutes. */
export async function startIssuer() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' };
  const server = createServer((request, response) => {
    const issuer = `http://${request.headers.host}`;
    const body = request.url.endsWith('jwks') ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    token: (claims) => {
      const iat = Math.floor(Date.now() / 1000);
      const whole = { iss: url, aud: 'sallyport', sub: 'alice', iat, exp: iat + 600, ...claims };
      const signed = `${encode({ alg: 'RS256', kid: 'bench' })}.${encode(whole)}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
