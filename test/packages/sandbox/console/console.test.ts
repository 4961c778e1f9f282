// The sandbox's console sign-in: the rules of AWS's federation endpoint, its own sample flow in Python, and a browser.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  AssumeRoleCommand,
  type Credentials,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts';
import { startConsoleSignin } from '@sallyport/sandbox/internal/console/server';
import { startSts } from '@sallyport/sandbox/internal/sts/server';
import t, { type Test } from 'tap';
import { requirePeer } from '../../../support/peers.js';
import { NOW } from '../../../support/saml-documents.js';
import { exampleIam, FORM, keysOf, SALLYPORT, send, startSandbox } from '../sts/sandbox.js';

const run = promisify(execFile);
const JUMP = 'arn:aws:iam::111122223333:role/Jump';
const ADMIN = 'arn:aws:iam::444455556666:role/Admin';
const DESTINATION = 'https://console.aws.amazon.com/s3/home?region=eu-west-1';

async function start(t: Test) {
  const sandbox = await startSandbox(t, exampleIam());
  const signin = await startConsoleSignin({
    openSession: sandbox.sts.openSession,
    now: () => sandbox.clock.now,
  });
  t.teardown(() => signin.close());
  const origin = new URL(signin.endpoint).origin;
  const post = (parameters: Record<string, string>) =>
    send(origin, {
      method: 'POST',
      path: '/federation',
      headers: FORM,
      body: new URLSearchParams(parameters).toString(),
    });
  const get = (path: string, headers = {}) => send(origin, { path, headers });
  const tokenOf = async (parameters: Record<string, string>) =>
    String(JSON.parse((await post({ Action: 'getSigninToken', ...parameters })).body).SigninToken);
  return { ...sandbox, signin, origin, post, get, tokenOf };
}

const sessionOf = ({ AccessKeyId, SecretAccessKey, SessionToken }: Partial<Credentials> = {}) =>
  JSON.stringify({ sessionId: AccessKeyId, sessionKey: SecretAccessKey, sessionToken: SessionToken });

const login = (token: string, more: Record<string, string> = {}) =>
  `/federation?${new URLSearchParams({ Action: 'login', Issuer: 'https://broker.example', Destination: DESTINATION, SigninToken: token, ...more })}`;

t.test('getSigninToken accepts role and federated credentials, and SessionDuration for roles', async (t) => {
  const { client, clock, post } = await start(t);
  const jump = await client().send(new AssumeRoleCommand({ RoleArn: JUMP, RoleSessionName: 'alice' }));
  const admin = await client(keysOf(jump.Credentials)).send(
    new AssumeRoleCommand({ RoleArn: ADMIN, RoleSessionName: 'alice', ExternalId: 'sandbox-external-id' }),
  );
  const user = await client().send(new GetFederationTokenCommand({ Name: 'partner' }));
  const own = await client().send(new GetSessionTokenCommand({}));
  const spoilt = { ...jump.Credentials, SecretAccessKey: admin.Credentials?.SecretAccessKey };
  const other = { ...jump.Credentials, AccessKeyId: admin.Credentials?.AccessKeyId };
  const longTerm = { AccessKeyId: SALLYPORT.accessKeyId, SecretAccessKey: SALLYPORT.secretAccessKey };
  const rows: [what: string, session: string, duration: string | undefined, status: number][] = [
    ['a role', sessionOf(jump.Credentials), undefined, 200],
    ['a role, for a time', sessionOf(jump.Credentials), '43200', 200],
    ['too short', sessionOf(jump.Credentials), '899', 400],
    ['too long', sessionOf(jump.Credentials), '43201', 400],
    ['no number', sessionOf(jump.Credentials), '1h', 400],
    ['a chained role', sessionOf(admin.Credentials), undefined, 200],
    ['a chained role, for a time', sessionOf(admin.Credentials), '900', 400],
    ['a federated user', sessionOf(user.Credentials), undefined, 200],
    ['a federated user, for a time', sessionOf(user.Credentials), '900', 400],
    ['GetSessionToken', sessionOf(own.Credentials), undefined, 400],
    ['another secret', sessionOf(spoilt), undefined, 400],
    ['another key id', sessionOf(other), undefined, 400],
    ['long-term keys', sessionOf(longTerm), undefined, 400],
    ['no JSON', 'x', undefined, 400],
    ['nothing', '', undefined, 400],
  ];
  for (const [what, Session, SessionDuration, status] of rows) {
    const response = await post({
      Action: 'getSigninToken',
      Session,
      ...(SessionDuration !== undefined && { SessionDuration }),
    });
    t.equal(response.status, status, what);
    if (status === 200) t.match(JSON.parse(response.body), { SigninToken: /^[\w-]{100,}$/ }, what);
    else t.match(response.body, /Invalid Credentials Parameter/, what);
  }
  clock.now = new Date(clock.now.getTime() + 3_600_000);
  const late = await post({ Action: 'getSigninToken', Session: sessionOf(jump.Credentials) });
  t.equal(late.status, 400, 'expired credentials');
  t.equal((await post({ Action: 'logout' })).status, 400);
  t.equal((await post({})).status, 400);
});

t.test(
  'sign-in token is valid for 15 minutes and for AWS destinations, and the console session expires',
  async (t) => {
    const { client, clock, get, tokenOf } = await start(t);
    const { Credentials } = await client().send(
      new AssumeRoleCommand({ RoleArn: JUMP, RoleSessionName: 'alice', DurationSeconds: 3600 }),
    );
    const token = await tokenOf({ Session: sessionOf(Credentials), SessionDuration: '7200' });
    const response = await get(login(token));
    t.equal(response.status, 302);
    const [cookie = ''] = response.headers['set-cookie'] ?? [];
    t.match(cookie, /^sandbox-console=[\w-]+; Path=\/; HttpOnly; SameSite=Lax$/);
    t.equal(response.headers['cache-control'], 'no-store');
    const { pathname, search } = new URL(response.headers.location ?? '');
    const console = () => get(`${pathname}${search}`, { cookie: cookie.split(';')[0] ?? '' });
    const shown = await console();
    t.equal(shown.status, 200);
    t.match(shown.body, 'arn:aws:sts::111122223333:assumed-role/Jump/alice');
    t.match(shown.body, new Date(NOW.getTime() + 7_200_000).toISOString().replace(/\.\d+/, ''));
    t.match(shown.body, 'https://console.aws.amazon.com/s3/home?region=eu-west-1');
    t.equal((await get('/console')).status, 401, 'no session without it');
    t.equal(
      (await get('/console', { cookie: `sandbox-console=${token}` })).status,
      401,
      'a token is no cookie',
    );

    for (const Destination of [
      'https://evil.example/',
      'http://console.aws.amazon.com/',
      'https://evilaws.amazon.com/',
      '',
    ])
      t.equal((await get(login(token, { Destination }))).status, 400, Destination);
    for (const spoilt of ['', 'x', token.slice(0, -4), cookie.slice(16).split(';')[0] ?? ''])
      t.equal((await get(login(spoilt))).status, 400);

    clock.now = new Date(NOW.getTime() + 899_000);
    t.equal((await get(login(token))).status, 302);
    clock.now = new Date(NOW.getTime() + 900_000);
    t.equal((await get(login(token))).status, 400);
    clock.now = new Date(NOW.getTime() + 7_200_000);
    const ended = await console();
    t.equal(ended.status, 401);
    t.match(ended.body, '<a href="https://broker.example">');
  },
);

/** As AWS's own sample does it: boto3 for the credentials, urllib for the rest. */
const SAMPLE = `
import boto3, json, sys, urllib.parse, urllib.request
sts_url, endpoint, role, method = sys.argv[1:]
sts = boto3.client("sts", endpoint_url=sts_url)
credentials = sts.assume_role(RoleArn=role, RoleSessionName="sample")["Credentials"]
session = json.dumps({
    "sessionId": credentials["AccessKeyId"],
    "sessionKey": credentials["SecretAccessKey"],
    "sessionToken": credentials["SessionToken"],
})
query = "Action=getSigninToken&SessionDuration=43200&Session=" + urllib.parse.quote_plus(session)
request = endpoint + "?" + query if method == "GET" else urllib.request.Request(endpoint, query.encode())
token = json.loads(urllib.request.urlopen(request).read())["SigninToken"]
login = "?Action=login&Issuer=" + urllib.parse.quote_plus("https://broker.example")
login += "&Destination=" + urllib.parse.quote_plus("https://console.aws.amazon.com/")
login += "&SigninToken=" + token
print(endpoint + login)
`;

t.test('AWS sample code for console federation works with boto3, urllib and a browser', async (t) => {
  const python = requirePeer(t, 'boto3');
  if (!python) return;
  const sts = await startSts({ iam: exampleIam() });
  t.teardown(() => sts.close());
  const signin = await startConsoleSignin({ openSession: sts.openSession });
  t.teardown(() => signin.close());
  const env = {
    PATH: '/usr/bin:/bin',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: SALLYPORT.accessKeyId,
    AWS_SECRET_ACCESS_KEY: SALLYPORT.secretAccessKey,
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  const urls: string[] = [];
  for (const method of ['GET', 'POST']) {
    const { stdout } = await run(python, ['-c', SAMPLE, sts.url, signin.endpoint, JUMP, method], { env });
    urls.push(stdout.trim());
    t.match(stdout, /SigninToken=[\w-]{100,}\n$/, method);
  }
  t.match(signin.requests, [{ method: 'GET' }, { method: 'POST', url: '/federation' }]);

  const browser = requirePeer(t, 'Chromium');
  if (!browser) return;
  const home = mkdtempSync(join(tmpdir(), 'sallyport-browser-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const { stdout } = await run(
    browser,
    ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${home}`, '--dump-dom', urls[1] ?? ''],
    { timeout: 60_000 },
  );
  t.match(stdout, 'arn:aws:sts::111122223333:assumed-role/Jump/sample');
  t.match(stdout, 'https://console.aws.amazon.com/');
});
