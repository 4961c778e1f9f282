// The sidecar with a stub of the broker: which requests get credentials, and which are rejected.
import type { OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { Secret } from '@sallyport/client/internal/secret';
import t, { type Test } from 'tap';
import { Sidecar, type SidecarOptions } from '../../src/sidecar/sidecar.js';
import { credentialsOf, get, startBrokerStub } from '../support/broker-stub.js';

const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };

async function open(t: Test, options: Partial<SidecarOptions> = {}) {
  const broker = await startBrokerStub(t);
  const sidecar = await Sidecar.start({
    broker: broker.url,
    roles: [{ role: 'reader' }],
    getProof: async () => ({ type: 'oidc', value: new Secret('the-jwt') }),
    log,
    ...options,
  });
  t.teardown(() => sidecar.close());
  return { sidecar, broker };
}

t.test('the sidecar returns credentials in the format of the container credential provider', async (t) => {
  const { sidecar, broker } = await open(t);
  await sidecar.ready();
  const authorization = sidecar.authorizationToken.reveal();
  t.match(authorization, /^[\w-]{43}$/);
  for (const url of [sidecar.url(), sidecar.url('reader')]) {
    const { status, type, json } = await get(url, { authorization });
    t.equal(status, 200);
    t.equal(type, 'application/json');
    const { Expiration, ...rest } = json;
    t.match(Expiration, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
    t.strictSame(rest, {
      AccessKeyId: 'ASIAREADER1',
      SecretAccessKey: 'secret-access-key',
      Token: 'session-token',
      AccountId: '111122223333',
    });
  }
  t.strictSame(broker.requests, [{ authorization: 'Bearer the-jwt', role: 'reader' }]);
});

t.test('each of several roles has its own path', async (t) => {
  const { sidecar } = await open(t, {
    roles: [{ role: 'reader' }, { role: 'arn:aws:iam::111122223333:role/team/x' }],
  });
  await sidecar.ready();
  const headers = { authorization: sidecar.authorizationToken.reveal() };
  t.match((await get(sidecar.url('reader'), headers)).json, { AccessKeyId: /READER/ });
  const byArn = await get(sidecar.url('arn:aws:iam::111122223333:role/team/x'), headers);
  t.match(byArn.json, { AccessKeyId: /TEAM\/X/ });
  const unencoded = await get(`${sidecar.url()}role/arn:aws:iam::111122223333:role/team/x`, headers);
  t.strictSame(unencoded, byArn);
  const atRoot = await get(sidecar.url(), headers);
  t.equal(atRoot.status, 404);
  t.match(atRoot.json, {
    code: 'path_unknown',
    message: /Use \/role\/reader or \/role\/arn:aws/,
  });
});

t.test('a role that is specified twice is fetched once', async (t) => {
  const { sidecar, broker } = await open(t, { roles: [{ role: 'reader' }, { role: 'reader' }] });
  await sidecar.ready();
  t.equal((await get(sidecar.url(), { authorization: sidecar.authorizationToken.reveal() })).status, 200);
  t.equal(broker.requests.length, 1);
});

t.test('credentials that are valid for months are not refetched in a loop', async (t) => {
  const broker = await startBrokerStub(t);
  const { Credentials, ...rest } = credentialsOf('reader');
  const Expiration = new Date(Date.now() + 100 * 86_400_000).toISOString();
  broker.state.answer = { status: 200, body: { ...rest, Credentials: { ...Credentials, Expiration } } };
  const { sidecar } = await open(t, { broker: broker.url });
  await sidecar.ready();
  const authorization = sidecar.authorizationToken.reveal();
  for (let round = 0; round < 20; round++) await get(sidecar.url(), { authorization });
  t.equal(broker.requests.length, 1);
});

t.test('the role is optional if the broker permits exactly one', async (t) => {
  const { sidecar, broker } = await open(t, { roles: [{}] });
  await sidecar.ready();
  const { status } = await get(sidecar.url(), { authorization: sidecar.authorizationToken.reveal() });
  t.equal(status, 200);
  t.equal(broker.requests[0]?.role, undefined);
});

t.test(
  'attacks: requests without the token, through proxies, from browsers, or for other hosts are rejected',
  async (t) => {
    const { sidecar } = await open(t);
    await sidecar.ready();
    const url = sidecar.url();
    const { port } = new URL(url);
    const good = sidecar.authorizationToken.reveal();
    const cases: readonly [name: string, headers: OutgoingHttpHeaders, status: number, code: string][] = [
      ['no token', {}, 401, 'authorization_missing'],
      ['an empty token', { authorization: '' }, 401, 'authorization_invalid'],
      ['a wrong token', { authorization: `${good.slice(0, -1)}!` }, 401, 'authorization_invalid'],
      ['a longer token', { authorization: `${good}${good}` }, 401, 'authorization_invalid'],
      ['a token with a scheme', { authorization: `Basic ${good}` }, 401, 'authorization_invalid'],
      ['another name for loopback', { host: `attacker.example:${port}` }, 403, 'host_not_accepted'],
      [
        'a name with the same prefix',
        { host: `localhost.attacker.example:${port}` },
        403,
        'host_not_accepted',
      ],
      ['another port', { host: '127.0.0.1:80' }, 403, 'host_not_accepted'],
      ['no port', { host: '127.0.0.1' }, 403, 'host_not_accepted'],
      ['the metadata address', { host: '169.254.169.254' }, 403, 'host_not_accepted'],
      ['X-Forwarded-For', { 'x-forwarded-for': '127.0.0.1' }, 403, 'proxy_not_accepted'],
      ['X-Forwarded-Host', { 'X-Forwarded-Host': 'x' }, 403, 'proxy_not_accepted'],
      ['X-Real-IP', { 'x-real-ip': '127.0.0.1' }, 403, 'proxy_not_accepted'],
      ['Forwarded', { forwarded: 'for=127.0.0.1' }, 403, 'proxy_not_accepted'],
      ['Via', { via: '1.1 proxy' }, 403, 'proxy_not_accepted'],
      ['Origin', { origin: `http://127.0.0.1:${port}` }, 403, 'browser_not_accepted'],
      ['Sec-Fetch-Site', { 'sec-fetch-site': 'same-origin' }, 403, 'browser_not_accepted'],
      ['a WebSocket', { 'sec-websocket-key': 'x' }, 403, 'browser_not_accepted'],
      ['Referer', { referer: url }, 403, 'browser_not_accepted'],
      ['a preflight', { 'access-control-request-private-network': 'true' }, 403, 'browser_not_accepted'],
    ];
    for (const [name, headers, status, code] of cases) {
      const response = await get(url, { ...(status === 403 && { authorization: good }), ...headers });
      t.equal(response.status, status, name);
      t.match(response.json, { code, Code: code, message: String, Message: String }, name);
      t.notMatch(JSON.stringify(response), /secret-access-key|session-token|ASIA/, name);
    }
    for (const method of ['POST', 'PUT', 'OPTIONS', 'DELETE'])
      t.equal((await get(url, { authorization: good }, method)).json['code'], 'method_not_allowed', method);
    for (const path of ['role/other', 'role/reader/', 'role/%', 'role/reader?x', 'latest/api/token'])
      t.equal((await get(`${url}${path}`, { authorization: good })).json['code'], 'path_unknown', path);
    t.equal((await get(url, { authorization: good })).status, 200, 'its own client still does');
    t.equal((await fetch(url, { headers: { authorization: good } })).status, 200, 'and so does fetch');
  },
);

t.test('attacks: duplicate headers are rejected', async (t) => {
  const { sidecar } = await open(t);
  await sidecar.ready();
  const { port } = new URL(sidecar.url());
  const good = sidecar.authorizationToken.reveal();
  const send = (lines: readonly string[]) =>
    new Promise<string>((resolve, reject) => {
      let response = '';
      connect(Number(port), '127.0.0.1')
        .on('data', (data) => {
          response += data;
        })
        .on('end', () => resolve(response))
        .on('error', reject)
        .end(`${['GET / HTTP/1.1', ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
    });
  const host = `Host: 127.0.0.1:${port}`;
  t.match(await send([host, `Authorization: ${good}`, 'Authorization: x']), /authorization_invalid/);
  t.match(await send([host, 'Authorization: x', `Authorization: ${good}`]), /authorization_invalid/);
  t.match(await send([host, 'Host: attacker.example', `Authorization: ${good}`]), /40[03] /);
  t.match(await send([`Authorization: ${good}`]), /400 /);
  t.match(await send([host, `Authorization: ${good}`]), /200 OK/);
});

t.test('attacks: the sidecar listens only on loopback', async (t) => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '169.254.170.2', 'example.com', '127.0.0.1.example.com'])
    await t.rejects(open(t, { listen: { host } }), /only on loopback/, host);
  const { sidecar } = await open(t, { listen: { host: '::1' } });
  t.match(sidecar.url(), /^http:\/\/\[::1\]:\d+\/$/);
  t.equal((await get(sidecar.url(), { authorization: sidecar.authorizationToken.reveal() })).status, 200);
});

t.test('each start creates a new token', async (t) => {
  const [one, two] = [await open(t), await open(t)];
  t.not(one.sidecar.authorizationToken.reveal(), two.sidecar.authorizationToken.reveal());
  const response = await get(one.sidecar.url(), { authorization: two.sidecar.authorizationToken.reveal() });
  t.equal(response.json['code'], 'authorization_invalid');
});

t.test('/healthz needs no token and names no role', async (t) => {
  const { sidecar, broker } = await open(t, { roles: [{ role: 'reader' }, { role: 'writer' }] });
  broker.state.answer = 'nothing';
  const url = new URL('/healthz', sidecar.url()).href;
  t.match(await get(url), { status: 503, json: { status: 'no credentials' } });
  t.equal((await get(url, { host: 'attacker.example' })).status, 403);
  t.equal((await get(url, { origin: 'https://attacker.example' })).status, 403);
});

t.test('/healthz returns 200 once all roles have credentials', async (t) => {
  const { sidecar } = await open(t, { roles: [{ role: 'reader' }, { role: 'writer' }] });
  await sidecar.ready();
  t.strictSame(await get(new URL('/healthz', sidecar.url()).href), {
    status: 200,
    type: 'application/json',
    json: { status: 'ok' },
  });
});

t.test('errors of the broker are returned with their code and message', async (t) => {
  const broker = await startBrokerStub(t);
  broker.state.answer = {
    status: 403,
    body: { code: 'role_not_permitted', detail: 'The role does not exist.', requestId: 'id-7' },
  };
  const { sidecar } = await open(t, { broker: broker.url });
  const { status, json } = await get(sidecar.url(), { authorization: sidecar.authorizationToken.reveal() });
  t.equal(status, 403);
  const message = 'The role does not exist. (role_not_permitted, request id-7)';
  t.strictSame(json, {
    code: 'role_not_permitted',
    message,
    Code: 'role_not_permitted',
    Message: message,
  });
  await t.rejects(sidecar.ready(), { name: 'BrokerRefusal', message });
});

t.test('a broker that is unavailable, slow, or another server is reported', async (t) => {
  const authorized = async (options: Partial<SidecarOptions>) => {
    const { sidecar } = await open(t, options);
    return get(sidecar.url(), { authorization: sidecar.authorizationToken.reveal() });
  };
  const unavailable = await authorized({ broker: 'http://127.0.0.1:1' });
  t.match(unavailable, { status: 503, json: { code: 'broker_unreachable', message: /does not respond/ } });

  const slow = await startBrokerStub(t);
  slow.state.answer = 'nothing';
  const startedAt = performance.now();
  t.match(await authorized({ broker: slow.url }), { status: 503, json: { code: 'credentials_pending' } });
  t.ok(performance.now() - startedAt >= 700, 'it waits as long as an SDK does, or nearly');

  const other = await startBrokerStub(t);
  other.state.answer = { status: 200, body: { hello: 'world' } };
  t.match(await authorized({ broker: other.url }), {
    status: 500,
    json: { code: 'credentials_unavailable', message: /does not come from a Sallyport broker/ },
  });
});

t.test('the proof is read for each request', async (t) => {
  let tokens = 0;
  const { sidecar, broker } = await open(t, {
    roles: [{ role: 'reader' }, { role: 'writer' }],
    getProof: async () => ({ type: 'oidc', value: new Secret(`jwt-${++tokens}`) }),
  });
  await sidecar.ready();
  t.strictSame(broker.requests.map(({ authorization }) => authorization).sort(), [
    'Bearer jwt-1',
    'Bearer jwt-2',
  ]);
});

t.test('an unreadable proof is reported and no request is made', async (t) => {
  const { sidecar, broker } = await open(t, {
    getProof: async () => {
      throw new Error('The proof is empty. Check where it comes from.');
    },
  });
  const { status, json } = await get(sidecar.url(), { authorization: sidecar.authorizationToken.reveal() });
  t.equal(status, 500);
  t.match(json, { code: 'credentials_unavailable', message: /The proof is empty/ });
  t.equal(broker.requests.length, 0);
});

t.test('close ends connections and the listener', async (t) => {
  const { sidecar } = await open(t);
  await sidecar.ready();
  const socket = connect(Number(new URL(sidecar.url()).port), '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const ended = new Promise((resolve) => socket.once('close', resolve).resume());
  await sidecar.close();
  await ended;
  await t.rejects(get(sidecar.url()), { code: 'ECONNREFUSED' });
});
