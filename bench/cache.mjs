// The credential cache: STS calls saved, and memory used.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Secret } from '@sallyport/client/internal/secret';
import { Pool } from 'undici';
import { CredentialCache } from '../dist/issuance/cache/credential-cache.js';
import { serialize } from '../dist/issuance/cache/serialize.js';
import { CredentialIssuer } from '../dist/issuance/credential-issuer.js';
import { startBenchBroker } from './broker.mjs';
import { ratio } from './measure.mjs';
import { SESSION_TOKEN } from './sts-stub.mjs';

const SAME = 10_000;
const SESSIONS = 100_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Number of STS calls for many concurrent identical exchanges. */
async function stsCallsForSame(count) {
  const broker = await startBenchBroker({
    roles: { deploy: { via: 'AssumeRoleWithWebIdentity', roleArn: 'arn:aws:iam::111122223333:role/deploy' } },
  });
  const pool = new Pool(broker.url, { connections: 1000, pipelining: 10 });
  const request = {
    method: 'POST',
    path: '/v1/credentials',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${broker.token({})}` },
    body: '{"Role":"deploy"}',
  };
  const exchange = async () => {
    const { statusCode, body } = await pool.request(request);
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode} ${text}`);
  };
  await Promise.all(Array.from({ length: count }, exchange));
  const calls = broker.stsCalls();
  await pool.close();
  await broker.close();
  return calls;
}

const expiration = new Date(Date.now() + 3_600_000);

const issuedFor = (name) => ({
  credentials: {
    accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
    secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
    sessionToken: new Secret(SESSION_TOKEN),
    expiration,
  },
  assumedRoleUser: {
    assumedRoleId: `AROAEXAMPLEEXAMPLE00:${name}`,
    arn: `arn:aws:sts::111122223333:assumed-role/deploy/${name}`,
  },
  stsRequestId: 'c6104cbe-af31-11e0-8154-cbc7ccf896c7',
});

const requestOf = (name) => ({
  principal: {
    issuer: 'bench',
    type: 'oidc',
    subject: name,
    claims: { iss: 'https://bench.example', sub: name, aud: 'sallyport', groups: ['a', 'b', name] },
    issuedAt: 0,
    expiresAt: expiration.getTime() / 1000,
  },
  decision: {
    role: 'deploy',
    target: {
      operation: 'AssumeRole',
      roleArn: 'arn:aws:iam::111122223333:role/deploy',
      chain: [],
    },
    session: { name, durationSeconds: 3600, tags: { team: `team of ${name}` } },
    grant: 'all',
    durationLimitedBy: 'role',
  },
  // A distinct token of typical length.
  proof: { type: 'oidc', value: new Secret(`${name}.${Buffer.alloc(700, 'x')}`) },
});

function memoryUsed() {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Memory of the cached sessions ÷ bytes issued. Each caller returns once, so that it is remembered for refresh ahead. */
async function cacheMemoryRatio(count) {
  const before = memoryUsed();
  const cache = new CredentialCache({ maxEntries: count, maxBytes: 2 ** 40 });
  cache.retain(['fingerprint']);
  const issuer = new CredentialIssuer({
    stsIssuer: { issue: async ({ principal }) => issuedFor(principal.subject) },
    cache,
    fingerprints: { of: () => 'fingerprint' },
    onCacheUse() {},
    now: () => new Date(),
  });
  const issue = (request) => issuer.getOrIssue(request, { beforeSts: async () => {} });
  const names = (index) => `session-${String(index).padStart(6, '0')}`;
  for (let index = 0; index < count; index++) await issue(requestOf(names(index)));
  for (let index = 0; index < count; index++) await issue(requestOf(names(index)));
  const memory = memoryUsed() - before;
  const { cached } = await issue(requestOf(names(0)));
  if (cached === undefined || cache.size.entries !== count) throw new Error('not all were cached');
  return ratio(memory, serialize(issuedFor(names(0))).length * count);
}

export async function benchCache() {
  return [
    {
      name: 'stsCallsFor10kSame',
      value: await stsCallsForSame(SAME),
      meaning: 'STS calls for 10,000 concurrent identical requests',
    },
    {
      name: 'cacheMemoryRatio',
      value: await cacheMemoryRatio(SESSIONS),
      meaning: 'memory of a cached session ÷ its payload, at 100,000',
    },
  ];
}
