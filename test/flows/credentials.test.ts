// POST /v1/credentials end to end: sandbox identity providers, broker, sandbox STS, and the credentials in use.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import t, { type Test } from 'tap';
import {
  type BrokerResponse,
  environmentOf,
  type Keys,
  readResponse,
  startTestBroker,
} from '../support/broker.js';
import { requirePeer } from '../support/peers.js';

const run = promisify(execFile);
const broker = await startTestBroker(t);

async function whoAmI({ AccessKeyId, SecretAccessKey, SessionToken }: Keys) {
  const client = new STSClient({
    region: 'eu-west-1',
    endpoint: broker.sandbox.sts.url,
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  });
  try {
    return await client.send(new GetCallerIdentityCommand({}));
  } finally {
    client.destroy();
  }
}

/** One character of the secret changed. */
const spoilt = (keys: Keys): Keys => ({
  ...keys,
  SecretAccessKey: `${keys.SecretAccessKey.startsWith('x') ? 'y' : 'x'}${keys.SecretAccessKey.slice(1)}`,
});

const audit = async (requestId: string) =>
  (await readFile(broker.auditFile, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter((record) => record.RequestId === requestId);

function checkWhole(t: Test, response: BrokerResponse, role: string, operation: string) {
  t.equal(response.status, 200, response.text);
  t.match(response.json.Credentials, {
    AccessKeyId: /^ASIA[A-Z0-9]{16}$/,
    SecretAccessKey: /^.{40}$/,
    SessionToken: /^.{100,}$/,
    Expiration: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  });
  t.match(response.json.Sallyport, { Role: role, Operation: operation, RequestId: /^[0-9a-f-]{36}$/ });
  t.equal(response.headers.get('cache-control'), 'no-store');
}

t.test('an OIDC JWT yields credentials through AssumeRoleWithWebIdentity', async (t) => {
  const response = await broker.exchange({ Role: 'deploy' }, await broker.token());
  checkWhole(t, response, 'deploy', 'AssumeRoleWithWebIdentity');
  t.match(response.json, {
    AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/deploy/deploy-alice' },
    SubjectFromWebIdentityToken: 'alice',
    Audience: 'sallyport',
    Sallyport: { Grant: 'release-engineers', DurationLimitedBy: 'role' },
  });
  t.equal((await whoAmI(response.json.Credentials)).Arn, response.json.AssumedRoleUser.Arn);

  const [intent, issued, ...more] = await audit(response.json.Sallyport.RequestId);
  t.strictSame(more, []);
  t.match(intent, { Event: 'intent', Principal: { Issuer: 'corp', Subject: 'alice' }, Role: 'deploy' });
  t.match(issued, {
    Event: 'issued',
    Session: { Name: 'deploy-alice', DurationSeconds: 900 },
    Issued: { AccessKeyId: response.json.Credentials.AccessKeyId, StsRequestId: /^[0-9a-f-]{36}$/ },
  });
});

t.test('a SAML response yields credentials through AssumeRoleWithSAML once', async (t) => {
  const SAMLResponse = await broker.assertion();
  const response = await broker.exchange({ Role: 's3-reader', SAMLResponse });
  checkWhole(t, response, 's3-reader', 'AssumeRoleWithSAML');
  t.match(response.json, {
    Issuer: broker.sandbox.saml.entityId,
    SubjectType: /^(persistent|.*emailAddress)$/,
  });
  t.match((await whoAmI(response.json.Credentials)).Arn, /:assumed-role\/S3Reader\//);

  const again = await broker.exchange({ Role: 's3-reader', SAMLResponse });
  t.equal(again.status, 401);
  t.match(again.json, { code: 'proof_replayed', detail: /Get a new one/ });
  const [denied] = await audit(again.json.requestId);
  t.match(denied, { Event: 'denied', Error: { Code: 'proof_replayed' }, ProofType: 'saml' });
});

t.test('a signed assertion, a signed response and both are accepted', async (t) => {
  for (const signature of ['assertion', 'response', 'both'] as const) {
    const response = await broker.exchange({ SAMLResponse: await broker.assertion('bob', { signature }) });
    checkWhole(t, response, 's3-reader', 'AssumeRoleWithSAML');
  }
});

t.test('an OIDC JWT yields a federated user with a policy built from claims', async (t) => {
  const response = await broker.exchange({ Role: 'partner-upload' }, await broker.token());
  checkWhole(t, response, 'partner-upload', 'GetFederationToken');
  t.match(response.json, {
    FederatedUser: {
      Arn: 'arn:aws:sts::111122223333:federated-user/alice',
      FederatedUserId: '111122223333:alice',
    },
    PackedPolicySize: Number,
  });
  t.equal((await whoAmI(response.json.Credentials)).Arn, response.json.FederatedUser.Arn);
  const arrived = broker.sandbox.sts.requests.findLast(({ action }) => action === 'GetFederationToken');
  t.match(JSON.parse(arrived?.parameters['Policy'] ?? ''), {
    Statement: [{ Resource: 'arn:aws:s3:::inbox/acme/*' }],
  });
});

t.test('a JWT near the limit of 20,000 characters is accepted', async (t) => {
  const jwt = await broker.token('alice', { claims: { padding: 'x'.repeat(13_500) } });
  t.ok(jwt.length > 18_000 && jwt.length < 20_000, String(jwt.length));
  checkWhole(t, await broker.exchange({ Role: 'deploy' }, jwt), 'deploy', 'AssumeRoleWithWebIdentity');
});

t.test('a form body is equivalent to JSON', async (t) => {
  const body = new URLSearchParams({
    SAMLResponse: await broker.assertion(),
    Role: 's3-reader',
    DurationSeconds: '1800',
  });
  const response = await readResponse(await fetch(`${broker.url}/v1/credentials`, { method: 'POST', body }));
  checkWhole(t, response, 's3-reader', 'AssumeRoleWithSAML');
  t.equal(response.json.Sallyport.DurationLimitedBy, 'request');
});

t.test('a caller can narrow a session if the role permits it', async (t) => {
  const Policy =
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}';
  const PolicyArns = ['arn:aws:iam::aws:policy/ReadOnlyAccess'];
  const narrowed = await broker.exchange(
    { Role: 'deploy', Policy, PolicyArns, DurationSeconds: 3600 },
    await broker.token(),
  );
  checkWhole(t, narrowed, 'deploy', 'AssumeRoleWithWebIdentity');
  const arrived = broker.sandbox.sts.requests.findLast(
    ({ action }) => action === 'AssumeRoleWithWebIdentity',
  );
  t.match(arrived?.parameters, { Policy, 'PolicyArns.member.1.arn': PolicyArns[0], DurationSeconds: '3600' });

  const widening = await broker.exchange({ Role: 'partner-upload', Policy }, await broker.token());
  t.match(widening, { status: 400, json: { code: 'policy_not_narrowing' } });
  const malformed = await broker.exchange(
    { Role: 'deploy', Policy: '{"Version":"1999"}' },
    await broker.token(),
  );
  t.match(malformed, { status: 400, json: { code: 'policy_malformed' } });
});

t.test('requests that are not permitted get an error that says what to do', async (t) => {
  const rows: readonly [what: string, answer: BrokerResponse, status: number, code: string][] = [
    [
      'a role of others',
      await broker.exchange({ Role: 'deploy' }, await broker.token('mallory')),
      403,
      'role_not_permitted',
    ],
    [
      'a role that is not there',
      await broker.exchange({ Role: 'nope' }, await broker.token()),
      403,
      'role_not_permitted',
    ],
    [
      'any role, with none granted',
      await broker.exchange({}, await broker.token('mallory')),
      403,
      'no_role_permitted',
    ],
    ['any role, with two granted', await broker.exchange({}, await broker.token()), 409, 'role_ambiguous'],
    [
      'too long',
      await broker.exchange({ Role: 'deploy', DurationSeconds: 3601 }, await broker.token()),
      400,
      'duration_exceeds_limit',
    ],
    ['no proof', await broker.exchange({ Role: 'deploy' }), 401, 'proof_missing'],
    [
      'a token for another audience',
      await broker.exchange({}, await broker.token('alice', { audience: 'other' })),
      401,
      'audience_mismatch',
    ],
    [
      'two proofs',
      await broker.exchange({ SAMLResponse: await broker.assertion() }, await broker.token()),
      400,
      'proof_ambiguous',
    ],
  ];
  for (const [what, response, status, code] of rows) {
    t.match(response, { status, json: { status, code, type: `urn:sallyport:error:${code}` } }, what);
    t.match(response.headers.get('content-type'), /^application\/problem\+json/, what);
    t.match(response.json.detail, /\.$/, what);
  }
  t.strictSame(rows[3]?.[1].json.Roles, ['deploy', 'partner-upload']);
  t.equal(rows[4]?.[1].json.MaxDurationSeconds, 3600);
  const { requestId: _, ...unknown } = rows[1]?.[1].json ?? {};
  const { requestId: __, ...foreign } = rows[0]?.[1].json ?? {};
  t.strictSame(
    unknown,
    foreign,
    'a role that does not exist and one that is not permitted give the same error',
  );
});

t.test('a repeated request gets cached credentials and is recorded each time', async (t) => {
  const token = () => broker.token('alice', { claims: { cached: 'yes' } });
  const calls = () => broker.sandbox.sts.requests.length;
  const before = calls();
  const first = await broker.exchange({ Role: 'deploy' }, await token());
  const again = await broker.exchange({ Role: 'deploy' }, await token());
  t.equal(calls(), before + 1);
  t.same(again.json.Credentials, first.json.Credentials);
  const { RequestId, ...decided } = again.json.Sallyport;
  t.same({ ...first.json.Sallyport, RequestId, Cached: true }, { ...decided, RequestId });
  const [, issued] = await audit(first.json.Sallyport.RequestId);
  const [handedOut, ...more] = await audit(RequestId);
  t.same(more, [], 'no intent record: STS is not called');
  t.strictSame(handedOut.Issued, { ...issued.Issued, Cached: true });
  t.notSame(handedOut.Principal.ProofId, issued.Principal.ProofId, 'each by its own proof');
  const others = await Promise.all([
    broker.exchange({ Role: 'deploy' }, await broker.token('alice', { claims: { cached: 'no' } })),
    broker.exchange({ Role: 'deploy', DurationSeconds: 1800 }, await token()),
  ]);
  const keys = [first, ...others].map(({ json }) => json.Credentials.AccessKeyId);
  t.equal(new Set(keys).size, 3, 'other callers get other credentials');
  const { text } = await broker.get('/metrics');
  t.match(text, /sallyport_credential_cache_uses_total\{use="hit",role="deploy"\} [1-9]/);
  t.match(text, /sallyport_credential_cache_entries [1-9]/);
});

t.test('GET /v1/roles lists the permitted roles and GET /v1/identity the principal', async (t) => {
  const jwt = await broker.token();
  const roles = await broker.get('/v1/roles', jwt);
  t.match(roles.json.Roles, [
    { Role: 'deploy', Operation: 'AssumeRoleWithWebIdentity', MaxDurationSeconds: 3600, ProofType: 'oidc' },
    { Role: 'partner-upload', Operation: 'GetFederationToken', MaxDurationSeconds: 43_200 },
  ]);
  const identity = await broker.get('/v1/identity', jwt);
  t.match(identity.json, {
    Issuer: 'corp',
    IssuerType: 'oidc',
    Subject: 'alice',
    Claims: { groups: ['analysts'] },
  });
  t.match(await broker.get('/v1/roles'), { status: 401, json: { code: 'proof_missing' } });
});

t.test('health, readiness, metrics and API description are served', async (t) => {
  t.match(await broker.get('/healthz'), { status: 200, json: { status: 'ok' } });
  t.match(await broker.get('/readyz'), {
    status: 200,
    json: { status: 'ready', checks: { audit: true, store: true } },
  });
  t.match((await broker.get('/metrics')).text, /sallyport_exchanges_total\{.*outcome="issued"\} \d/);
  t.match(
    (await broker.get('/metrics')).text,
    /sallyport_packed_policy_size_percent_count\{role="partner-upload"\} [1-9]/,
  );
  t.match((await broker.get('/openapi.json')).json, { openapi: '3.1.0', paths: { '/v1/credentials': {} } });
});

t.test('a token that leaves out claims gets only roles that do not depend on them', async (t) => {
  const sources = { src1: { endpoint: 'https://graph.example/members' } };
  const leavingOut = (name: string) =>
    broker.token('alice', { claims: { _claim_names: { [name]: 'src1' }, _claim_sources: sources } });

  checkWhole(
    t,
    await broker.exchange({ Role: 'deploy' }, await leavingOut('groups')),
    'deploy',
    'AssumeRoleWithWebIdentity',
  );
  const refused = await broker.exchange({ Role: 'deploy' }, await leavingOut('repository_id'));
  t.equal(refused.status, 403);
  t.match(refused.json, {
    code: 'role_not_permitted',
    detail: /Groups assigned to the application.*app roles/,
  });
  t.match(await audit(refused.json.requestId), [
    { Event: 'denied', Error: { Code: 'role_not_permitted', Reason: 'grants.claims_omitted' } },
  ]);
  t.match(
    broker.logged(),
    /"grantsWithOmittedClaims":\[\{"id":"release-engineers","claims":\["repository_id"\]/,
  );
  t.notMatch(refused.text, /release-engineers/);
});

t.test('the AWS CLI uses the credentials, and STS refuses them with one character changed', async (t) => {
  const aws = requirePeer(t, 'AWS CLI');
  if (aws === undefined) return;
  const { json } = await broker.exchange({ Role: 'deploy' }, await broker.token());
  const call = (keys: Keys) =>
    run(aws, ['sts', 'get-caller-identity', '--endpoint-url', broker.sandbox.sts.url], {
      env: environmentOf(keys),
    });
  const { stdout } = await call(json.Credentials);
  t.equal(JSON.parse(stdout).Arn, json.AssumedRoleUser.Arn);
  await t.rejects(call(spoilt(json.Credentials)), /SignatureDoesNotMatch/);
});

t.test('boto3 uses the credentials, and STS refuses them with one character changed', async (t) => {
  const python = requirePeer(t, 'boto3');
  if (python === undefined) return;
  const { json } = await broker.exchange({ SAMLResponse: await broker.assertion() });
  const script = `import boto3,sys; print(boto3.client("sts", endpoint_url=sys.argv[1]).get_caller_identity()["Arn"])`;
  const call = (keys: Keys) =>
    run(python, ['-c', script, broker.sandbox.sts.url], { env: environmentOf(keys) });
  t.equal((await call(json.Credentials)).stdout.trim(), json.AssumedRoleUser.Arn);
  await t.rejects(call(spoilt(json.Credentials)), /SignatureDoesNotMatch/);
});
