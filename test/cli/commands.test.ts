// The command line: output, streams, and exit codes.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { MAIN, runToEnd, start } from '../support/command.js';
import { fromRoot } from '../support/paths.js';
import { requirePeer } from '../support/peers.js';

/** Hides a `dev` that the developer runs. */
const isolated = (folder: string) => ({ ...process.env, TMPDIR: folder });

t.test('every command has help; --version prints the version', async (t) => {
  const help = await runToEnd(t, ['--help']);
  t.equal(help.code, 0);
  for (const command of [
    'serve',
    'exec',
    'console',
    'doctor',
    'dev',
    'demo',
    'sandbox',
    'sidecar',
    'token',
    'assertion',
    'openapi',
    'check',
    'explain',
    'diff',
    'issuer',
    'schema',
  ]) {
    t.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
    const own = await runToEnd(t, [command, '--help']);
    t.match(own, { code: 0, stdout: new RegExp(`^Usage: sallyport ${command}`) });
  }
  t.match(await runToEnd(t, ['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
});

t.test('wrong usage prints an error on stderr and has exit code 2', async (t) => {
  for (const args of [
    ['serve'],
    ['nope'],
    ['dev', '--port', '99999'],
    ['serve', '-c', 'x', '--log-level', 'loud'],
    ['token'],
  ]) {
    t.match(await runToEnd(t, args), { code: 2, stdout: '', stderr: /^error: / }, args.join(' '));
  }
});

t.test('demo: every step has the expected result and the table fits 100 columns', async (t) => {
  const { code, stdout } = await runToEnd(t, ['demo']);
  t.equal(code, 0, stdout);
  t.match(stdout, /12 of 12 steps had the expected result/);
  t.match(stdout, /assumed-role\/Auditor\/carol, tags team=compliance, SourceIdentity=carol@corp\.example$/m);
  t.ok(
    stdout.split('\n').every((line) => line.length <= 100),
    'fits 100 columns',
  );
  t.match(
    stdout,
    /^ok +alice .* deploy \(repeated\) +none \(cached\) .*\n +assumed-role\/deploy\/deploy-alice$/m,
  );
  for (const operation of ['AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'GetFederationToken']) {
    t.match(stdout, new RegExp(`^ok .*${operation} `, 'm'));
  }
  for (const code of ['role_not_permitted', 'proof_invalid', 'proof_replayed', 'duration_exceeds_limit']) {
    t.match(stdout, new RegExp(`denied: 4\\d\\d ${code}`));
  }
});

t.test(
  'dev prints its state as JSON, serves token and assertion, and removes its files on SIGINT',
  async (t) => {
    const folder = t.testdir();
    const env = isolated(folder);
    const { TMPDIR } = process.env;
    process.env['TMPDIR'] = folder;
    t.teardown(() => {
      if (TMPDIR === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = TMPDIR;
    });
    const missing = await runToEnd(t, ['token', '--user', 'alice'], env);
    t.match(missing, { code: 1, stdout: '', stderr: /npm run dev/ });

    const dev = start(t, ['dev', '--json'], env);
    const state = JSON.parse(await dev.line('stdout', /^\{/));
    t.match(state, {
      signIn: /\/login\/people$/,
      broker: /^http:\/\/127\.0\.0\.1:\d+$/,
      sts: /^http:\/\/127\.0\.0\.1:\d+$/,
      oidc: { issuer: /^http/ },
      saml: { metadata: /^http/, sso: /^http/ },
      config: /sallyport\.yaml$/,
      users: [{ name: 'alice' }, { name: 'bob' }, { name: 'carol' }, { name: 'mallory' }],
    });

    const post = async (body: URLSearchParams, authorization?: string) =>
      fetch(`${state.broker}/v1/credentials`, {
        method: 'POST',
        body,
        ...(authorization !== undefined && { headers: { authorization } }),
      });
    const token = await runToEnd(t, ['token', '--user', 'alice'], env);
    t.equal(
      (await post(new URLSearchParams({ Role: 'deploy' }), `Bearer ${token.stdout.trim()}`)).status,
      200,
    );
    const assertion = await runToEnd(t, ['assertion', '--user', 'alice'], env);
    t.equal((await post(new URLSearchParams({ SAMLResponse: assertion.stdout.trim() }))).status, 200);

    const special = await runToEnd(
      t,
      [
        'token',
        '--user',
        'bob',
        '--audience',
        'x',
        '--lifetime',
        '5m',
        '--claim',
        'team=red',
        '--claim',
        'level=3',
      ],
      env,
    );
    const claims = JSON.parse(Buffer.from(special.stdout.split('.')[1] ?? '', 'base64url').toString());
    t.match(claims, { sub: 'bob', aud: 'x', team: 'red', level: 3 });
    t.equal(claims.exp - claims.iat, 300);
    t.match(await runToEnd(t, ['token', '--user', 'nobody'], env), {
      code: 1,
      stdout: '',
      stderr: /no user "nobody"/,
    });

    t.ok(existsSync(state.config));
    dev.child.kill('SIGINT');
    t.match(await dev.finished, { code: 0 });
    t.notOk(existsSync(state.config), 'its files are deleted');
    t.match(await runToEnd(t, ['token', '--user', 'alice'], env), { code: 1 }, 'its state file is deleted');
  },
);

t.test('dev: the printed commands work', { timeout: 60_000 }, async (t) => {
  if (!requirePeer(t, 'AWS CLI')) return;
  if (!requirePeer(t, 'curl')) return;
  const folder = t.testdir();
  const env = { ...isolated(folder), HOME: folder, XDG_CACHE_HOME: folder };
  const dev = start(t, ['dev'], env);
  let said = '';
  dev.child.stdout.on('data', (text: string) => {
    said += text;
  });
  await dev.line('stdout', /^docs\/clients\.md/);
  const pasted = said
    .slice(said.indexOf('Paste these'))
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) =>
      line.replaceAll('npx sallyport', `'${process.execPath}' '${MAIN}'`).replace(' --open', ''),
    );
  t.equal(pasted.length, 7);
  for (const line of pasted) {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line], { env });
    t.match(stdout, /"AccessKeyId":|"Arn":.*deploy-alice|^http.*SigninToken=/, line);
  }
});

t.test('sandbox runs without a broker until stopped', async (t) => {
  const sandbox = start(t, ['sandbox', '--json']);
  const { sts, oidc, saml } = JSON.parse(await sandbox.line('stdout', /^\{/));
  t.equal((await fetch(`${oidc.issuer}/.well-known/openid-configuration`)).status, 200);
  t.equal((await fetch(saml.metadata)).status, 200);
  const response = await fetch(sts, {
    method: 'POST',
    body: new URLSearchParams({ Action: 'Nope', Version: '2011-06-15' }),
  });
  t.match(await response.text(), /<Code>InvalidAction<\/Code>/);
  sandbox.child.kill('SIGTERM');
  t.match(await sandbox.finished, { code: 0 });
});

t.test('serve uses the STS endpoint in the config or in AWS_ENDPOINT_URL_STS', async (t) => {
  const sandbox = start(t, ['sandbox', '--json']);
  const { sts, oidc } = JSON.parse(await sandbox.line('stdout', /^\{/));
  const config = (endpoint: string) => `
server: { url: http://127.0.0.1:1, listen: { port: 0 } }
aws: { region: eu-west-1${endpoint} }
issuers: { corp: { type: oidc, issuer: ${oidc.issuer}, audience: sallyport } }
roles: { deploy: { via: AssumeRoleWithWebIdentity, roleArn: 'arn:aws:iam::111122223333:role/deploy' } }
grants: [{ id: all, issuer: corp, match: {}, roles: [deploy] }]
`;
  const folder = t.testdir({ 'a.yaml': config(`, endpoint: ${sts}`), 'b.yaml': config('') });
  const { fetchToken } = await import('@sallyport/sandbox/internal/oidc/fetch-token');
  const jwt = await fetchToken(oidc.issuer, {
    user: 'alice',
    password: 'sandbox-alice',
    audience: 'sallyport',
  });
  for (const [file, env] of [
    ['a.yaml', {}],
    ['b.yaml', { AWS_ENDPOINT_URL_STS: sts }],
  ] as const) {
    const server = start(t, ['serve', '--config', join(folder, file)], { ...process.env, ...env });
    const { url } = JSON.parse(await server.line('stderr', /"listening"/));
    const response = await fetch(`${url}/v1/credentials`, {
      method: 'POST',
      headers: { authorization: `Bearer ${jwt}` },
    });
    t.equal(response.status, 200, file);
    server.child.kill('SIGTERM');
    const { code, stdout } = await server.finished;
    t.equal(code, 0);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).Event);
    t.strictSame(records, ['intent', 'issued'], 'stdout contains only the audit log');
  }
});

t.test('serve reports all config errors together and has exit code 1', async (t) => {
  const file = join(t.testdir({}), 'bad.yaml');
  await writeFile(
    file,
    `server: { url: https://sallyport.example, listen: { host: 0.0.0.0 } }
aws: { region: nowhere }
issuers:
  ci: { type: oidc, issuer: http://ci.example, audience: a }
  idp: { type: saml, metadata: missing.xml }
roles:
  deploy: { via: AssumeRoleWithWebIdentity, roleArn: arn:aws:iam::111122223333:role/x, session: { name: "\${claims}" } }
grants:
  - { id: a, issuer: nobody, match: {}, roles: [deploy] }
audit: { sinks: [{ type: file, path: nowhere/audit.jsonl }] }
`,
  );
  const { code, stdout, stderr } = await runToEnd(t, ['serve', '--config', file]);
  t.equal(code, 1);
  t.equal(stdout, '');
  for (const [line, path] of [
    [1, 'server.listen.host'],
    [2, 'aws.region'],
    [4, 'issuers.ci.issuer'],
    [5, 'issuers.idp.metadata'],
    [7, 'roles.deploy.session.name'],
    [9, 'grants.0.issuer'],
    [10, 'audit.sinks.0.path'],
  ]) {
    t.match(stderr, new RegExp(`^${file}:${line}:\\d+: ${path}: .*\\.$`, 'm'), `${path}`);
  }
  t.match(stderr, /^7 errors/m);
  t.match(await runToEnd(t, ['serve', '--config', 'missing.yaml']), {
    code: 1,
    stderr: /Cannot read the config file \(ENOENT\)/,
  });
});

t.test('openapi.yaml in the repository is up to date', async (t) => {
  const { stdout } = await runToEnd(t, ['openapi']);
  t.equal(stdout, await readFile(fromRoot('openapi.yaml'), 'utf8'), 'run `npm run openapi`');
});
