// An unmodified AWS SDK for JavaScript gets credentials from the broker or from a sidecar, configured by environment
// variables alone, and uses them.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Secret } from '@sallyport/client/internal/secret';
import t, { type Test } from 'tap';
import { Sidecar } from '../../src/sidecar/sidecar.js';
import { startTestBroker } from '../support/broker.js';
import { startFaultProxy } from '../support/fault-proxy.js';

/** Every other place where the SDK looks is empty. */
function useContainer(t: Test, url: string, tokenFile: string): void {
  const environment = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    AWS_REGION: 'eu-west-1',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, environment);
  t.teardown(() => {
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before);
  });
}

t.test('the AWS SDK needs only a URL and a token file', async (t) => {
  const broker = await startTestBroker(t);
  const tokenFile = join(t.testdir(), 'token');
  await writeFile(tokenFile, await broker.token('bob'));
  const whoAmI = async () => {
    const sts = new STSClient({ endpoint: broker.sandbox.sts.url });
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
    const { expiration } = await sts.config.credentials();
    sts.destroy();
    return { Arn, minutes: ((expiration?.getTime() ?? 0) - Date.now()) / 60_000 };
  };
  const url = `${broker.url}/v1/container-credentials`;

  await t.test('fetches and uses credentials', async (t) => {
    await writeFile(tokenFile, await broker.token('alice'));
    useContainer(t, `${url}/deploy`, tokenFile);
    const { Arn, minutes } = await whoAmI();
    t.equal(Arn, 'arn:aws:sts::111122223333:assumed-role/deploy/deploy-alice');
    t.ok(minutes > 55, `the role's default of 15 minutes would make an SDK fetch on every use: ${minutes}`);
  });

  await t.test('the SDK uses a rotated token at the next fetch', async (t) => {
    useContainer(t, `${url}/partner-upload`, tokenFile);
    await writeFile(tokenFile, await broker.token('alice'));
    t.match((await whoAmI()).Arn, /federated-user\/alice/);
  });

  await t.test('each fetch is in the audit log with its surface', async (t) => {
    const records = (await readFile(broker.auditFile, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.match(records.at(-1), {
      Event: 'issued',
      Surface: 'container-credentials',
      Principal: { Subject: 'alice' },
      Role: 'partner-upload',
    });
  });

  await t.test('the SDK fetches from a sidecar, also while the broker is unavailable', async (t) => {
    const network = await startFaultProxy(t, broker.url);
    const silent = () => {};
    let ahead = 0;
    const sidecar = await Sidecar.start({
      broker: network.url,
      roles: [{ role: 'deploy', durationSeconds: 3600 }],
      getProof: async () => ({ type: 'oidc', value: new Secret(await broker.token('alice')) }),
      log: { debug: silent, info: silent, warn: silent, error: silent },
      now: () => new Date(Date.now() + ahead),
    });
    t.teardown(() => sidecar.close());
    await writeFile(tokenFile, sidecar.authorizationToken.reveal());
    useContainer(t, sidecar.url('deploy'), tokenFile);
    t.match((await whoAmI()).Arn, /assumed-role\/deploy\/deploy-alice/);
    const tried = new Promise<void>((resolve) =>
      network.use({
        instead: (client) => {
          client.destroy();
          resolve();
        },
      }),
    );
    ahead = 50 * 60_000;
    t.match((await whoAmI()).Arn, /assumed-role\/deploy\/deploy-alice/);
    await tried;
    ahead = 61 * 60_000;
    const response = await fetch(sidecar.url(), {
      headers: { authorization: sidecar.authorizationToken.reveal() },
    });
    t.equal(response.status, 503, 'what has ended is not served');
  });

  await t.test('the broker returns the reason of a refusal, which the SDK does not show', async (t) => {
    const jwt = await broker.token('mallory');
    const response = await fetch(`${url}/deploy`, { headers: { authorization: jwt } });
    const missing = await fetch(`${url}/nonexistent`, { headers: { authorization: jwt } });
    const [refused, unknown] = [await response.json(), await missing.json()];
    t.equal(response.status, 403);
    t.match(refused, { code: 'role_not_permitted', Code: 'role_not_permitted', Message: /GET \/v1\/roles/ });
    t.equal(missing.status, 403);
    const withoutId = ({ requestId, message }: { requestId: string; message: string }) =>
      message.replace(requestId, '');
    t.equal(withoutId(unknown), withoutId(refused), 'a role that does not exist looks the same');
  });
});
