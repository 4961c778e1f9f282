// `sallyport doctor`: each check, passing and failing. The checks change nothing.
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { selfSignedCertificate } from '@sallyport/sandbox/internal/saml/certificate';
import { startSandbox } from '@sallyport/sandbox/internal/sandbox';
import t, { type Test } from 'tap';
import type { DoctorFinding } from '../../src/cli/doctor/finding.js';
import { checkMachine } from '../../src/cli/doctor/machine.js';
import { checkSts } from '../../src/cli/doctor/sts.js';
import type { Config } from '../../src/config/schema/config.js';
import { runToEnd, spawnToEnd } from '../support/command.js';
import { configOf } from '../support/policy.js';

const sandbox = await startSandbox();
t.teardown(() => sandbox.close());

const DAY = 86_400_000;
const NOW = new Date('2026-11-21T12:00:00Z');

/** Hides the AWS configuration of this machine. */
const ENVIRONMENT = {
  PATH: process.env['PATH'],
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
};

const ROLES = `
  web: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/deploy" }
  jump:
    via: AssumeRole
    roleArn: arn:aws:iam::111122223333:role/Jump
    session: { duration: 1h, maxDuration: 8h }
  admin:
    via: AssumeRole
    roleArn: arn:aws:iam::444455556666:role/Admin
    externalId: sandbox-external-id
    chain: [arn:aws:iam::111122223333:role/Jump]
  closed: { via: AssumeRole, roleArn: "arn:aws:iam::444455556666:role/Admin" }
  code: { via: AssumeRole, roleArn: "arn:aws:iam::444455556666:role/Admin", mfa: required }
  partner: { via: GetFederationToken }
  own: { via: GetSessionToken }
`;

interface Parts {
  readonly credentials?: string;
  readonly issuer?: string;
  readonly metadata?: string;
  readonly sts?: string;
  readonly roles?: string;
}

function configFile(t: Test, parts: Parts = {}) {
  const credentials = parts.credentials ?? 'sandboxSecretSandboxSecretSandboxSecret0';
  const folder = t.testdir({
    'idp.xml': sandbox.saml.metadata,
    'sallyport.yaml': `
server: { url: http://127.0.0.1:8443 }
aws:
  region: eu-west-1
  endpoint: ${parts.sts ?? sandbox.sts.url}
${credentials && `  credentials: { accessKeyId: AKIASANDBOXSALLYPORT, secretAccessKey: ${credentials} }`}
issuers:
  corp: { type: oidc, issuer: "${parts.issuer ?? sandbox.oidc.issuer}", audience: sallyport }
  idp: { type: saml, metadata: ${parts.metadata ?? 'idp.xml'} }
roles: ${parts.roles ?? ROLES}
grants: [{ id: all, issuer: corp, match: {}, roles: ["*"] }]
audit: { sinks: [{ type: file, path: audit.jsonl }] }
`,
  });
  return { folder, file: join(folder, 'sallyport.yaml') };
}

// The AWS SDK reads `process.env`, also when a command runs in this process.
for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
Object.assign(process.env, ENVIRONMENT);

/** `env`: further variables, for a separate process. */
async function doctor(t: Test, parts: Parts = {}, args: readonly string[] = [], env?: NodeJS.ProcessEnv) {
  const { folder, file } = configFile(t, parts);
  const command = ['doctor', '-c', file, '--json', ...args];
  const ended = env
    ? await spawnToEnd(t, command, { ...ENVIRONMENT, ...env })
    : await runToEnd(t, command, ENVIRONMENT);
  const { ok, findings } = JSON.parse(ended.stdout) as { ok: boolean; findings: readonly DoctorFinding[] };
  t.equal(ended.code, ok ? 0 : 1);
  t.notMatch(`${ended.stdout}${ended.stderr}`, /sandboxSecret|not-the-secret/);
  return { folder, ok, outcomes: Object.fromEntries(findings.map((each) => [each.check, each])) };
}

t.test('doctor prints one line for each passed check', async (t) => {
  const { file, folder } = configFile(t, { roles: '{}' });
  const { code, stdout, stderr } = await runToEnd(t, ['doctor', '--config', file], ENVIRONMENT);
  t.same([code, stderr], [0, '']);
  const expected = [
    /^✓ config: /,
    /^✓ issuer corp: \d keys from http/,
    /^✓ issuer idp: 1 key from /,
    /^✓ STS eu-west-1: .* responds; clock skew 0 s\.$/,
    /^✓ own identity: arn:aws:iam::111122223333:user\/sallyport, with long-term credentials\.$/,
    /^✓ audit .*audit\.jsonl: the file does not exist and can be created\.$/,
    /^✓ store memory: /,
    /^- certificate: /,
  ];
  const lines = stdout.trim().split('\n');
  t.equal(lines.length, expected.length, stdout);
  for (const [index, pattern] of expected.entries()) t.match(lines[index], pattern);
  t.notOk(existsSync(join(folder, 'audit.jsonl')), 'the audit file is not created');
});

t.test('doctor checks roles without assuming them, and assumes them with --try-roles', async (t) => {
  const requested = () => sandbox.sts.requests.filter(({ action }) => action === 'AssumeRole');
  const looked = await doctor(t);
  t.ok(looked.ok);
  t.equal(requested().length, 0, 'no role is assumed without --try-roles');
  t.match(looked.outcomes, {
    'role web': { outcome: 'skipped', message: /needs the proof of a caller/ },
    'role jump': { outcome: 'skipped', message: /--try-roles/ },
    'role code': { outcome: 'skipped', message: /MFA/ },
    'role partner': { outcome: 'ok' },
    'role own': { outcome: 'ok' },
  });
  const tried = await doctor(t, {}, ['--try-roles']);
  t.notOk(tried.ok);
  t.match(tried.outcomes, {
    'role jump': { outcome: 'ok', message: /assumed-role\/Jump\/sallyport-doctor/ },
    'role admin': { outcome: 'ok', message: /assumed-role\/Admin\/sallyport-doctor/ },
    'role closed': { outcome: 'failed', message: /sts\.AccessDenied/, todo: /trust policy/ },
    'role code': { outcome: 'skipped' },
  });
  t.ok(requested().every(({ parameters }) => parameters['DurationSeconds'] === '900'));
});

t.test('doctor reports the limits of temporary credentials', async (t) => {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({
    region: 'eu-west-1',
    endpoint: sandbox.sts.url,
    credentials: {
      accessKeyId: 'AKIASANDBOXSALLYPORT',
      secretAccessKey: 'sandboxSecretSandboxSecretSandboxSecret0',
    },
  });
  t.teardown(() => client.destroy());
  const RoleArn = 'arn:aws:iam::111122223333:role/Jump';
  const { Credentials } = await client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'broker' }));
  const { ok, outcomes } = await doctor(t, { credentials: '' }, [], {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey,
    AWS_SESSION_TOKEN: Credentials?.SessionToken,
  });
  t.notOk(ok);
  t.match(outcomes, {
    'own identity': { outcome: 'ok', message: /assumed-role\/Jump\/broker, with temporary credentials/ },
    'role jump': { outcome: 'warning', message: /at most 1h/ },
    'role admin': { outcome: 'skipped' },
    'role partner': { outcome: 'failed', message: /GetFederationToken/, todo: /IAM user/ },
    'role own': { outcome: 'failed', message: /GetSessionToken/ },
  });
});

t.test('doctor reports an invalid or missing AWS identity', async (t) => {
  const wrong = await doctor(t, { credentials: 'not-the-secret' });
  t.match(wrong.outcomes, {
    'own identity': { outcome: 'failed', message: /sts\.SignatureDoesNotMatch/, todo: /aws\.credentials/ },
    'role jump': { outcome: 'skipped', message: /no identity/ },
  });
  const unneeded = await doctor(t, {
    credentials: '',
    roles: '\n  web: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/deploy" }\n',
  });
  t.ok(unneeded.ok);
  t.match(unneeded.outcomes, { 'own identity': { outcome: 'skipped', message: /no role needs one/ } });
});

t.test('doctor reports unreachable issuers and STS', async (t) => {
  const { ok, outcomes } = await doctor(t, {
    issuer: 'http://127.0.0.1:1',
    metadata: 'http://127.0.0.1:1/metadata',
    sts: 'http://127.0.0.1:1',
  });
  t.notOk(ok);
  t.match(outcomes, {
    'issuer corp': { outcome: 'failed', message: /fetch\.connection/, todo: /network/ },
    'issuer idp': { outcome: 'failed', message: /cannot be fetched/ },
    'STS eu-west-1': { outcome: 'failed', message: /does not respond/ },
    'own identity': { outcome: 'failed', message: /sts\./ },
  });
});

t.test('doctor reports an invalid config and wrong usage', async (t) => {
  const { file } = configFile(t, { roles: '\n  it: { via: Magic }\n' });
  const faulty = await runToEnd(t, ['doctor', '-c', file], ENVIRONMENT);
  t.match(faulty, { code: 1, stdout: /^✗ config: /, stderr: /roles\.it\.via/ });
  t.match(await runToEnd(t, ['doctor']), { code: 2, stdout: '', stderr: /^error: / });
});

const all = async (findings: AsyncGenerator<DoctorFinding>) => {
  const found: DoctorFinding[] = [];
  for await (const finding of findings) found.push(finding);
  return found;
};

t.test('doctor reports clock skew to STS', async (t) => {
  let date: string | undefined;
  const server = createServer((_, response) => {
    response.sendDate = false;
    if (date !== undefined) response.setHeader('date', date);
    response.writeHead(302, { location: 'https://aws.amazon.com/iam' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config: Config = { ...configOf({}, []), aws: { region: 'eu-west-1', endpoint } };
  const rows: [seconds: number | undefined, outcome: string][] = [
    [0, 'ok'],
    [60, 'ok'],
    [-62, 'warning'],
    [299, 'warning'],
    [302, 'failed'],
    [-3600, 'failed'],
    [undefined, 'warning'],
  ];
  for (const [seconds, outcome] of rows) {
    date = seconds === undefined ? undefined : new Date(NOW.getTime() + seconds * 1000).toUTCString();
    const [finding, ...more] = await all(checkSts(config, {}, () => NOW));
    t.equal(finding?.outcome, outcome, `${seconds} s: ${finding?.message}`);
    t.same(more, []);
  }
});

t.test('doctor checks audit log, store, and certificate', async (t) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificate = (from: number, until: number) => {
    const at = (days: number) => new Date(NOW.getTime() + days * DAY);
    const der = selfSignedCertificate(privateKey, 'sallyport.corp.example', at(from), at(until));
    return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  };
  const folder = t.testdir({
    key,
    good: certificate(-1, 90),
    soon: certificate(-1, 20),
    ended: certificate(-9, -1),
    early: certificate(1, 90),
    file: '',
  });
  const base = configOf({}, []);
  const examine = async (parts: Partial<Config>) => {
    const findings = await all(checkMachine({ ...base, ...parts }, () => NOW));
    return Object.fromEntries(findings.map((finding) => [finding.check.split(' ')[0], finding]));
  };
  const withCertificate = (cert: string, url = base.server.url) =>
    examine({ server: { url, tls: { cert: join(folder, cert), key: join(folder, 'key') } } });
  const rows: [found: Awaited<ReturnType<typeof examine>>, outcome: string, message: RegExp][] = [
    [await withCertificate('good'), 'ok', /^for sallyport\.corp\.example, valid until 2027-02-19\.$/],
    [await withCertificate('soon'), 'warning', /expires on 2026-12-11/],
    [await withCertificate('ended'), 'failed', /expired on 2026-11-20/],
    [await withCertificate('early'), 'failed', /not valid before 2026-11-22/],
    [await withCertificate('good', 'https://other.example'), 'warning', /does not cover other\.example/],
    [await withCertificate('nothing'), 'failed', /ENOENT/],
    [await examine({}), 'skipped', /http/],
  ];
  for (const [{ certificate: found }, outcome, message] of rows) t.match(found, { outcome, message });

  const audit = async (path: string) =>
    (await examine({ audit: { sinks: [{ type: 'file', path: join(folder, path) }] } }))['audit'];
  t.match(await audit('file'), { outcome: 'ok', message: /is writable/ });
  t.match(await audit('new'), { outcome: 'ok', message: /can be created/ });
  t.match(await audit('nowhere/file'), { outcome: 'failed', message: /ENOENT/ });
  t.match(await audit('file/under-a-file'), { outcome: 'failed', message: /ENOTDIR/ });
  if (process.getuid?.() !== 0) {
    mkdirSync(join(folder, 'theirs'));
    chmodSync(join(folder, 'theirs'), 0o500);
    t.match(await audit('theirs/file'), { outcome: 'failed', message: /EACCES/ });
  }
  t.match((await examine({}))['audit'], { outcome: 'ok', message: /stdout/ });

  t.match((await examine({}))['store'], { outcome: 'ok', check: 'store memory' });
  const unavailable = await examine({ store: { type: 'redis', url: 'redis://127.0.0.1:1' } });
  t.match(unavailable['store'], { outcome: 'failed', message: /proofs cannot be claimed/ });
  const store = { type: 'redis', url: 'rediss://127.0.0.1:1', tls: { ca: join(folder, 'none') } } as const;
  t.match((await examine({ store }))['store'], { outcome: 'failed', message: /tls\.ca/ });
});
