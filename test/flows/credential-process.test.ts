// credential_process as SDKs run it: the profile that `sallyport configure` writes, used by the AWS CLI and the SDK for
// JavaScript, and its cache on disk.
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import t, { type Test } from 'tap';
import { startTestBroker } from '../support/broker.js';
import { MAIN, runToEnd, spawnToEnd } from '../support/command.js';
import { requirePeer } from '../support/peers.js';

const broker = await startTestBroker(t);
const { sts } = broker.sandbox;
const home = t.testdir({ aws: {} });
const jwt = join(home, 'jwt');
const [config, credentials] = [join(home, 'aws', 'config'), join(home, 'aws', 'credentials')];
const env = {
  PATH: '/usr/bin:/bin',
  HOME: home,
  XDG_CACHE_HOME: join(home, 'cache'),
  SALLYPORT_URL: broker.url,
  AWS_CONFIG_FILE: config,
  AWS_SHARED_CREDENTIALS_FILE: credentials,
};
const credentialProcess = (t: Test, ...args: string[]) =>
  runToEnd(t, ['credential-process', '--token-file', jwt, '--role', ...args], env);
const configure = (t: Test, ...args: string[]) => runToEnd(t, ['configure', ...args], env);
const sessions = () => sts.requests.filter(({ action }) => action !== 'GetCallerIdentity').length;

// It takes a while.
await writeFile(jwt, await broker.token());
const unavailable = credentialProcess(t, 'deploy', '--broker', 'http://127.0.0.1:1');

t.beforeEach(async () => writeFile(jwt, await broker.token()));

t.test('twelve parallel runs share one request, and the next uses the cache', async (t) => {
  const before = sessions();
  // Separate processes, which share only the cache on disk.
  const args = ['credential-process', '--token-file', jwt, '--role', 'deploy'];
  const runs = await Promise.all(Array.from({ length: 12 }, () => spawnToEnd(t, args, env)));
  t.equal(sessions() - before, 1);
  const [first] = runs;
  t.same(new Set(runs.map(({ stdout }) => stdout)), new Set([first?.stdout]));
  t.ok(
    runs.every(({ code, stderr }) => code === 0 && stderr === ''),
    runs.map(({ stderr }) => stderr).join(''),
  );
  const printed = JSON.parse(first?.stdout ?? '');
  t.match(printed, {
    Version: 1,
    AccessKeyId: /^ASIA/,
    Expiration: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    AccountId: '111122223333',
  });
  t.same(Object.keys(printed).sort(), [
    ...['AccessKeyId', 'AccountId', 'Expiration', 'SecretAccessKey', 'SessionToken', 'Version'],
  ]);
  const records = (await readFile(broker.auditFile, 'utf8'))
    .split('\n')
    .filter((line) => /"issued"/.test(line));
  t.equal(records.length, 1, 'the broker was called once');

  await writeFile(jwt, await broker.token('alice', { lifetimeSeconds: 600 }));
  t.equal(
    (await credentialProcess(t, 'deploy')).stdout,
    first?.stdout,
    'with a later token of the same caller',
  );
  t.not((await credentialProcess(t, 'deploy', '--no-cache')).stdout, '');
  const all = (await readFile(broker.auditFile, 'utf8')).split('\n').filter((line) => /"issued"/.test(line));
  t.equal(all.length, 2, 'but for --no-cache');
});

t.test('cached credentials are not shared between callers', async (t) => {
  const alice = await credentialProcess(t, 'partner-upload');
  t.equal(alice.code, 0, alice.stderr);
  await writeFile(jwt, await broker.token('mallory'));
  const mallory = await credentialProcess(t, 'partner-upload');
  t.match(mallory, { code: 1, stdout: '', stderr: /^sallyport: The role does not exist.*request/ });
  await writeFile(jwt, await broker.token('alice', { claims: { team: 'other' } }));
  const changed = await credentialProcess(t, 'partner-upload');
  t.not(changed.stdout, alice.stdout, 'nor the credentials of another team');
});

t.test('errors are one sentence on stderr', async (t) => {
  const expired = await broker.token('alice', { lifetimeSeconds: 1 });
  const rows: [args: string[], code: number, stderr: RegExp][] = [
    [['deploy', '--duration', '12h'], 1, /duration_exceeds_limit/],
    [['deploy', '--token-command', 'x'], 2, /--token-file cannot be used with --token-command/],
    [['deploy', '--audience', 'x'], 2, /--audience can only be used with --github-actions/],
  ];
  for (const [args, code, stderr] of rows)
    t.match(await credentialProcess(t, ...args), { code, stdout: '', stderr }, args.join(' '));
  const stdin = await runToEnd(t, ['credential-process', '--token-file', '-'], env);
  t.match(stdin, { code: 2, stderr: /stdin can be read only once/ });
  await writeFile(jwt, expired.replace(/\.[^.]*$/, '.AAAA'));
  t.match(await credentialProcess(t, 'deploy', '--reason', 'y'), {
    code: 1,
    stdout: '',
    stderr: /proof_invalid/,
  });
});

t.test('credential-process uses the token of a GitHub Actions job', async (t) => {
  const token = await broker.token();
  const server = createServer((request, response) => {
    response.end(JSON.stringify(request.url === '/?audience=sallyport' ? { count: 1, value: token } : {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const runner = {
    ...env,
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-runner',
  };
  const args = ['credential-process', '--github-actions', '--role', 'deploy'];
  t.match(await runToEnd(t, args, runner), { code: 0, stdout: /"Version":1/, stderr: '' });
  t.match(await runToEnd(t, args, env), { code: 1, stdout: '', stderr: /id-token: write/ });
});

t.test('configure previews and writes the AWS profile, and programs use it', async (t) => {
  const stored = '# mine\n[default]\nregion = eu-central-1\n';
  await writeFile(config, stored);
  await chmod(config, 0o640);
  const command = `cat '${jwt}' ; # it's "here"`;
  const args = ['--profile', 'work', '--role', 'deploy', '--region', 'eu-west-1', '--token-command', command];
  const dry = await configure(t, ...args, '--dry-run');
  t.match(dry, {
    code: 0,
    stderr: '',
    stdout: /^\+\[profile work\]\n\+credential_process = .*\n\+region = eu-west-1$/m,
  });
  t.match(await configure(t, ...args), { code: 2, stderr: /stdin is not a terminal/ });
  t.equal(await readFile(config, 'utf8'), stored);
  t.match(await configure(t, ...args, '--yes'), { code: 0, stdout: dry.stdout, stderr: /--profile work$/m });
  const written = await readFile(config, 'utf8');
  t.ok(written.startsWith(`${stored}\n[profile work]\n`));
  t.notMatch(written, /eyJ/, 'no token is in it');
  t.match(await configure(t, ...args, '--yes'), { code: 0, stdout: '', stderr: /already up to date/ });

  await t.test('the SDK for JavaScript', async (t) => {
    t.intercept(process, 'env', { value: { ...process.env, ...env } });
    const client = new STSClient({ profile: 'work', region: 'eu-west-1', endpoint: sts.url });
    const { Arn } = await client.send(new GetCallerIdentityCommand());
    t.match(Arn, /assumed-role\/deploy\/deploy-alice$/);
  });

  await t.test('the AWS CLI', async (t) => {
    const aws = requirePeer(t, 'AWS CLI');
    if (aws === undefined) return;
    const run = (profile: string) =>
      promisify(execFile)(
        aws,
        ['sts', 'get-caller-identity', '--profile', profile, '--endpoint-url', sts.url],
        { env },
      );
    t.match(JSON.parse((await run('work')).stdout), { Arn: /assumed-role\/deploy\/deploy-alice$/ });

    const refused = [
      '--profile',
      'refused',
      '--role',
      'nope',
      '--region',
      'eu-west-1',
      '--token-file',
      jwt,
      '--yes',
    ];
    t.match(await configure(t, ...refused), { code: 0 });
    const { stderr } = await run('refused').catch((error) => error);
    t.match(stderr, /The role does not exist.*role_not_permitted/, 'the user reads why');
  });

  await t.test('configure prompts on a terminal', async (t) => {
    const script = requirePeer(t, 'script');
    if (script === undefined) return;
    const line = `${process.execPath} ${MAIN} configure --profile asked --role deploy --token-file ${jwt}`;
    const answered = (answer: string) =>
      spawnSync(script, ['-qec', line, '/dev/null'], { env, input: `${answer}\n`, encoding: 'utf8' }).stdout;
    t.match(answered('n'), /Write this\? \[y\/N\].*Nothing was written/s);
    t.match(answered('y'), /\+\[profile asked\].*Write this\? \[y\/N\].*The profile was written/s);
    t.match(await readFile(config, 'utf8'), '[profile asked]');
  });
});

t.test('configure does not overwrite existing settings', async (t) => {
  await writeFile(
    config,
    '[profile old]\nrole_arn = arn:aws:iam::1:role/a\naws_secret_access_key = PLANTED\n',
  );
  await writeFile(credentials, '[old]\naws_access_key_id = AKIAEXAMPLE\n');
  const args = ['--profile', 'old', '--role', 'deploy', '--token-file', jwt, '--yes'];
  const refused = await configure(t, ...args);
  t.match(refused, {
    code: 1,
    stderr: /other credential settings \(role_arn, aws_secret_access_key\).*--replace/,
  });
  const replaced = await configure(t, ...args, '--replace');
  t.match(replaced, {
    code: 0,
    stderr: /Warning: .*credentials contains aws_access_key_id for this profile/,
  });
  t.match(replaced, { stderr: /precedence: role_arn, aws_secret_access_key\./, stdout: /^-role_arn = /m });
  t.match(replaced.stdout, /^-aws_secret_access_key = \[redacted\]$/m);
  t.notMatch(replaced.stdout + replaced.stderr, 'PLANTED');
  t.match(await readFile(config, 'utf8'), /^\[profile old\]\ncredential_process = \S*node .*\n$/);
});

t.test('configure writes the bare program name only if PATH resolves it to the same file', async (t) => {
  const bin = join(home, 'bin');
  await mkdir(bin);
  await symlink(MAIN, join(bin, 'sallyport'));
  const args = ['configure', '--profile', 'x', '--token-env', 'CI_JWT', '--dry-run'];
  const found = await runToEnd(t, args, { ...env, PATH: `${bin}:/usr/bin` });
  t.match(
    found.stdout,
    /^\+credential_process = sallyport credential-process --broker \S+ --token-env CI_JWT$/m,
  );
  t.same((await readdir(join(home, 'aws'))).sort(), ['config', 'credentials'], 'no draft is left');
});

t.test('an unavailable broker is retried for some seconds', async (t) => {
  const { code, stdout, stderr } = await unavailable;
  t.same([code, stdout], [1, '']);
  const tries = stderr.trim().split('\n');
  t.ok(tries.length > 3, `${tries.length}`);
  t.match(tries.at(-2), /^sallyport: The broker at \S+ does not respond\. .* Retrying\.$/);
  t.match(tries.at(-1), /^sallyport: The broker at \S+ does not respond\. Check the URL/);
});
