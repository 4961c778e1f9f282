// Console sign-in end to end: broker, sandbox STS and sign-in endpoint, command line, browser. Also the two calls that the
// broker makes for itself: GetCallerIdentity and DecodeAuthorizationMessage.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeAuthorizationMessage } from '@sallyport/sandbox/internal/sts/authorization-messages';
import t, { type Test } from 'tap';
import { startBroker } from '../../src/cli/start-broker.js';
import { createLog } from '../../src/telemetry/log.js';
import { readResponse, startTestBroker } from '../support/broker.js';
import { runToEnd } from '../support/command.js';

const broker = await startTestBroker(t);
const { consoleSignin } = broker.sandbox;

/** Another broker over the same sandbox, with its config changed. */
async function startOther(t: Test, change: (config: string) => string) {
  const text = change(await readFile(broker.configFile, 'utf8'))
    .replace(/port: \d+/, 'port: 0')
    .replace(/path: .*audit.jsonl/, 'path: ./audit.jsonl');
  const folder = t.testdir({ 'sallyport.yaml': text });
  const started = await startBroker(join(folder, 'sallyport.yaml'), createLog('silent'), {});
  if (!started.ok) throw new Error(JSON.stringify(started.errors));
  t.teardown(() => started.broker.close());
  return { url: started.url, auditFile: join(folder, 'audit.jsonl') };
}

async function post(url: string, path: string, body: object, jwt?: string) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(jwt !== undefined && { authorization: `Bearer ${jwt}` }),
    },
    body: JSON.stringify(body),
  });
  const answer = await readResponse(response);
  return { ...answer, json: answer.json as unknown as Readonly<Record<string, unknown>> };
}
const consoleOf = async (body: object, jwt?: string) =>
  post(broker.url, '/v1/console', body, jwt ?? (await broker.token()));

async function recordsOf(file: string, requestId: unknown) {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line)).filter(({ RequestId }) => RequestId === requestId);
}

/** Follows a sign-in URL as a browser does. */
async function open(url: unknown) {
  const login = await fetch(String(url), { redirect: 'manual' });
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  return (await fetch(login.headers.get('location') ?? '', { headers: { cookie } })).text();
}

t.test('a JWT and an assertion yield console sessions that are recorded first', async (t) => {
  const before = consoleSignin.requests.length;
  const answer = await consoleOf({
    Role: 'deploy',
    Destination: 'https://eu-west-1.console.aws.amazon.com/ecs/home',
    SessionDuration: 3600,
  });
  t.equal(answer.status, 200, answer.text);
  t.equal(answer.headers.get('cache-control'), 'no-store');
  t.same(Object.keys(answer.json).sort(), [
    'Expires',
    'Sallyport',
    'SessionDuration',
    'SessionDurationLimitedBy',
    'SigninUrl',
  ]);
  t.match(answer.json, {
    SessionDuration: 3600,
    SessionDurationLimitedBy: 'request',
    Expires: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    Sallyport: { Role: 'deploy', Operation: 'AssumeRoleWithWebIdentity', Grant: 'release-engineers' },
  });
  const { SigninUrl, Sallyport } = answer.json;
  const url = new URL(String(SigninUrl));
  t.equal(url.searchParams.get('Issuer'), broker.url);
  t.same(
    consoleSignin.requests.slice(before),
    [{ method: 'POST', url: '/federation' }],
    'no key is in a URL',
  );
  t.match(await open(SigninUrl), 'assumed-role/deploy/deploy-alice');

  const { RequestId } = Sallyport as { RequestId: string };
  const records = await recordsOf(broker.auditFile, RequestId);
  t.same(
    records.map(({ Event }) => Event),
    ['intent', 'issued'],
  );
  t.match(records[1], {
    Surface: 'console',
    Console: { Destination: 'https://eu-west-1.console.aws.amazon.com/ecs/home', SessionDuration: 3600 },
    Issued: { AccessKeyId: /^ASIA/, ConsoleUrlExpires: answer.json['Expires'] },
  });

  const saml = await post(broker.url, '/v1/console', { SAMLResponse: await broker.assertion() });
  t.match(await open(saml.json['SigninUrl']), 'assumed-role/S3Reader/alice@corp.example');
  const user = await consoleOf({ Role: 'partner-upload' });
  t.match(await open(user.json['SigninUrl']), 'federated-user/alice');

  const token = url.searchParams.get('SigninToken') ?? 'none';
  for (const place of [
    broker.logged(),
    await readFile(broker.auditFile, 'utf8'),
    (await broker.get('/metrics')).text,
  ])
    t.notMatch(place, token, 'the sign-in token is nowhere else');
});

t.test('console requests that are not permitted are refused', async (t) => {
  const callsBefore = broker.sandbox.sts.requests.length;
  const rows: [what: string, body: object, user: string, status: number, code: string][] = [
    ['an unknown field', { Role: 'deploy', Issuer: 'x' }, 'alice', 400, 'parameter_invalid'],
    ['too short', { Role: 'deploy', SessionDuration: 899 }, 'alice', 400, 'parameter_invalid'],
    ['too long', { Role: 'deploy', SessionDuration: 43_201 }, 'alice', 400, 'parameter_invalid'],
    ['above the role', { Role: 'deploy', SessionDuration: 7200 }, 'alice', 400, 'duration_exceeds_limit'],
    ['a federated user', { Role: 'partner-upload', SessionDuration: 900 }, 'alice', 400, 'parameter_invalid'],
    [
      'elsewhere',
      { Role: 'deploy', Destination: 'https://evil.example/' },
      'alice',
      400,
      'parameter_invalid',
    ],
    ['no grant', { Role: 'deploy' }, 'mallory', 403, 'role_not_permitted'],
    ['which?', {}, 'alice', 409, 'role_ambiguous'],
  ];
  for (const [what, body, user, status, code] of rows) {
    const answer = await consoleOf(body, await broker.token(user));
    t.match(answer, { status, json: { code } }, what);
    t.notMatch(answer.text, /SigninUrl|evil\.example/, what);
  }
  t.match(await post(broker.url, '/v1/console', {}), { status: 401, json: { code: 'proof_missing' } });
  t.equal(broker.sandbox.sts.requests.length, callsBefore, 'STS was not called');
});

t.test('console sign-in works for AssumeRole and role chains, not for GetSessionToken', async (t) => {
  const roles = `
  jump:
    via: AssumeRole
    roleArn: arn:aws:iam::111122223333:role/Jump
    session: { duration: 1h, maxDuration: 8h }
  admin:
    via: AssumeRole
    roleArn: arn:aws:iam::444455556666:role/Admin
    externalId: sandbox-external-id
    chain: [arn:aws:iam::111122223333:role/Jump]
  own:
    via: GetSessionToken
`;
  const other = await startOther(t, (config) =>
    config.replace('\nroles:\n', `\nroles:${roles}`).replace('roles: [deploy]', 'roles: ["*"]'),
  );
  const ask = async (body: object) => post(other.url, '/v1/console', body, await broker.token());
  const long = await ask({ Role: 'jump', SessionDuration: 28_800 });
  t.match(await open(long.json['SigninUrl']), 'assumed-role/Jump/alice');
  const chained = await ask({ Role: 'admin' });
  t.match(await open(chained.json['SigninUrl']), 'assumed-role/Admin/alice');
  t.match(await ask({ Role: 'admin', SessionDuration: 900 }), {
    status: 400,
    json: { code: 'parameter_invalid' },
  });
  const callsBefore = broker.sandbox.sts.requests.length;
  const own = await ask({ Role: 'own' });
  t.match(own, { status: 400, json: { code: 'console_not_supported', detail: /GetSessionToken/ } });
  t.equal(broker.sandbox.sts.requests.length, callsBefore, 'STS was not called');
  const [record, ...more] = await recordsOf(other.auditFile, own.json['requestId']);
  t.match(record, { Event: 'denied', Surface: 'console', Error: { Code: 'console_not_supported' } });
  t.same(more, []);
});

t.test('an unavailable AWS sign-in endpoint fails the request and is recorded', async (t) => {
  const other = await startOther(t, (config) =>
    config.replace(/signinEndpoint: .*/, 'signinEndpoint: http://127.0.0.1:1/federation'),
  );
  const answer = await post(other.url, '/v1/console', { Role: 'deploy' }, await broker.token());
  t.match(answer, { status: 503, json: { code: 'signin_unavailable' } });
  t.equal(answer.headers.get('retry-after'), '5');
  const records = await recordsOf(other.auditFile, answer.json['requestId']);
  t.match(records, [
    { Event: 'intent' },
    { Event: 'failed', Error: { Code: 'signin_unavailable', Reason: 'signin.connection' } },
  ]);
  t.equal(records.length, 2);
});

t.test('sallyport console prints or opens the sign-in URL', async (t) => {
  const folder = t.testdir({ jwt: `${await broker.token()}\n`, saml: await broker.assertion() });
  const opened = join(folder, 'opened');
  const browser = join(folder, 'browser');
  await writeFile(browser, `#!/bin/sh\nprintf %s "$1" > ${opened}\n`);
  await chmod(browser, 0o755);
  const env = { ...process.env, SALLYPORT_URL: broker.url, BROWSER: browser };
  const run = (...args: string[]) => runToEnd(t, ['console', ...args], env);

  const plain = await run('deploy', '--token-file', join(folder, 'jwt'));
  t.match(plain, { code: 0, stderr: '' });
  t.match(await open(plain.stdout.trim()), 'assumed-role/deploy/deploy-alice');
  const saml = await run('--assertion-command', `cat ${join(folder, 'saml')}`, '--json');
  t.match(JSON.parse(saml.stdout), { Sallyport: { Role: 's3-reader' } });
  const quiet = await run(
    'deploy',
    '--token-file',
    join(folder, 'jwt'),
    '--open',
    '--session-duration',
    '1h',
  );
  t.match(quiet, { code: 0, stdout: '', stderr: /^Opened in the browser/ });
  t.notMatch(quiet.stderr, /SigninToken/);
  t.match(await open(await readFile(opened, 'utf8')), 'assumed-role/deploy/deploy-alice');

  const rows: [args: string[], code: number, stderr: RegExp][] = [
    [['deploy'], 2, /specify one of --token-file, .*, or set SALLYPORT_TOKEN/],
    [
      ['deploy', '--token-file', 'a', '--audience', 'b'],
      2,
      /--audience can only be used with --github-actions/,
    ],
    [['deploy', '--token-env', 'SALLYPORT_NO'], 1, /variable SALLYPORT_NO is not set/],
    [['deploy', '--token-file', 'a', '--token-command', 'b'], 2, /cannot be used with/],
    [['deploy', '--token-file', 'a', '--open', '--json'], 2, /cannot be used with/],
    [['deploy', '--token-file', join(folder, 'nothing')], 1, /ENOENT/],
    [
      ['deploy', '--token-command', 'echo PLANTED >&2; exit 7'],
      1,
      /^sallyport: The proof command failed .*exit code 7/,
    ],
    [['deploy', '--token-command', 'true'], 1, /The proof is empty/],
    [
      ['nope', '--token-file', join(folder, 'jwt')],
      1,
      /The role does not exist.*\(role_not_permitted, request/,
    ],
    [
      [
        ...['deploy', '--token-file', join(folder, 'jwt')],
        ...['--serial-number', 'arn:aws:iam::111122223333:mfa/m', '--token-code', '123456'],
      ],
      1,
      /AssumeRoleWithWebIdentity does not support SerialNumber and TokenCode/,
    ],
    [['--token-file', join(folder, 'jwt')], 1, /Your roles: deploy, partner-upload\./],
    [
      ['deploy', '--token-file', join(folder, 'jwt'), '--broker', 'http://127.0.0.1:1'],
      1,
      /does not respond/,
    ],
    [['deploy', '--token-file', join(folder, 'jwt'), '--broker', 'http://sallyport.example'], 1, /https/],
  ];
  for (const [args, code, stderr] of rows) {
    const ended = await run(...args);
    t.match(ended, { code, stdout: '', stderr }, args.slice(0, 3).join(' '));
    t.notMatch(ended.stderr, /PLANTED|eyJ/);
  }
});

t.test('decoding an authorization message requires the permission and is recorded', async (t) => {
  const decision = {
    explicitDeny: true,
    principal: { id: 'AROAEXAMPLE:alice', arn: 'arn:aws:sts::111122223333:assumed-role/deploy/alice' },
    action: 'ec2:StopInstances',
    resource: 'arn:aws:ec2:eu-west-1:111122223333:instance/i-1',
    conditions: {},
  };
  const EncodedMessage = encodeAuthorizationMessage(decision);
  const decode = async (body: object, user = 'alice') =>
    post(broker.url, '/v1/decode-authorization-message', body, await broker.token(user));
  const exchanged = (await broker.get('/metrics')).text.match(/^sallyport_exchanges_total.*$/gm);
  const answer = await decode({ EncodedMessage });
  t.equal(answer.status, 200, answer.text);
  t.equal(answer.headers.get('cache-control'), 'no-store');
  t.same(Object.keys(answer.json), ['DecodedMessage']);
  t.match(JSON.parse(String(answer.json['DecodedMessage'])), {
    explicitDeny: true,
    context: { action: 'ec2:StopInstances' },
  });
  const call = broker.sandbox.sts.requests.at(-1);
  t.match(call, { action: 'DecodeAuthorizationMessage', caller: /user\/sallyport$/ });
  const audit = (await readFile(broker.auditFile, 'utf8')).trim().split('\n');
  const record = JSON.parse(audit.at(-1) ?? '');
  t.match(record, {
    Event: 'decoded',
    Surface: 'decode-authorization-message',
    Principal: { Subject: 'alice' },
    StsRequestId: call?.requestId,
  });
  t.notMatch(audit.join(), /StopInstances/);
  t.notMatch(audit.join(), EncodedMessage);

  const rows: [what: string, body: object, user: string, status: number, code: string][] = [
    ['no permission', { EncodedMessage }, 'bob', 403, 'permission_missing'],
    ['no message', {}, 'alice', 400, 'parameter_invalid'],
    ['an empty one', { EncodedMessage: '' }, 'alice', 400, 'parameter_invalid'],
    ['one too long', { EncodedMessage: 'x'.repeat(10_241) }, 'alice', 400, 'parameter_invalid'],
    ['one that is none', { EncodedMessage: 'x'.repeat(10_240) }, 'alice', 400, 'encoded_message_invalid'],
  ];
  for (const [what, body, user, status, code] of rows)
    t.match(await decode(body, user), { status, json: { code } }, what);
  const refused = await decode({ EncodedMessage }, 'bob');
  t.match(await recordsOf(broker.auditFile, refused.json['requestId']), [
    { Event: 'denied', Principal: { Subject: 'bob' }, Error: { Code: 'permission_missing' } },
  ]);
  t.same(
    (await broker.get('/metrics')).text.match(/^sallyport_exchanges_total.*$/gm),
    exchanged,
    'it is no exchange',
  );
});

t.test("/readyz shows the broker's own AWS identity or the error", async (t) => {
  const readyz = async (url: string) => (await fetch(`${url}/readyz`)).json();
  const identity = {
    status: 'known',
    arn: 'arn:aws:iam::111122223333:user/sallyport',
    account: '111122223333',
  };
  t.match(await readyz(broker.url), { status: 'ready', identity });
  const callsBefore = broker.sandbox.sts.requests.length;
  t.match(await readyz(broker.url), { identity });
  t.equal(broker.sandbox.sts.requests.length, callsBefore, 'and caches it');
  const other = await startOther(t, (config) =>
    config.replace(/secretAccessKey: \S+/, 'secretAccessKey: not-the-secret'),
  );
  const wrong = await readyz(other.url);
  t.match(wrong, {
    status: 'ready',
    identity: {
      status: 'failed',
      code: 'broker_credentials_invalid',
      reason: 'sts.SignatureDoesNotMatch',
      detail: /Ask the operator/,
    },
  });
  t.notMatch(JSON.stringify(wrong), /not-the-secret|AKIA/);
  const decoded = await post(
    other.url,
    '/v1/decode-authorization-message',
    { EncodedMessage: 'x' },
    await broker.token(),
  );
  t.match(decoded, { status: 502, json: { code: 'broker_credentials_invalid' } });
});
