// Other protocols end to end, with independent clients: STS (POST /) and OAuth (POST /oauth/token). The credentials are
// used.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { readExample } from '@sallyport/sandbox/internal/sandbox';
import * as oauth from 'openid-client';
import t, { type Test } from 'tap';
import { environmentOf, startTestBroker } from '../support/broker.js';
import { ROOT } from '../support/paths.js';
import { requirePeer } from '../support/peers.js';

const run = promisify(execFile);
const DEPLOY = 'arn:aws:iam::111122223333:role/deploy';
const READER = 'arn:aws:iam::111122223333:role/S3Reader';
const PROVIDER = 'arn:aws:iam::111122223333:saml-provider/SandboxIdp';

/** The config of the sandbox, and a role whose callers name the session. */
const config = (await readExample('sallyport.yaml')).replace(
  '\ngrants:\n',
  `  named-by-caller:
    via: GetFederationToken
    session:
      name: "\${request.RoleSessionName}"
      policyArns: [arn:aws:iam::aws:policy/ReadOnlyAccess]

grants:
  - { id: namers, issuer: corp, match: { repository_id: "789" }, roles: [named-by-caller] }
`,
);
const broker = await startTestBroker(t, { config });
const folder = await mkdtemp(join(tmpdir(), 'sallyport-sts-'));
t.teardown(() => rm(folder, { recursive: true }));

/** A file with the token, as a platform writes it. */
async function tokenFile(text: string): Promise<string> {
  const file = join(folder, `token-${Math.random()}`);
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

/** What a program printed, and what it complained of. */
const outcome = (command: string, args: readonly string[], env: NodeJS.ProcessEnv) =>
  run(command, args, { env, cwd: ROOT }).then(
    ({ stdout }) => ({ stdout, stderr: '' }),
    ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => ({ stdout, stderr }),
  );

const base = {
  PATH: '/usr/bin:/bin',
  HOME: folder,
  AWS_REGION: 'eu-west-1',
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

const post = async (form: Record<string, string> | string, headers: Record<string, string> = {}) => {
  const response = await fetch(broker.url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

const webIdentity = async (more: Record<string, string> = {}) => ({
  Action: 'AssumeRoleWithWebIdentity',
  Version: '2011-06-15',
  RoleArn: DEPLOY,
  RoleSessionName: 'from-the-sdk',
  WebIdentityToken: await broker.token(),
  ...more,
});

/** The text of an XML element that is there once. */
const textIn = (xml: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

t.test('the JS SDK needs only three environment variables', async (t: Test) => {
  const script = `
    import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
    const outcomes = [];
    for (const role of process.argv.slice(1)) {
      process.env.AWS_ROLE_ARN = role;
      const client = new STSClient({ endpoint: process.env.SANDBOX_STS, maxAttempts: 1 });
      try {
        const { Arn } = await client.send(new GetCallerIdentityCommand({}));
        const { accountId, expiration } = await client.config.credentials();
        outcomes.push({ Arn, accountId, expiration });
      } catch ({ name, message }) {
        outcomes.push({ name, message });
      }
    }
    process.stdout.write(JSON.stringify(outcomes));`;
  const roles = [DEPLOY, 'partner-upload', 'urn:sallyport:role:named-by-caller', 'nowhere'];
  const { stdout, stderr } = await outcome(
    process.execPath,
    ['--input-type=module', '-e', script, ...roles],
    {
      ...base,
      SANDBOX_STS: broker.sandbox.sts.url,
      AWS_ENDPOINT_URL_STS: broker.url,
      AWS_WEB_IDENTITY_TOKEN_FILE: await tokenFile(`${await broker.token()}\n`),
    },
  );
  t.match(
    JSON.parse(stdout),
    [
      {
        Arn: 'arn:aws:sts::111122223333:assumed-role/deploy/deploy-alice',
        accountId: '111122223333',
        expiration: /Z$/,
      },
      { Arn: 'arn:aws:sts::111122223333:federated-user/alice', accountId: '111122223333' },
      { Arn: /^arn:aws:sts::111122223333:federated-user\/aws-sdk-js-session-\d+$/ },
      {
        name: 'AccessDenied',
        message:
          /^The role does not exist, or you are not permitted to use it\. .* \(role_not_permitted, request [0-9a-f-]{36}\)$/,
      },
    ],
    stderr,
  );
});

t.test('the AWS CLI calls both actions with --endpoint-url', async (t: Test) => {
  const aws = requirePeer(t, 'AWS CLI');
  if (aws === undefined) return;
  const sts = (...args: readonly string[]) =>
    outcome(
      aws,
      ['sts', ...args, '--no-sign-request', '--endpoint-url', broker.url, '--output', 'json'],
      base,
    );
  const saml = ['assume-role-with-saml', '--role-arn', READER, '--principal-arn', PROVIDER];
  const token = await broker.token();
  const web = ['assume-role-with-web-identity', '--role-session-name', 'cli', '--web-identity-token', token];
  const [byToken, byAssertion, refused] = await Promise.all([
    sts(...web, '--role-arn', DEPLOY, '--duration-seconds', '1800'),
    sts(...saml, '--saml-assertion', await broker.assertion()),
    sts(...saml, '--saml-assertion', await broker.assertion('mallory')),
  ]);
  const answer = JSON.parse(byToken.stdout);
  t.match(answer, {
    SubjectFromWebIdentityToken: 'alice',
    AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/deploy/deploy-alice' },
  });
  const { stdout } = await run(
    aws,
    ['sts', 'get-caller-identity', '--endpoint-url', broker.sandbox.sts.url, '--output', 'json'],
    { env: environmentOf(answer.Credentials) },
  );
  t.equal(JSON.parse(stdout).Arn, answer.AssumedRoleUser.Arn, 'the credentials work');
  t.match(JSON.parse(byAssertion.stdout), {
    Issuer: broker.sandbox.saml.entityId,
    AssumedRoleUser: { Arn: /assumed-role\/S3Reader\// },
  });
  t.match(
    refused.stderr,
    /\(AccessDenied\) when calling the AssumeRoleWithSAML operation: .*\(role_not_permitted, request /,
  );
});

t.test('the response has the wire format of STS', async (t: Test) => {
  const { status, headers, text } = await post(await webIdentity());
  t.equal(status, 200, text);
  const id = headers.get('x-amzn-requestid') ?? '';
  t.match(id, /^[0-9a-f-]{36}$/);
  t.match(headers.get('content-type'), /^text\/xml/);
  t.equal(headers.get('cache-control'), 'no-store');
  const shape = text
    .replaceAll(id, 'ID')
    .replace(/<(AccessKeyId|SecretAccessKey|SessionToken|Expiration|AssumedRoleId)>[^<]+/g, '<$1>…');
  t.equal(
    shape,
    `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>alice</SubjectFromWebIdentityToken>
    <Provider>arn:aws:iam::111122223333:oidc-provider/${new URL(broker.sandbox.oidc.issuer).host}</Provider>
    <Audience>sallyport</Audience>
    <AssumedRoleUser>
      <AssumedRoleId>…</AssumedRoleId>
      <Arn>arn:aws:sts::111122223333:assumed-role/deploy/deploy-alice</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>…</AccessKeyId>
      <SecretAccessKey>…</SecretAccessKey>
      <SessionToken>…</SessionToken>
      <Expiration>…</Expiration>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata>
    <RequestId>ID</RequestId>
  </ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>
`,
  );
  t.match(textIn(text, 'Expiration'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

  const json = await post(await webIdentity(), { accept: 'application/json' });
  t.match(JSON.parse(json.text), {
    AssumeRoleWithWebIdentityResponse: {
      AssumeRoleWithWebIdentityResult: { Credentials: { Expiration: Number } },
    },
  });
});

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';

t.test('an OAuth client library exchanges tokens', async (t: Test) => {
  const server = { issuer: broker.url, token_endpoint: `${broker.url}/oauth/token` };
  const client = new oauth.Configuration(server, 'anyone', undefined, oauth.None());
  oauth.allowInsecureRequests(client);
  const ask = (parameters: Record<string, string>) =>
    oauth.genericGrantRequest(client, TOKEN_EXCHANGE, parameters);
  const jwt = { subject_token: await broker.token(), subject_token_type: `${TYPE}jwt` };

  const byArn = await ask({ ...jwt, resource: DEPLOY });
  t.match(byArn, {
    issued_token_type: 'urn:sallyport:params:oauth:token-type:aws-credentials',
    token_type: 'n_a',
    AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/deploy/deploy-alice' },
    Sallyport: { Role: 'deploy' },
  });
  t.ok(byArn.expires_in !== undefined && byArn.expires_in > 600 && byArn.expires_in <= 900);
  const { Version, ...credentials } = JSON.parse(byArn.access_token);
  t.equal(Version, 1);
  t.strictSame(credentials, byArn['Credentials']);
  const sts = new STSClient({
    region: 'eu-west-1',
    endpoint: broker.sandbox.sts.url,
    credentials: {
      accessKeyId: credentials.AccessKeyId,
      secretAccessKey: credentials.SecretAccessKey,
      sessionToken: credentials.SessionToken,
    },
  });
  t.teardown(() => sts.destroy());
  t.match(await sts.send(new GetCallerIdentityCommand({})), {
    Arn: 'arn:aws:sts::111122223333:assumed-role/deploy/deploy-alice',
  });

  const user = 'arn:aws:sts::111122223333:federated-user/alice';
  for (const named of [
    { audience: 'partner-upload' },
    { scope: 'partner-upload' },
    { resource: 'urn:sallyport:role:partner-upload' },
  ])
    t.match(await ask({ ...jwt, ...named }), { FederatedUser: { Arn: user } });

  const response = Buffer.from(await broker.assertion(), 'base64').toString('base64url');
  const bySaml = await ask({ subject_token: response, subject_token_type: `${TYPE}saml2`, resource: READER });
  t.match(bySaml, { AssumedRoleUser: { Arn: /:assumed-role\/S3Reader\// } });

  const refusalOf = (parameters: Record<string, string>) =>
    ask(parameters).then(
      () => undefined,
      ({ error, error_description, status }) => ({ error, error_description, status }),
    );
  t.match(await refusalOf({ ...jwt, resource: `${DEPLOY}er` }), {
    error: 'invalid_target',
    error_description: /^The role does not exist, or you are not permitted to use it\. /,
    status: 400,
  });
  t.match(await refusalOf({ ...jwt, subject_token: 'a.b.c' }), { error: 'invalid_request', status: 400 });
  const whole = Buffer.from(await broker.assertion(), 'base64').toString();
  const alone = /<(\w+:)?Assertion[ >].*<\/\1?Assertion>/s.exec(whole)?.[0] ?? '';
  t.match(
    await refusalOf({
      subject_token: Buffer.from(alone).toString('base64url'),
      subject_token_type: `${TYPE}saml2`,
    }),
    { error: 'invalid_request', error_description: /^This is an Assertion without its Response\./ },
  );
});
