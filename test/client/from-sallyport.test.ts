// `sallyport/client` as a program uses it: in the AWS SDK for JavaScript, against a broker that restarts and refuses;
// and as a package, by whoever installs it.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import t, { type Test } from 'tap';
import { BrokerRefusal, fromSallyport } from '../../src/client/index.js';
import { startTestBroker } from '../support/broker.js';
import { credentialsOf } from '../support/broker-stub.js';
import { FAULTS, startFaultProxy } from '../support/fault-proxy.js';
import { ROOT } from '../support/paths.js';

const run = promisify(execFile);

const broker = await startTestBroker(t);
const token = await broker.token();

function stsWith(t: Test, credentials: NonNullable<STSClientConfig['credentials']>) {
  const sts = new STSClient({ region: 'eu-west-1', endpoint: broker.sandbox.sts.url, credentials });
  t.teardown(() => sts.destroy());
  return { sts, arn: async () => (await sts.send(new GetCallerIdentityCommand())).Arn };
}

type Reply = readonly [status: number, body: object | string, headers?: Record<string, string>];

/** A broker's answers, in turn; the last for ever. */
async function startStub(t: Test, ...replies: readonly Reply[]) {
  const seen: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    seen.push({ headers: request.headers, body });
    const [status, answer, headers] = replies[Math.min(seen.length, replies.length) - 1] ?? [500, ''];
    response.writeHead(status, headers).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const issued = (serial = 1, left?: number): Reply => [200, credentialsOf('deploy', serial, left)];

t.test('the SDK uses it; its clients share what it has', async (t) => {
  const proxy = await startFaultProxy(t, broker.url);
  const credentials = fromSallyport({ url: `${proxy.url}/`, role: 'deploy', token });
  const [first, second] = [stsWith(t, credentials), stsWith(t, credentials)];
  t.match(
    await Promise.all([first.arn(), second.arn()]),
    Array(2).fill(/assumed-role\/deploy\/deploy-alice$/),
  );
  t.match(await first.arn(), /deploy-alice/);
  t.equal(proxy.calls(), 1);
  t.match(await credentials(), { accountId: '111122223333', expiration: Date });
});

t.test('a broker that restarts is waited for', async (t) => {
  const proxy = await startFaultProxy(t, broker.url);
  proxy.use({
    instead: (client) => {
      client.resetAndDestroy();
      if (proxy.calls() === 2) proxy.use(FAULTS.none);
    },
  });
  t.match(await stsWith(t, fromSallyport({ url: proxy.url, role: 'deploy', token })).arn(), /deploy-alice/);
  t.equal(proxy.calls(), 3);
  proxy.use(FAULTS.hangUp);
  const given = fromSallyport({ url: proxy.url, role: 'deploy', token, timeout: 50 });
  await t.rejects(given(), {
    name: 'BrokerUnreachable',
    message:
      /^The broker at http:\/\/127\.0\.0\.1:\d+ does not answer( \(\w+\))?\. Check its URL, and that it runs\.$/,
  });
});

t.test('the SDK asks again ahead of the end', async (t) => {
  const stub = await startStub(t, issued(1, 20_000), issued(2));
  const { credentials } = stsWith(t, fromSallyport({ url: stub.url, token })).sts.config;
  t.equal((await credentials()).accessKeyId, 'ASIADEPLOY2', 'it does not use what is about to end');
  t.equal((await credentials()).accessKeyId, 'ASIADEPLOY2');
  t.equal(stub.seen.length, 2);
});

t.test("a refusal reaches whoever calls the SDK, once, in the broker's words", async (t) => {
  const proxy = await startFaultProxy(t, broker.url);
  const refused = await broker.token('mallory');
  const { arn } = stsWith(t, fromSallyport({ url: proxy.url, role: 'deploy', token: refused }));
  const error = await arn().catch((error: unknown) => error);
  if (!(error instanceof BrokerRefusal)) throw error;
  t.match(error, { status: 403, code: 'role_not_permitted', requestId: /^[\w-]{36}$/ });
  t.match(
    error.message,
    /^You may not have this role, .*GET \/v1\/roles.*\(role_not_permitted, request [\w-]+\)$/,
  );
  t.equal(proxy.calls(), 1, 'neither the library nor the SDK repeats what is final');
  t.notMatch(`${error.stack} ${JSON.stringify(error)}`, refused);
});

t.test('what answers is not a broker, or refuses for now', async (t) => {
  const to = async (...replies: Reply[]) => {
    const { url, seen } = await startStub(t, ...replies);
    const credentials = fromSallyport({ url, token, timeout: 1000 });
    const outcome = await credentials().catch((error: Error) => error);
    return { outcome, seen };
  };
  t.match(await to([503, '<html>', { 'retry-after': '0' }], issued()), {
    outcome: { accessKeyId: 'ASIADEPLOY1' },
    seen: { length: 2 },
  });
  t.match(await to([429, { detail: 'Too many.', code: 'rate_limited' }, { 'retry-after': '60' }]), {
    outcome: { code: 'rate_limited', retryAfter: 60 },
    seen: { length: 1 },
  });
  const elsewhere = await to([302, '', { location: 'http://127.0.0.1:1/' }]);
  t.match(elsewhere, { outcome: { name: 'BrokerRefusal', status: 302 }, seen: { length: 1 } });
  t.match(await to([404, { detail: 'Of something else.' }]), {
    outcome: {
      message: 'The broker answered 404, without saying why. Check its URL, and what stands before it.',
    },
  });
  for (const page of [
    '<html>Sign in to the network</html>',
    '{"Credentials":{"AccessKeyId":"ASIA"}}',
    'null',
  ])
    t.match(
      await to([200, page]),
      {
        outcome: { message: 'The answer is not one of a Sallyport broker. Check its URL.' },
        seen: { length: 1 },
      },
      page,
    );
});

t.test('the proof: from a text, a function or a file that changes, or an assertion', async (t) => {
  const stub = await startStub(t, issued(1, 1000));
  const sent = () => stub.seen.at(-1)?.headers.authorization;
  const folder = t.testdir({ one: 'first\n', two: 'second' });
  const file = `${folder}/token`;
  const point = async (name: string) => {
    await rm(file, { force: true });
    await symlink(`${folder}/${name}`, file);
  };

  await fromSallyport({ url: stub.url, role: 'deploy', durationSeconds: 900, token: 'text' })();
  t.equal(sent(), 'Bearer text');
  t.same(JSON.parse(stub.seen.at(-1)?.body ?? ''), { Role: 'deploy', DurationSeconds: 900 });

  let calls = 0;
  const made = fromSallyport({ url: stub.url, token: async () => `made-${++calls}` });
  await made();
  await made();
  t.equal(sent(), 'Bearer made-2');

  const read = fromSallyport({ url: stub.url, token: { file } });
  await point('one');
  await read();
  t.equal(sent(), 'Bearer first');
  await point('two');
  await read();
  t.equal(sent(), 'Bearer second');

  await fromSallyport({ url: stub.url, samlResponse: () => 'PHNhbWw+' })();
  t.same([sent(), JSON.parse(stub.seen.at(-1)?.body ?? '')], [undefined, { SAMLResponse: 'PHNhbWw+' }]);

  const before = stub.seen.length;
  const faulty = (token: Parameters<typeof fromSallyport>[0]['token'] & {}) =>
    fromSallyport({ url: stub.url, token })().catch((error: Error) => error.message);
  t.equal(
    await faulty({ file: `${folder}/none` }),
    `The file ${folder}/none cannot be read (ENOENT). Check its path and who may read it.`,
  );
  t.match(await faulty(' \n'), /^The proof is empty\./);
  const torn = await faulty('torn\r\ntoken');
  t.match(torn, /^What should be a JWT has other characters in it\./);
  t.notMatch(torn, 'torn');
  const unset = process.env['NO_SUCH_VARIABLE'] as string;
  t.throws(() => fromSallyport({ url: stub.url, token: unset }), /^There is no proof\./);
  const never = fromSallyport({ url: stub.url, token: () => new Promise(() => {}), timeout: 10 });
  await t.rejects(never(), { message: /^The proof did not come in time\./ });
  t.equal(stub.seen.length, before, 'nothing was sent');

  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  const slow = () => new Promise<string>((resolve) => setTimeout(() => resolve('slow'), 1500));
  const late = fromSallyport({ url: `http://127.0.0.1:${port}`, token: slow, timeout: 2000 });
  const began = performance.now();
  await t.rejects(late(), { name: 'BrokerUnreachable' });
  t.ok(performance.now() - began < 3000, 'the time is for proof and answer together');
});

t.test('a token goes nowhere over plain http but to this machine', async (t) => {
  for (const url of [
    'http://sallyport.corp.example',
    'http://127.0.0.1.example',
    'ftp://127.0.0.1',
    'sallyport',
    '',
  ])
    t.throws(
      () => fromSallyport({ url, token }),
      /must begin with https:\/\/, or with http:\/\/ on this machine/,
      url,
    );
  for (const url of ['https://me:secret@a.example', 'https://a.example?a', 'https://a.example/#a'])
    t.throws(() => fromSallyport({ url, token }), {
      message: "The broker's URL can have no user, password, query or fragment. Leave them out.",
    });
  for (const url of ['https://sallyport.corp.example', 'http://localhost:8443', 'http://[::1]:8443'])
    t.type(fromSallyport({ url, token }), 'function');
});

t.test('the package: installed alone it works, typed, and loads nothing of the server', async (t) => {
  const folder = t.testdir();
  const { stdout: packed } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: ROOT },
  );
  const [{ filename, files }] = JSON.parse(packed);
  t.ok(files.some(({ path }: { path: string }) => path === 'dist/client/index.d.ts'));
  const installed = `${folder}/node_modules/sallyport`;
  await mkdir(installed, { recursive: true });
  // Without any package that it names as a dependency: the library needs none.
  // tar would need gzip.
  await writeFile(`${folder}/package.tar`, gunzipSync(await readFile(`${folder}/${filename}`)));
  await run('tar', ['-xf', `${folder}/package.tar`, '-C', installed, '--strip-components=1']);
  await symlink(`${ROOT}/node_modules/@types`, `${folder}/node_modules/@types`);
  await symlink(`${ROOT}/node_modules/@aws-sdk`, `${folder}/node_modules/@aws-sdk`);
  await writeFile(`${folder}/package.json`, '{ "type": "module" }');
  await writeFile(
    `${folder}/program.ts`,
    `import { STSClient } from '@aws-sdk/client-sts';
import { fromSallyport } from 'sallyport/client';
const credentials = fromSallyport({ url: process.argv[2] ?? '', role: 'deploy', token: async () => process.env['TOKEN'] ?? '' });
new STSClient({ region: 'eu-west-1', credentials });
// @ts-expect-error: one proof, not two
fromSallyport({ url: '', token: 'a', samlResponse: 'b' });
// @ts-expect-error: nor none
fromSallyport({ url: '', role: 'deploy' });
`,
  );
  const checked = await run(
    process.execPath,
    [
      `${ROOT}/node_modules/@typescript/native/bin/tsc`,
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      'program.ts',
    ],
    { cwd: folder },
  ).catch(({ stdout, stderr }: { stdout: string; stderr: string }) => ({ stdout, stderr }));
  t.strictSame(checked, { stdout: '', stderr: '' });
  await rm(`${folder}/node_modules/@aws-sdk`);
  const program = `
    import { fromSallyport } from 'sallyport/client';
    const { expiration, ...identity } = await fromSallyport({ url: process.env.URL, role: 'deploy', token: process.env.TOKEN })();
    console.log(JSON.stringify({ ...identity, left: expiration - Date.now() }));`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
    env: { PATH: process.env['PATH'], URL: broker.url, TOKEN: token },
  });
  t.equal(stderr, '');
  t.match(JSON.parse(stdout), { accessKeyId: /^ASIA/, accountId: '111122223333', left: Number });
});
