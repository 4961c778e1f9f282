// `sallyport exec` with real programs: their environment, their exit codes, and signals.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createProxy } from 'node:net';
import t from 'tap';
import { startTestBroker } from '../support/broker.js';
import { credentialsOf } from '../support/broker-stub.js';
import { runToEnd, spawnToEnd, start } from '../support/command.js';
import { requirePeer } from '../support/peers.js';

const broker = await startTestBroker(t);
const folder = t.testdir({ token: await broker.token(), refused: await broker.token('mallory') });

/** An environment without AWS variables, apart from those that the test adds. */
const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: folder,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  SALLYPORT_URL: broker.url,
  ...more,
});
const EXEC = ['exec', '--role', 'deploy', '--token-file', `${folder}/token`];
const exec = (command: readonly string[], options: readonly string[] = [], env = environment()) =>
  spawnToEnd(t, [...EXEC, ...options, '--', ...command], env);

/** A program that prints its environment without secret values. */
const PRINT_ENV = [
  process.execPath,
  '-e',
  'const { env } = process; console.log(JSON.stringify({ ...env, AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY?.length, AWS_SESSION_TOKEN: env.AWS_SESSION_TOKEN?.length > 99 }))',
];

t.test('exec sets the credentials and removes variables that take precedence', async (t) => {
  const { code, stdout, stderr } = await exec(
    PRINT_ENV,
    ['--region', 'eu-north-1', '--duration', '30m'],
    environment({
      KEPT: 'yes',
      AWS_REGION: 'us-east-1',
      AWS_PROFILE: 'other',
      AWS_SECURITY_TOKEN: 'of-another-session',
      AWS_CREDENTIAL_FILE: '/elsewhere',
      AWS_BEARER_TOKEN_BEDROCK: 'of-somebody-else',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/elsewhere',
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/elsewhere',
      SALLYPORT_TOKEN: 'secret-of-the-caller',
    }),
  );
  t.equal(code, 0, stderr);
  const env = JSON.parse(stdout);
  t.match(env, {
    KEPT: 'yes',
    SALLYPORT_URL: broker.url,
    AWS_ACCESS_KEY_ID: /^ASIA/,
    AWS_SECRET_ACCESS_KEY: 40,
    AWS_SESSION_TOKEN: true,
    AWS_CREDENTIAL_EXPIRATION: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    AWS_ACCOUNT_ID: '111122223333',
    AWS_REGION: 'eu-north-1',
    AWS_DEFAULT_REGION: 'eu-north-1',
  });
  const minutes = (Date.parse(env.AWS_CREDENTIAL_EXPIRATION) - Date.now()) / 60_000;
  t.ok(minutes > 29 && minutes <= 30, `--duration: ${minutes}`);
  t.same(
    Object.keys(env).filter((name) =>
      /PROFILE|SECURITY_TOKEN|CREDENTIAL_FILE|BEARER|WEB_IDENTITY|CONTAINER|SALLYPORT_TOKEN/.test(name),
    ),
    [],
  );
  t.equal(
    stderr,
    'sallyport: Removed from the environment, because they take precedence: AWS_PROFILE, AWS_SECURITY_TOKEN, AWS_CREDENTIAL_FILE, AWS_BEARER_TOKEN_BEDROCK, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI.\n',
  );
});

t.test('exec does not pass tokens to the command', async (t) => {
  const token = await readFile(`${folder}/token`, 'utf8');
  const env = environment({ MY_TOKEN: token, SALLYPORT_TOKEN: 'another-secret' });
  const options = ['exec', '--role', 'deploy', '--token-env', 'MY_TOKEN'];
  const command = ['sh', '-c', 'echo "$MY_TOKEN$SALLYPORT_TOKEN."'];
  t.match(await spawnToEnd(t, [...options, '--', ...command], env), { code: 0, stdout: /^\.\n$/ });
});

t.test('exec returns the exit code of the command', async (t) => {
  const ends = [
    [['sh', '-c', 'exit 7'], 7, /^$/],
    [['sh', '-c', 'kill -KILL $$'], 137, /^$/],
    [['no-such-command'], 127, /^sallyport: no-such-command: command not found\n$/],
    [[`${folder}/token`], 126, /: cannot be run \(EACCES\)\n$/],
    [[`${folder}/token/in-a-file`], 126, /: cannot be run \(ENOTDIR\)\n$/],
    [[''], 127, /^sallyport: : command not found\n$/],
  ] as const;
  const ended = await Promise.all(ends.map(([command]) => exec(command)));
  for (const [index, [command, code, stderr]] of ends.entries())
    t.match(ended[index], { code, stdout: '', stderr }, command.join(' '));
});

t.test('the command inherits stdin, stdout, and stderr', async (t) => {
  const { child, finished } = start(t, [...EXEC, '--', 'sh', '-c', 'cat; echo aside >&2'], environment());
  child.stdin.end('a line\n');
  t.same(await finished, { code: 0, stdout: 'a line\n', stderr: 'aside\n' });
});

t.test('signals are forwarded to the command; arguments contain no secrets', async (t) => {
  const script = `
    const { readFileSync } = require('node:fs');
    process.on('SIGTERM', () => process.exit(3)).on('SIGINT', () => console.log('interrupted'));
    setInterval(() => {}, 1000);
    console.log(JSON.stringify([readFileSync('/proc/self/cmdline', 'utf8'), readFileSync(\`/proc/\${process.ppid}/cmdline\`, 'utf8')]));
    console.log(process.env.AWS_SECRET_ACCESS_KEY);
    console.log('ready');`;
  const running = start(t, [...EXEC, '--', process.execPath, '-e', script], environment());
  await running.line('stdout', /ready/);
  running.child.kill('SIGINT');
  await running.line('stdout', /interrupted/);
  running.child.kill('SIGTERM');
  const { code, stdout } = await running.finished;
  t.equal(code, 3);
  const [lines = '', secret = ''] = stdout.split('\n');
  const token = await readFile(`${folder}/token`, 'utf8');
  t.match(secret, /^\S{40}$/);
  t.notOk([secret, token].some((hidden) => lines.includes(hidden)));

  const ended = start(
    t,
    [...EXEC, '--', process.execPath, '-e', 'console.log("ready"); setInterval(() => {}, 1000)'],
    environment(),
  );
  await ended.line('stdout', /ready/);
  ended.child.kill('SIGHUP');
  t.equal((await ended.finished).code, 129, 'the exit code after a signal');
});

t.test('Ctrl-C in a terminal reaches the command once', async (t) => {
  const script = requirePeer(t, 'script');
  if (!script) return;
  const counting = `
    let count = 0;
    process.on('SIGINT', () => {
      count++;
      setTimeout(() => { console.log('interrupted', count); process.exit(count); }, 300);
    });
    setInterval(() => {}, 1000);
    console.log('ready');`;
  await writeFile(`${folder}/counting.cjs`, counting);
  // Without `exec` the shell that `script` starts would end by the signal too.
  const command = [
    'exec',
    process.execPath,
    'dist/main.js',
    ...EXEC,
    '--',
    process.execPath,
    `${folder}/counting.cjs`,
  ];
  const terminal = spawn(script, ['-qec', command.join(' '), '/dev/null'], { env: environment() });
  t.teardown(() => terminal.kill('SIGKILL'));
  let said = '';
  terminal.stdout.on('data', (text) => {
    said += text;
    if (/ready\r\n$/.test(said)) terminal.stdin.write('\x03');
  });
  const [code] = await once(terminal, 'close');
  t.match(said, /interrupted 1/);
  t.equal(code, 1);
});

t.test('exec retries while the broker restarts', async (t) => {
  const { port, hostname } = new URL(broker.url);
  const proxy = createProxy((client) => client.pipe(connect(Number(port), hostname)).pipe(client));
  const place = proxy.listen(0, '127.0.0.1');
  await once(place, 'listening');
  const address = place.address() as AddressInfo;
  await new Promise((resolve) => place.close(resolve));
  const running = start(
    t,
    [...EXEC, '--', 'echo', 'ran'],
    environment({ SALLYPORT_URL: `http://127.0.0.1:${address.port}` }),
  );
  await running.line(
    'stderr',
    /^sallyport: The broker at .* does not respond \(ECONNREFUSED\)\. .* Retrying\.$/,
  );
  proxy.listen(address.port, '127.0.0.1');
  t.teardown(() => proxy.close());
  t.match(await running.finished, { code: 0, stdout: 'ran\n' });
});

t.test('a denial is reported and the command is not run', async (t) => {
  for (const options of [[], ['--serve']]) {
    const refused = await runToEnd(
      t,
      ['exec', '--role', 'deploy', '--token-file', `${folder}/refused`, ...options, '--', 'echo', 'ran'],
      environment(),
    );
    t.match(refused, {
      code: 1,
      stdout: '',
      stderr: /^sallyport: The role does not exist, .*role_not_permitted, request [\w-]+\)\n$/,
    });
  }
});

t.test('exec: wrong usage has exit code 2', async (t) => {
  t.match(await runToEnd(t, EXEC, environment()), { code: 2, stderr: /missing required argument 'command'/ });
  const twice = await runToEnd(t, ['exec', '--serve', '--token-file', '-', '--', 'true'], environment());
  t.match(twice, { code: 2, stderr: /stdin can be read only once/ });
});

t.test('exec --serve runs an endpoint while the command runs', async (t) => {
  const script = `
    import { get } from 'node:http';
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization, ...env } = process.env;
    const ask = async (headers) => {
      const response = await new Promise((resolve) => get(url, { headers }, resolve));
      return [response.statusCode, JSON.parse(Buffer.concat(await response.toArray()))];
    };
    const [status, { AccessKeyId, Expiration, AccountId }] = await ask({ authorization });
    const [without] = await ask({});
    console.log(JSON.stringify({ url, status, AccessKeyId, Expiration, AccountId, without, names: Object.keys(env) }));`;
  const { code, stdout, stderr } = await exec(
    [process.execPath, '--input-type=module', '-e', script],
    ['--serve'],
    environment({ AWS_ACCESS_KEY_ID: 'AKIAOTHER', AWS_SECRET_ACCESS_KEY: 'other' }),
  );
  t.equal(code, 0, stderr);
  const seen = JSON.parse(stdout);
  t.match(seen, {
    url: /^http:\/\/127\.0\.0\.1:\d+\//,
    status: 200,
    AccessKeyId: /^ASIA/,
    Expiration: /Z$/,
    AccountId: '111122223333',
    without: 401,
  });
  t.notOk(seen.names.includes('AWS_ACCESS_KEY_ID'), 'keys in the environment would take precedence');
  t.match(stderr, /^sallyport: Removed from the environment.*AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY\.\n$/);
  await t.rejects(fetch(seen.url), 'the endpoint closes with the command');
});

t.test('exec --serve refreshes credentials and reports a failed refresh', async (t) => {
  // Responds like a broker, with a shorter lifetime than STS allows.
  const refusal = { detail: 'Not any more.', code: 'role_not_permitted', requestId: 'id' };
  let requests = 0;
  let onFirstUse = () => {};
  const firstUse = new Promise<void>((resolve) => {
    onFirstUse = resolve;
  });
  const brief = createServer(async (_, response) => {
    const [status, answer] = ++requests < 3 ? [200, credentialsOf('deploy', requests, 9000)] : [403, refusal];
    // Loading the SDK can take longer than the time until the first refresh.
    if (requests === 2) await firstUse;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(brief, 'listening');
  t.teardown(() => brief.close());
  const { port } = brief.address() as AddressInfo;
  const script = `
    import { STSClient } from '@aws-sdk/client-sts';
    const { credentials } = new STSClient({ region: 'eu-west-1' }).config;
    for (let last; last !== 'ASIADEPLOY2'; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const { accessKeyId } = await credentials();
      if (accessKeyId !== last) console.log(accessKeyId);
      last = accessKeyId;
    }
    process.stdin.on('end', () => {}).resume();`;
  const running = start(
    t,
    [...EXEC, '--serve', '--', process.execPath, '--input-type=module', '-e', script],
    environment({ SALLYPORT_URL: `http://127.0.0.1:${port}` }),
  );
  await running.line('stdout', /^ASIADEPLOY1$/);
  onFirstUse();
  await running.line('stdout', /^ASIADEPLOY2$/);
  await running.line('stderr', /^sallyport: The credentials could not be refreshed\. Not any more\./);
  running.child.stdin.end();
  t.equal((await running.finished).code, 0);
});

t.test('exec --serve ends with the command and does not wait for a pending refresh', async (t) => {
  let requested = 0;
  const renewing = createServer((_, response) => {
    requested++;
    if (requested === 1) response.end(JSON.stringify(credentialsOf('deploy', 1, 3000)));
    else running.child.stdin.end();
  }).listen(0, '127.0.0.1');
  await once(renewing, 'listening');
  t.teardown(() => {
    renewing.closeAllConnections();
    renewing.close();
  });
  const { port } = renewing.address() as AddressInfo;
  const running = start(
    t,
    [...EXEC, '--serve', '--', 'sh', '-c', 'cat; echo "ended $(date +%s)"; exit 5'],
    environment({ SALLYPORT_URL: `http://127.0.0.1:${port}` }),
  );
  const { code, stdout } = await running.finished;
  t.match({ code, asked: requested }, { code: 5, asked: 2 });
  const ended = Number(/ended (\d+)/.exec(stdout)?.[1]) * 1000;
  t.ok(Date.now() - ended < 8000, 'the broker has 15 seconds to respond');
});

t.test('exec --serve takes precedence over a profile and reports it', async (t) => {
  const aws = requirePeer(t, 'AWS CLI');
  if (!aws) return;
  const home = t.testdir({
    '.aws': {
      config: '[default]\nregion = us-east-1\n',
      credentials: '[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = other\n',
    },
    '.boto': '[Credentials]\naws_access_key_id = AKIAOLD\naws_secret_access_key = other\n',
  });
  const { code, stdout, stderr } = await exec(
    [aws, 'sts', 'get-caller-identity', '--endpoint-url', broker.sandbox.sts.url, '--query', 'Arn'],
    ['--serve', '--region', 'eu-west-1'],
    environment({ HOME: home }),
  );
  t.match({ code, stdout }, { code: 0, stdout: /assumed-role\/deploy\/deploy-alice/ }, stderr);
  t.match(stderr, /^sallyport: The command does not read ~\/\.aws\/config and ~\/\.aws\/credentials/);
});
