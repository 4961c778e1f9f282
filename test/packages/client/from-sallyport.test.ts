// `@sallyport/client` as a program uses it: with the AWS SDK for JavaScript, against a broker that restarts or denies
// requests. test/packages/pack.test.ts installs the package.
import { once } from 'node:events';
import { rm, symlink } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { BrokerRefusal, fromSallyport } from '@sallyport/client';
import t, { type Test } from 'tap';
import { startTestBroker } from '../../support/broker.js';
import { credentialsOf } from '../../support/broker-stub.js';
import { FAULTS, startFaultProxy } from '../../support/fault-proxy.js';

const broker = await startTestBroker(t);
const token = await broker.token();

function stsWith(t: Test, credentials: NonNullable<STSClientConfig['credentials']>) {
  const sts = new STSClient({ region: 'eu-west-1', endpoint: broker.sandbox.sts.url, credentials });
  t.teardown(() => sts.destroy());
  return { sts, arn: async () => (await sts.send(new GetCallerIdentityCommand())).Arn };
}

type Reply = readonly [status: number, body: object | string, headers?: Record<string, string>];

/** A broker that returns these responses in turn, and then repeats the last. */
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

t.test('SDK clients share the credentials of one provider', async (t) => {
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

t.test('the provider retries while the broker restarts', async (t) => {
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
  const credentials = fromSallyport({ url: proxy.url, role: 'deploy', token, timeout: 50 });
  await t.rejects(credentials(), {
    name: 'BrokerUnreachable',
    message:
      /^The broker at http:\/\/127\.0\.0\.1:\d+ does not respond( \(\w+\))?\. Check the URL, and that the broker is running\.$/,
  });
});

t.test('the SDK refreshes credentials before they expire', async (t) => {
  const stub = await startStub(t, issued(1, 20_000), issued(2));
  const { credentials } = stsWith(t, fromSallyport({ url: stub.url, token })).sts.config;
  t.equal((await credentials()).accessKeyId, 'ASIADEPLOY2', 'it does not use what is about to end');
  t.equal((await credentials()).accessKeyId, 'ASIADEPLOY2');
  t.equal(stub.seen.length, 2);
});

t.test("a denial reaches the caller of the SDK with the broker's message", async (t) => {
  const proxy = await startFaultProxy(t, broker.url);
  const refused = await broker.token('mallory');
  const { arn } = stsWith(t, fromSallyport({ url: proxy.url, role: 'deploy', token: refused }));
  const error = await arn().catch((error: unknown) => error);
  if (!(error instanceof BrokerRefusal)) throw error;
  t.match(error, { status: 403, code: 'role_not_permitted', requestId: /^[\w-]{36}$/ });
  t.match(
    error.message,
    /^The role does not exist, or you are not permitted to use it\. .*GET \/v1\/roles.*\(role_not_permitted, request [\w-]+\)$/,
  );
  t.equal(proxy.calls(), 1, 'neither the library nor the SDK retries a permanent error');
  t.notMatch(`${error.stack} ${JSON.stringify(error)}`, refused);
});

t.test(
  'the provider retries 503, respects Retry-After, and rejects responses of other servers',
  async (t) => {
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
        message:
          'The broker responded with status 404 and no error message. Check the URL, and any proxy in front of the broker.',
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
          outcome: { message: 'The response does not come from a Sallyport broker. Check the URL.' },
          seen: { length: 1 },
        },
        page,
      );
  },
);

t.test(
  'the proof is read from a string, a function, a file, or a SAML response for each request',
  async (t) => {
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
      `The file ${folder}/none cannot be read (ENOENT). Check its path and permissions.`,
    );
    t.match(await faulty(' \n'), /^The proof is empty\./);
    const torn = await faulty('torn\r\ntoken');
    t.match(torn, /^The proof contains characters that are not allowed in a JWT\./);
    t.notMatch(torn, 'torn');
    const unset = process.env['NO_SUCH_VARIABLE'] as string;
    t.throws(() => fromSallyport({ url: stub.url, token: unset }), /^No proof is configured\./);
    const never = fromSallyport({ url: stub.url, token: () => new Promise(() => {}), timeout: 10 });
    await t.rejects(never(), { message: /^Reading the proof timed out\./ });
    t.equal(stub.seen.length, before, 'no request was sent');

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
    t.ok(performance.now() - began < 3000, 'the timeout covers reading the proof and the request');
  },
);

t.test('the provider rejects plain http except on loopback', async (t) => {
  for (const url of [
    'http://sallyport.corp.example',
    'http://127.0.0.1.example',
    'ftp://127.0.0.1',
    'sallyport',
    '',
  ])
    t.throws(
      () => fromSallyport({ url, token }),
      /must begin with https:\/\/, or with http:\/\/ on a loopback address/,
      url,
    );
  for (const url of ['https://me:secret@a.example', 'https://a.example?a', 'https://a.example/#a'])
    t.throws(() => fromSallyport({ url, token }), {
      message: 'The broker URL must not contain a user, password, query, or fragment. Remove them.',
    });
  for (const url of ['https://sallyport.corp.example', 'http://localhost:8443', 'http://[::1]:8443'])
    t.type(fromSallyport({ url, token }), 'function');
});
