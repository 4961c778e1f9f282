// `sallyport sidecar`: its output, its token file, and how it stops.
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@sallyport/sandbox/internal/free-port';
import t, { type Test } from 'tap';
import { get, startBrokerStub } from '../support/broker-stub.js';
import { runToEnd, start } from '../support/command.js';

const isGone = async (file: string) => {
  try {
    await access(file);
    return false;
  } catch {
    return true;
  }
};

const exported = (stdout: string, name: string) =>
  new RegExp(`^export ${name}='(.*)'$`, 'm').exec(stdout)?.[1] ?? '';

/** Without SALLYPORT_TOKEN, which would be used as proof. */
const environment = (folder: string) => ({ PATH: process.env['PATH'], TMPDIR: folder });

/** Resolves when /healthz returns the status. */
async function untilHealth(t: Test, url: string, status: number): Promise<void> {
  const health = new URL('/healthz', url).href;
  for (;;) {
    const response = await get(health);
    if (response.status === status) return;
    t.comment(`health ${response.status}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

t.test('sidecar prints the variables, writes a private token file, and deletes it on SIGTERM', async (t) => {
  const broker = await startBrokerStub(t);
  const folder = t.testdir({ jwt: 'the-jwt\n', "it's": {} });
  const received = join(folder, "it's", 'token');
  const sidecar = start(
    t,
    [
      'sidecar',
      ...['--broker', `${broker.url}/`, '--role', 'reader', '--duration', '2h'],
      ...['--token-file', join(folder, 'jwt'), '--authorization-token-file', received],
    ],
    environment(folder),
  );
  const line = await sidecar.line('stdout', /FULL_URI/);
  const url = exported(line, 'AWS_CONTAINER_CREDENTIALS_FULL_URI');
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const authorization = await readFile(received, 'utf8');
  t.match(authorization, /^[\w-]{43}$/, 'without a newline, which SDKs would send');
  t.equal((await stat(received)).mode & 0o777, 0o600);
  const { status, json } = await get(url, { authorization });
  t.equal(status, 200);
  t.match(json, { AccessKeyId: 'ASIAREADER1', Token: 'session-token' });
  t.match(broker.requests, [{ authorization: 'Bearer the-jwt', role: 'reader', durationSeconds: 7200 }]);

  sidecar.child.kill('SIGTERM');
  const { code, stdout, stderr } = await sidecar.finished;
  t.equal(code, 0);
  t.ok(await isGone(received), 'the token file is deleted');
  t.match(stdout, /TOKEN_FILE='.*it'\\''s\/token'/, 'quoted for a shell');
  t.notMatch(`${stdout}${stderr}`, authorization);
  t.notMatch(`${stdout}${stderr}`, /the-jwt|session-token|secret-access-key/);
  const logged = stderr
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
  t.match(logged, [{ msg: /./ }, { msg: /./ }, { msg: 'stopping' }]);
});

t.test(
  'sidecar serves several roles, starts before the broker, and reads a rotated token',
  { timeout: 60_000 },
  async (t) => {
    const port = await freePort();
    const folder = t.testdir({ jwt: 'jwt-1' });
    const sidecar = start(
      t,
      [
        'sidecar',
        ...['--broker', `http://127.0.0.1:${port}`, '--role', 'reader', '--role', 'writer'],
        ...['--listen', 'localhost:0', '--token-file', join(folder, 'jwt')],
      ],
      environment(folder),
    );
    await sidecar.line('stdout', /For each role/);
    const url = exported(await sidecar.line('stdout', /role\/writer/), 'AWS_CONTAINER_CREDENTIALS_FULL_URI');
    t.match(url, /^http:\/\/localhost:\d+\/role\/writer$/);
    await untilHealth(t, url, 503);
    const tokenFile = exported(
      await sidecar.line('stdout', /^export .*TOKEN_FILE/),
      'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    );
    const authorization = await readFile(tokenFile, 'utf8');
    await sidecar.line('stderr', /"credentials not fetched"/);
    t.match(await get(url, { authorization }), { status: 503, json: { code: 'broker_unreachable' } });

    await writeFile(join(folder, 'jwt'), 'jwt-2');
    const broker = await startBrokerStub(t, port);
    await untilHealth(t, url, 200);
    t.match(await get(url, { authorization }), { status: 200, json: { AccessKeyId: /WRITER/ } });
    t.strictSame([...new Set(broker.requests.map((requested) => requested.authorization))], ['Bearer jwt-2']);
    sidecar.child.kill('SIGINT');
    t.equal((await sidecar.finished).code, 0);
    t.ok(await isGone(tokenFile));
  },
);

t.test('sidecar reports usage errors at startup', async (t) => {
  const folder = t.testdir({ jwt: 'the-jwt', empty: '' });
  const jwt = ['--token-file', join(folder, 'jwt')];
  const broker = ['--broker', 'https://sallyport.example'];
  const rows: [args: readonly string[], code: number, stderr: RegExp][] = [
    [[...broker], 2, /--token-file/],
    [[...broker, '--token-file', '-'], 2, /stdin can be read only once/],
    [[...broker, '--issuer', 'https://login.example', '--client-id', 'cli'], 2, /cannot wait for a user/],
    [[...broker, ...jwt, '--listen', '0.0.0.0:8080'], 2, /127\.0\.0\.1:PORT/],
    [[...broker, ...jwt, '--listen', '127.0.0.1'], 2, /127\.0\.0\.1:PORT/],
    [[...broker, '--token-file', join(folder, 'none')], 1, /cannot be read \(ENOENT\)/],
    [[...broker, '--token-file', join(folder, 'empty')], 1, /The proof is empty/],
    [['--broker', 'http://sallyport.example', ...jwt], 1, /must begin with https/],
  ];
  await Promise.all(
    rows.map(async ([args, code, stderr]) => {
      const finished = await runToEnd(t, ['sidecar', ...args], environment(folder));
      t.match(finished, { code, stdout: '', stderr }, args.join(' '));
    }),
  );
});

t.test('sidecar reads the proof once per request', async (t) => {
  const broker = await startBrokerStub(t);
  const folder = t.testdir();
  const command = `echo brought >> ${folder}/log; echo jwt`;
  const args = ['--broker', broker.url, '--role', 'reader', '--token-command', command];
  const sidecar = start(t, ['sidecar', ...args], environment(folder));
  const url = exported(await sidecar.line('stdout', /FULL_URI/), 'AWS_CONTAINER_CREDENTIALS_FULL_URI');
  await untilHealth(t, url, 200);
  t.equal(await readFile(join(folder, 'log'), 'utf8'), 'brought\n');
});

t.test('SIGTERM stops sidecar immediately while a request to the broker is pending', async (t) => {
  const broker = await startBrokerStub(t);
  broker.state.answer = 'nothing';
  const folder = t.testdir({ jwt: 'the-jwt' });
  const args = ['--broker', broker.url, '--token-file', join(folder, 'jwt')];
  const sidecar = start(t, ['sidecar', ...args], environment(folder));
  await sidecar.line('stdout', /TOKEN_FILE/);
  const began = Date.now();
  sidecar.child.kill('SIGTERM');
  t.equal((await sidecar.finished).code, 0);
  t.ok(Date.now() - began < 8000, 'the request would time out after 15 seconds');
});

t.test('sidecar does not delete the token file of another sidecar', async (t) => {
  const broker = await startBrokerStub(t);
  const folder = t.testdir({ jwt: 'the-jwt' });
  const received = join(folder, 'token');
  const args = ['--broker', broker.url, '--token-file', join(folder, 'jwt')];
  const run = async () => {
    const running = start(
      t,
      ['sidecar', ...args, '--authorization-token-file', received],
      environment(folder),
    );
    await running.line('stdout', /TOKEN_FILE/);
    return running;
  };
  const old = await run();
  const next = await run();
  const token = await readFile(received, 'utf8');
  old.child.kill('SIGTERM');
  await old.finished;
  t.ok((await readFile(received, 'utf8')) === token, 'the file contains the token of the second sidecar');
  next.child.kill('SIGTERM');
  await next.finished;
  t.ok(await isGone(received));
});
