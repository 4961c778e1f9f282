// Keyless mode end to end: STS never sees the caller's proof. The broker signs a token, the sandbox STS fetches the
// broker's keys, and the credentials are used.
import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { loadIam } from '@sallyport/sandbox/internal/iam/load';
import { startSts } from '@sallyport/sandbox/internal/sts/server';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import t from 'tap';
import { readSigningKeys } from '../../src/config/key-folder.js';
import { generateKey, retireKey, rotateKeys } from '../../src/issuance/oidc-issuer/rotate-keys.js';
import {
  environmentOf,
  type Keys,
  readResponse,
  startTestBroker,
  type TestBroker,
} from '../support/broker.js';
import { runToEnd } from '../support/command.js';
import { requirePeer } from '../support/peers.js';

const run = promisify(execFile);

const AUDITOR = 'arn:aws:iam::111122223333:role/Auditor';
const ARCHIVE = 'arn:aws:iam::111122223333:role/Archive';

/** The trust policy that the config reference tells to paste, for this broker. */
const documented = /```json\n(\{[\s\S]*?oidc-provider[\s\S]*?)```/.exec(
  await readFile('docs/configuration.md', 'utf8'),
)?.[1];
const trust = JSON.stringify(JSON.parse(documented ?? ''))
  .replaceAll('sallyport.corp.example', '${sandbox:broker.host}')
  .replace('adfs:*', 'idp:*');

const IAM = `
accounts:
  "111122223333":
    oidcProviders: [{ url: "\${sandbox:broker.url}", clientIds: [sts.amazonaws.com] }]
    roles:
      Auditor:
        maxSessionDuration: 43200
        trust: ${trust}
        policies: [{ Version: "2012-10-17", Statement: { Effect: Allow, Action: "sts:*", Resource: "${ARCHIVE}" } }]
      Strong: { trust: ${trust.replace('"StringLike"', '"ForAnyValue:StringEquals":{"${sandbox:broker.host}:amr":"mfa"},"StringLike"')} }
      Archive:
        trust:
          Version: "2012-10-17"
          Statement:
            Effect: Allow
            Principal: { AWS: "${AUDITOR}" }
            Action: [sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity]
            Condition: { StringEquals: { "aws:PrincipalTag/team": compliance, "aws:SourceIdentity": carol@corp.example } }
`;

const CONFIG = `
server: { url: "\${sandbox:broker.url}", listen: { host: 127.0.0.1, port: \${sandbox:broker.port} } }
aws: { region: eu-west-1, endpoint: "\${sandbox:sts.url}" }
issuers:
  corp: { type: oidc, issuer: "\${sandbox:oidc.issuer}", audience: sallyport }
  idp: { type: saml, metadata: "\${sandbox:saml.metadata}", audience: aws }
webIdentity: { keys: "\${sandbox:keys}" }
roles:
  auditor:
    via: AssumeRoleWithWebIdentity
    webIdentity: broker
    roleArn: ${AUDITOR}
    cache: off # each request is to reach STS
    session:
      maxDuration: 12h
      tags: { team: "\${claims.team}", desk: "7" }
      transitiveTags: [team]
      sourceIdentity: "\${claims.email}"
  strong: { via: AssumeRoleWithWebIdentity, webIdentity: broker, roleArn: "arn:aws:iam::111122223333:role/Strong" }
grants:
  - { id: all, issuer: [corp, idp], match: {}, roles: ["*"] }
audit: { sinks: [{ type: file, path: "\${sandbox:audit}" }] }
limits: { perAddress: { requests: 1000000, per: 1m }, perPrincipal: { requests: 1000000, per: 1m } }
`;

const folder = t.testdir({ 'iam.yaml': IAM });
const start = (config = CONFIG) =>
  startTestBroker(t, { config, sandbox: { iamFile: join(folder, 'iam.yaml') } });
const broker = await start();

const asCarol = async (body: object = {}, at: TestBroker = broker) =>
  at.exchange({ Role: 'auditor', SAMLResponse: await at.assertion('carol'), ...body });

function clientOf(url: string, keys?: Keys): STSClient {
  const client = new STSClient({
    endpoint: url,
    region: 'eu-west-1',
    maxAttempts: 1,
    ...(keys && {
      credentials: {
        accessKeyId: keys.AccessKeyId,
        secretAccessKey: keys.SecretAccessKey,
        sessionToken: keys.SessionToken,
      },
    }),
  });
  t.teardown(() => client.destroy());
  return client;
}

const LANES = 4;

/** The token that came to STS last. */
const tokenAtSts = ({ sandbox }: TestBroker = broker) =>
  sandbox.sts.requests.at(-1)?.parameters['WebIdentityToken'] ?? '';

t.test(
  'a SAML caller assumes a role with a token of the broker, including tags and source identity',
  async (t) => {
    const response = await asCarol({ DurationSeconds: 43_200 });
    t.equal(response.status, 200, response.json.code);
    t.match(response.json, {
      AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/Auditor/carol' },
      SubjectFromWebIdentityToken: 'idp:carol',
      Audience: 'sts.amazonaws.com',
      SourceIdentity: 'carol@corp.example',
      PackedPolicySize: Number,
      Sallyport: { Operation: 'AssumeRoleWithWebIdentity', DurationLimitedBy: 'SessionNotOnOrAfter' },
    });
    const [call] = broker.sandbox.sts.requests.slice(-1);
    t.match(call, {
      action: 'AssumeRoleWithWebIdentity',
      caller: undefined,
      parameters: { RoleArn: AUDITOR, RoleSessionName: 'carol', DurationSeconds: /^28[78]\d\d$/ },
    });
    const token = tokenAtSts();
    t.match(decodeJwt(token), {
      iss: broker.url,
      aud: 'sts.amazonaws.com',
      sub: 'idp:carol',
      'https://aws.amazon.com/tags': {
        principal_tags: { team: ['compliance'], desk: ['7'] },
        transitive_tag_keys: ['team'],
      },
      'https://aws.amazon.com/source_identity': 'carol@corp.example',
    });
    const { exp = 0, iat = 0 } = decodeJwt(token);
    t.equal(exp - iat, 300);

    const sts = clientOf(broker.sandbox.sts.url, response.json.Credentials);
    t.equal((await sts.send(new GetCallerIdentityCommand({}))).Arn, response.json.AssumedRoleUser.Arn);
    const onward = { RoleArn: ARCHIVE, RoleSessionName: 'carol' };
    const archive = await sts.send(new AssumeRoleCommand(onward));
    t.equal(archive.SourceIdentity, 'carol@corp.example', 'the source identity is inherited');
    const retagged = new AssumeRoleCommand({ ...onward, Tags: [{ Key: 'TEAM', Value: 'other' }] });
    await t.rejects(sts.send(retagged), { message: /conflicts with a transitive tag key/ }, 'so is the tag');
    const untagged = new AssumeRoleCommand({ ...onward, Tags: [{ Key: 'desk', Value: '8' }] });
    t.ok(await sts.send(untagged), 'and the other is not');
  },
);

t.test('the AWS CLI uses the credentials', async (t) => {
  const aws = requirePeer(t, 'AWS CLI');
  if (aws === undefined) return;
  const env = environmentOf((await asCarol()).json.Credentials);
  const endpoint = ['--endpoint-url', broker.sandbox.sts.url];
  const { stdout } = await run(aws, ['sts', 'get-caller-identity', ...endpoint], { env });
  t.match(JSON.parse(stdout), { Arn: 'arn:aws:sts::111122223333:assumed-role/Auditor/carol' });
});

t.test('any proof type works, and trust policies can distinguish callers', async (t) => {
  const jwt = await broker.token('carol');
  const roles = await broker.get('/v1/roles', jwt);
  const [auditor] = roles.json.Roles as [Record<string, unknown>];
  t.match(auditor, { Role: 'auditor', RoleArn: AUDITOR, MaxDurationSeconds: 43_200 });
  t.notOk('ProofType' in auditor, 'any proof');
  const calls = broker.sandbox.sts.requests.length;
  const response = await broker.exchange({ Role: 'auditor' }, jwt);
  t.match(response, { status: 502, json: { code: 'sts_access_denied' } }, 'only idp:* is trusted');
  t.equal(broker.sandbox.sts.requests.length, calls + 1);
  t.equal(decodeJwt(tokenAtSts()).sub, 'corp:carol');
  t.notOk(tokenAtSts().includes(jwt.split('.')[1] ?? ''), "the caller's own token is not forwarded");
});

t.test('a trust policy can require MFA if the IdP asserts it', async (t) => {
  const strong = async (attributes: Record<string, string> = {}) =>
    broker.exchange({ Role: 'strong', SAMLResponse: await broker.assertion('carol', { attributes }) });
  t.match(await strong(), { status: 502, json: { code: 'sts_access_denied' } });
  const said = 'http://schemas.microsoft.com/claims/multipleauthn';
  const several = await strong({ 'http://schemas.microsoft.com/claims/authnmethodsreferences': said });
  t.equal(several.status, 200, several.json.code);
});

t.test('issuer documents are public, cacheable and identical to the exported files', async (t) => {
  const target = t.testdir();
  const exported = await runToEnd(t, ['issuer', 'export', target, '--config', broker.configFile]);
  t.match(exported, { code: 0, stderr: '' });
  for (const path of ['/.well-known/openid-configuration', '/.well-known/jwks.json']) {
    const served = await broker.get(path);
    t.equal(served.status, 200);
    t.match(Object.fromEntries(served.headers), {
      'content-type': /^application\/json/,
      'cache-control': 'public, max-age=300',
    });
    t.equal(await readFile(join(target, path), 'utf8'), served.text, path);
    t.match(exported.stdout, join(target, path));
  }
  const posted = await readResponse(await fetch(`${broker.url}/.well-known/jwks.json`, { method: 'POST' }));
  t.match(posted, { status: 405, json: { code: 'method_not_allowed' } });
});

/** Changes the config under a running broker, and waits until it is in use. */
async function change(at: TestBroker, epoch: number, from: string, to: string): Promise<void> {
  const text = await readFile(at.configFile, 'utf8');
  await writeFile(at.configFile, text.replace(from, to));
  await at.untilLogged(new RegExp(`"epoch":${epoch},`));
}

t.test('an audience or issuer unknown to IAM returns an error for the operator', async (t) => {
  const other = await start();
  const rejected = { status: 502, json: { code: 'web_identity_rejected', detail: /Ask the operator/ } };
  await change(other, 2, 'webIdentity: {', 'webIdentity: { audience: another,');
  t.match(await asCarol({}, other), rejected, 'audience');
  t.equal(other.sandbox.sts.requests.at(-1)?.errorCode, 'InvalidIdentityToken');
  await change(other, 3, 'audience: another', 'issuer: "http://127.0.0.1:1"');
  t.match(await asCarol({}, other), rejected, 'issuer');
  t.match((await readFile(other.auditFile, 'utf8')).trim().split('\n').at(-1), /sts\.InvalidIdentityToken/);
  await change(other, 4, 'issuer: "http://127.0.0.1:1",', '');
  t.equal((await asCarol({}, other)).status, 200);

  const text = await readFile(other.configFile, 'utf8');
  const without = text
    .replace(/^webIdentity: .*$/m, '')
    .replaceAll('webIdentity: broker', 'webIdentity: caller');
  await writeFile(other.configFile, without.replace(/^ {6}(?:tags|transitiveTags|sourceIdentity):.*$/gm, ''));
  await other.untilLogged(/"epoch":5,/);
  for (const path of ['/.well-known/openid-configuration', '/.well-known/jwks.json'])
    t.match(await other.get(path), { status: 404, json: { code: 'route_unknown' } });
});

t.test('keys rotate under load without errors, and a retired key is rejected', async (t) => {
  const other = await start();
  const { keyFolder } = other;
  const old = createPrivateKey(await readFile(join(keyFolder, 'current.pem')));
  const signers = new Set<string>();
  const outcomes = new Map<string, number>();
  let requestCount = 0;
  let going = true;
  const lane = async () => {
    while (going) {
      const { status, json } = await asCarol({}, other);
      const outcome = `${status} ${json.code ?? ''}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      requestCount++;
    }
  };
  /** One request more than the concurrency limit: all earlier calls have ended by then. */
  const round = async () => {
    for (const enough = requestCount + LANES + 1; requestCount < enough; ) await asCarol({}, other);
    signers.add(decodeProtectedHeader(tokenAtSts(other)).kid ?? '');
  };
  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  await round();
  let epoch = 1;
  for (let turn = 0; turn < 2; turn++) {
    for (const step of [generateKey, rotateKeys, retireKey]) {
      await step(keyFolder, { now: new Date(), immediately: true });
      epoch++;
      await other.untilLogged(new RegExp(`"epoch":${epoch},`));
      await round();
    }
  }
  going = false;
  await lanes;
  t.strictSame([...outcomes.keys()], ['200 '], JSON.stringify([...outcomes]));
  t.equal(signers.size, 3, 'each key has signed');
  t.comment(`${requestCount} requests`);

  // An STS without cached keys: the old key is no longer published.
  const host = other.url.replace('http://', '');
  const iam = loadIam(IAM, { 'broker.url': other.url, 'broker.host': host });
  const sts = await startSts({ iam });
  t.teardown(() => sts.close());
  const tokenOf = async (key: typeof old, kid: string) =>
    new SignJWT({ sub: 'idp:carol' })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuer(other.url)
      .setAudience('sts.amazonaws.com')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(key);
  const assume = async (key: typeof old, kid: string) =>
    clientOf(sts.url).send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: AUDITOR,
        RoleSessionName: 'carol',
        WebIdentityToken: await tokenOf(key, kid),
      }),
    );
  const [first = ''] = signers;
  const read = await readSigningKeys(keyFolder);
  if (!read.ok) throw new Error('the keys are not valid');
  const { kid, privateKey } = read.keys.signing;
  t.ok((await assume(privateKey, kid)).Credentials);
  await t.rejects(assume(old, first), { name: 'InvalidIdentityTokenException', message: /verification key/ });
  await t.rejects(assume(old, kid), {
    name: 'InvalidIdentityTokenException',
    message: /signature is invalid/,
  });
});
