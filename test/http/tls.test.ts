// server.tls: the broker serves https itself, TLS 1.2 or later, and trusts X-Forwarded-For only if configured.
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { selfSignedCertificate } from '@sallyport/sandbox/internal/saml/certificate';
import t from 'tap';
import { start } from '../support/command.js';

t.test('the server uses the certificate and key from the configured files', async (t) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = new Date();
  const der = selfSignedCertificate(privateKey, 'localhost', now, new Date(now.getTime() + 86_400_000));
  const ca = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const folder = t.testdir({
    'tls.crt': ca,
    'tls.key': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'sallyport.yaml': `
server: { url: https://localhost, listen: { host: 0.0.0.0, port: 0 }, tls: { cert: tls.crt, key: tls.key } }
aws: { region: eu-west-1 }
issuers: {}
roles: {}
grants: []
`,
  });
  const server = start(t, ['serve', '--config', join(folder, 'sallyport.yaml')]);
  const { url } = JSON.parse(await server.line('stderr', /"listening"/));
  const port = Number(new URL(url).port);
  // The certificate names its host by CN alone, so the name is not checked, the signature is.
  const options = { ca, port, host: '127.0.0.1', checkServerIdentity: () => undefined };
  const status = await new Promise((resolve, reject) => {
    get({ ...options, path: '/healthz' }, (response) => resolve(response.resume().statusCode)).once(
      'error',
      reject,
    );
  });
  t.equal(status, 200);
  const old = new Promise((resolve, reject) => {
    const socket = connect({
      ...options,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    });
    socket.once('secureConnect', resolve).once('error', reject);
  });
  await t.rejects(old, /alert|protocol version/);

  await writeFile(join(folder, 'tls.key'), 'nonsense');
  const broken = start(t, ['serve', '--config', join(folder, 'sallyport.yaml')]);
  const { code, stderr } = await broken.finished;
  t.equal(code, 1);
  t.match(stderr, /sallyport\.yaml:2:\d+: server\.tls: Certificate and key are invalid or do not match/);
  t.notMatch(stderr, /^\s+at /m);
});
