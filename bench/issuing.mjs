// What it costs to be asked for credentials, through a broker in a process of its own: without the cache against the
// bare SDK, with it against a bare route.
import { fork } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { alternately, ratio } from './measure.mjs';

/** Milliseconds of one measurement. */
const SPAN = 1000;
const CONNECTIONS = 50;
const MANY_CONNECTIONS = 1000;

const config = (aws, url, port, audit) => `
server: { url: "${url}", listen: { host: 127.0.0.1, port: ${port} } }
aws: { region: eu-west-1, endpoint: "${aws}" }
issuers:
  bench: { type: oidc, issuer: "${aws}", audience: sallyport, replay: reusable }
roles:
  uncached: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/bench", cache: off }
  cached: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/bench" }
grants:
  - { id: bench, issuer: bench, match: { team: blue }, roles: [uncached, cached] }
limits: { perAddress: { requests: 1000000, per: 1m }, perPrincipal: { requests: 1000000, per: 1m } }
audit: { sinks: [{ type: file, path: "${audit}" }] }
`;

const child = (file, ...args) =>
  fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });

async function said(process, message) {
  const answer = once(process, 'message');
  if (message) process.send(message);
  return (await answer)[0];
}

/** Resolves when the broker logs that it listens. */
function listening(broker) {
  let log = '';
  return new Promise((resolve, reject) => {
    broker.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
      if (log.includes('"listening"')) resolve();
    });
    broker.once('exit', () => reject(new Error(`the broker did not start: ${log}`)));
  });
}

function newIssuer() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' }] };
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000);
  const token = (iss, sub) => {
    const claims = { iss, aud: 'sallyport', sub, team: 'blue', iat, exp: iat + 600, jti: sub };
    const signed = `${encode({ alg: 'RS256', kid: 'bench' })}.${encode(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
  };
  return { jwks: JSON.stringify(jwks), token };
}

const requestOf = (url, role, token) => ({
  url: `${url}/v1/credentials`,
  method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ Role: role }),
});

/** Every answer must be good, or the figure would be of something else. */
async function load(options) {
  const result = await autocannon({ connections: CONNECTIONS, duration: SPAN / 1000, ...options });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refusals and ${result.errors} errors of ${result.requests.total}`);
  return result;
}

const rateOf = async (request) => (await load(request)).requests.average;

export async function benchIssuing() {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  const { jwks, token } = newIssuer();
  const aws = child('./aws.mjs', jwks);
  const { url: awsUrl } = await said(aws);
  const port = 20_000 + (process.pid % 20_000);
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'sallyport.yaml');
  await writeFile(file, config(awsUrl, url, port, join(folder, 'audit.jsonl')));
  const broker = fork(
    fileURLToPath(new URL('../dist/main.js', import.meta.url)),
    ['serve', '--config', file],
    { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  await listening(broker);

  const known = token(awsUrl, 'alice');
  const cached = requestOf(url, 'cached', known);
  const answer = await (await fetch(cached.url, cached)).text();
  const bare = child('./bare-route.mjs', answer);
  const bareRoute = { ...cached, url: `${(await said(bare)).url}/v1/credentials` };
  const sdk = child('./direct-sdk.mjs', awsUrl, known);
  await said(sdk);

  const uncached = requestOf(url, 'uncached', known);
  const rates = await alternately({
    sdk: async () => (await said(sdk, { milliseconds: SPAN })).rate,
    uncached: () => rateOf(uncached),
    cached: () => rateOf(cached),
    bare: () => rateOf(bareRoute),
  });
  const half = { overallRate: Math.floor(rates.bare / 2), connections: MANY_CONNECTIONS };
  const latencies = await alternately({
    cached: async () => (await load({ ...cached, ...half })).latency.p99,
    bare: async () => (await load({ ...bareRoute, ...half })).latency.p99,
  });
  for (const process of [aws, bare, sdk, broker]) process.disconnect?.();
  broker.kill();
  await once(broker, 'exit');
  await rm(folder, { recursive: true });
  return [
    {
      name: 'uncachedVsSdk',
      value: ratio(rates.uncached, rates.sdk),
      meaning: 'requests/s of AssumeRoleWithWebIdentity through the broker ÷ by the SDK directly',
    },
    {
      name: 'cachedVsBare',
      value: ratio(rates.cached, rates.bare),
      meaning: 'cached credentials, requests/s ÷ a bare Fastify route that answers the same bytes',
    },
    {
      name: 'p99CachedVsBare',
      value: ratio(latencies.cached, latencies.bare),
      meaning: "their p99 latency at half the bare route's capacity, 1,000 connections",
    },
  ];
}
