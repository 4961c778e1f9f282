// Secrets do not leak: every log line, metric, audit record and error of a whole run is searched for every token,
// assertion, key and planted value that was used.
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { type BrokerResponse, readResponse, startTestBroker } from '../support/broker.js';

t.test('log, metrics, audit log and errors hold no token, assertion or key', async (t) => {
  const broker = await startTestBroker(t);
  const secrets = new Map<string, string>();
  const refusals: BrokerResponse[] = [];
  const planted = 'PLANTED-SECRET-0a1b2c3d';

  /** A JWT in whole, its signature, and an assertion's text are all secret. */
  const plant = (name: string, value: string) => {
    secrets.set(name, value);
    const last = value.split('.').at(-1);
    if (last && last !== value) secrets.set(`${name}, signature`, last);
    return value;
  };
  const keep = (response: BrokerResponse) => {
    if (response.status === 200 && response.json.Credentials) {
      secrets.set(`secret key ${secrets.size}`, response.json.Credentials.SecretAccessKey);
      secrets.set(`session token ${secrets.size}`, response.json.Credentials.SessionToken);
    } else {
      refusals.push(response);
    }
    return response;
  };

  // Good ones
  keep(await broker.exchange({ Role: 'deploy' }, plant('good token', await broker.token())));
  keep(await broker.exchange({ Role: 'partner-upload' }, plant('second token', await broker.token())));
  const assertion = plant('assertion', await broker.assertion());
  keep(await broker.exchange({ SAMLResponse: assertion }));
  const keyless = {
    Role: 'auditor',
    SAMLResponse: plant('third assertion', await broker.assertion('carol')),
  };
  keep(await broker.exchange(keyless));
  t.equal(refusals.length, 0);
  plant("the broker's token", broker.sandbox.sts.requests.at(-1)?.parameters['WebIdentityToken'] ?? '');
  const key = createPrivateKey(await readFile(join(broker.keyFolder, 'current.pem')));
  plant('private number of the signing key', String(key.export({ format: 'jwk' }).d));
  for (const line of key.export({ type: 'pkcs8', format: 'pem' }).toString().split('\n').slice(1, -3))
    plant(`signing key ${secrets.size}`, line);

  // Refused ones
  keep(await broker.exchange({ SAMLResponse: assertion }));
  const bobs = plant('tampered assertion', await broker.assertion('bob'));
  const document = Buffer.from(bobs, 'base64').toString().replaceAll('bob', planted);
  keep(
    await broker.exchange({
      SAMLResponse: plant('forged assertion', Buffer.from(document).toString('base64')),
    }),
  );
  keep(await broker.exchange({ SAMLResponse: planted }));
  const mallorys = plant('token without a grant', await broker.token('mallory'));
  keep(await broker.exchange({ Role: 'deploy' }, mallorys));
  keep(await broker.exchange({ Role: 'deploy' }, plant('broken token', `${mallorys.slice(0, -8)}AAAAAAAA`)));
  keep(await broker.exchange({ Role: 'deploy' }, planted));
  keep(
    await broker.exchange(
      { Role: 'deploy' },
      plant('foreign token', await broker.token('alice', { audience: 'other' })),
    ),
  );
  keep(await broker.exchange({ [planted]: 'x' }, await broker.token()));
  keep(await broker.exchange({ Role: 7, [planted]: planted }, await broker.token()));
  const post = (type: string, body: string) =>
    fetch(`${broker.url}/v1/credentials?token=${planted}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
  keep(await readResponse(await post('application/json', `{"SAMLResponse": ${planted}`)));
  keep(await readResponse(await post('application/x-www-form-urlencoded', `${planted}=%zz`)));
  keep(await readResponse(await post(`text/${planted}`, planted)));
  keep(await broker.get(`/v1/${planted}?token=${planted}`, planted));
  const postForm = async (path: string, form: Record<string, string>) =>
    keep(
      await readResponse(
        await fetch(`${broker.url}${path}`, { method: 'POST', body: new URLSearchParams(form) }),
      ),
    );
  const sts = {
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: 'deploy',
    RoleSessionName: 'me',
  };
  await postForm('/', { ...sts, WebIdentityToken: mallorys });
  await postForm('/', { ...sts, WebIdentityToken: planted });
  await postForm('/', { ...sts, WebIdentityToken: planted.repeat(1000) });
  const oauth = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: mallorys,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  };
  await postForm('/oauth/token', { ...oauth, scope: 'deploy' });
  await postForm('/oauth/token', { ...oauth, subject_token: planted });
  await postForm('/oauth/token', { ...oauth, client_secret: planted });
  await postForm('/oauth/token', { ...oauth, subject_token_type: planted });
  // A token in the place of something else.
  await postForm('/', { ...sts, RoleArn: mallorys, WebIdentityToken: 'deploy' });
  await postForm('/', { ...sts, RoleSessionName: mallorys, WebIdentityToken: mallorys });
  await postForm('/oauth/token', { ...oauth, audience: mallorys });
  keep(await broker.exchange({ Role: mallorys }, mallorys));
  keep(await broker.get(`/v1/container-credentials/${mallorys}`, mallorys));
  // STS refuses: the session in the assertion is for a role that is not in it.
  const attributes = {
    'https://aws.amazon.com/SAML/Attributes/Role': `arn:aws:iam::111122223333:role/${planted},x`,
  };
  keep(
    await broker.exchange({
      SAMLResponse: plant('assertion STS refuses', await broker.assertion('alice', { attributes })),
    }),
  );
  t.equal(refusals.length, 26);
  t.ok(refusals.every(({ status }) => status >= 400));

  secrets.set('planted value', planted);
  secrets.set("the broker's own key", 'sandboxSecretSandboxSecretSandboxSecret0');
  const places = {
    log: broker.logged(),
    audit: await readFile(broker.auditFile, 'utf8'),
    metrics: (await broker.get('/metrics')).text,
    published: `${(await broker.get('/.well-known/jwks.json')).text}${(await broker.get('/.well-known/openid-configuration')).text}`,
    refusals: refusals.map(({ text, headers }) => text + JSON.stringify([...headers])).join('\n'),
  };
  for (const [place, text] of Object.entries(places)) {
    t.ok(text.length > 200, `there is something to search in ${place}`);
    for (const [name, secret] of secrets) t.notOk(text.includes(secret), `${name} is not in ${place}`);
  }
  t.match(places.log, /"code":"proof_replayed"/);
});
