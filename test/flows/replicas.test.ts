// Three broker processes with one Redis: a single-use proof succeeds once among them, regardless of Redis failures; reusable
// proofs work without it; rate limits count across replicas.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@sallyport/sandbox/internal/free-port';
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { fetchAssertion } from '@sallyport/sandbox/internal/saml/fetch-assertion';
import { readExample, type Sandbox, startSandbox } from '@sallyport/sandbox/internal/sandbox';
import t, { type Test } from 'tap';
import { writeConfig } from '../../src/cli/demo/sandboxed-broker.js';
import { type BrokerResponse, readResponse } from '../support/broker.js';
import { start } from '../support/command.js';
import { type RedisServer, redisPeer, rememberAlready, startRedis } from '../support/redis-server.js';
import { repetitions } from '../support/size.js';

const ASSERTIONS = repetitions(50, 1000);
const ALICE = { user: 'alice', password: 'sandbox-alice' };
const MANY = '{ requests: 1000000, per: 1m }';

interface Replicas {
  /** Sends the same request to every replica concurrently. */
  askAll(body: object, jwt?: string): Promise<readonly BrokerResponse[]>;
  readonly urls: readonly string[];
}

async function startReplicas(
  t: Test,
  sandbox: Sandbox,
  redis: RedisServer,
  limits = `{ perAddress: ${MANY}, perPrincipal: ${MANY} }`,
): Promise<Replicas> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-replicas-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const stores = `store: { type: redis, url: "redis://127.0.0.1:${redis.port}" }\nlimits: ${limits}\n`;
  const text = `${await readExample('sallyport.yaml')}\n${stores}`;
  const urls = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const port = await freePort();
      await mkdir(join(folder, name));
      const { configFile } = await writeConfig(sandbox, join(folder, name), port, text);
      await start(t, ['serve', '--config', configFile]).line('stderr', /"listening"/);
      return `http://127.0.0.1:${port}`;
    }),
  );
  return {
    urls,
    askAll: (body, jwt) =>
      Promise.all(
        urls.map(async (url) =>
          readResponse(
            await fetch(`${url}/v1/credentials`, {
              method: 'POST',
              headers: {
                'content-type': 'application/json',
                ...(jwt !== undefined && { authorization: `Bearer ${jwt}` }),
              },
              body: JSON.stringify(body),
            }),
          ),
        ),
      ),
  };
}

/** Runs `task` that often, four at a time. */
async function repeat(times: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < times) await task(next++);
  };
  await Promise.all(Array.from({ length: 4 }, lane));
}

const tally = (responses: readonly BrokerResponse[]) =>
  responses
    .map(({ status, json }) => (status === 200 ? '200' : `${status} ${json.code}`))
    .sort()
    .join(', ');

t.test('three replicas share single-use proofs', { timeout: 600_000 }, async (t) => {
  if (!redisPeer(t)) return;
  const redis = await startRedis(t);
  await rememberAlready(redis);
  const sandbox = await startSandbox();
  t.teardown(() => sandbox.close());
  const assertion = () => fetchAssertion(sandbox.saml.ssoUrl, ALICE);
  const token = () => fetchToken(sandbox.oidc.issuer, { ...ALICE, audience: 'sallyport' });
  const { urls, askAll } = await startReplicas(t, sandbox, redis);
  const readiness = async () =>
    Promise.all(urls.map(async (url) => readResponse(await fetch(`${url}/readyz`))));

  t.test(`one assertion to all three concurrently, ${ASSERTIONS} times: one success each time`, async (t) => {
    const outcomes = new Map<string, number>();
    await repeat(ASSERTIONS, async () => {
      const outcome = tally(await askAll({ SAMLResponse: await assertion() }));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    });
    // On a busy machine Redis may miss its deadline; then the claim is refused, and never granted twice.
    const [usual, ...others] = [...outcomes].sort(([, a], [, b]) => b - a);
    t.equal(usual?.[0], '200, 401 proof_replayed, 401 proof_replayed');
    t.ok((usual?.[1] ?? 0) >= ASSERTIONS * 0.98, `${usual?.[1]} of ${ASSERTIONS}`);
    for (const [outcome] of others) {
      t.ok((outcome.match(/200/g) ?? []).length <= 1, outcome);
      t.match(outcome, /503 replay_store_unavailable/);
    }
  });

  t.test('each assertion succeeds at most once while Redis hangs and resumes', async (t) => {
    const outcomes: string[] = [];
    await repeat(60, async (index) => {
      if (index === 20) redis.signal('SIGSTOP');
      if (index === 40) redis.signal('SIGCONT');
      outcomes.push(tally(await askAll({ SAMLResponse: await assertion() })));
    });
    t.same(
      outcomes.filter((outcome) => (outcome.match(/200/g) ?? []).length > 1),
      [],
    );
    t.ok(
      outcomes.some((outcome) => outcome.includes('503 replay_store_unavailable')),
      'it did hang',
    );
    t.match(outcomes.at(0), /^200,/);
  });

  t.test('without Redis, single-use proofs get 503 with Retry-After and reusable ones work', async (t) => {
    const used = await assertion();
    await redis.kill();
    const jwt = await token();
    for (const response of await askAll({ SAMLResponse: used })) {
      t.match(response, { status: 503, json: { code: 'replay_store_unavailable' } });
      t.match(response.headers.get('retry-after'), /^[1-9]/);
    }
    t.same(tally(await askAll({ Role: 'deploy' }, jwt)), '200, 200, 200');
    for (const { status, json } of await readiness()) {
      t.match({ status, json }, { status: 200, json: { status: 'degraded', checks: { store: false } } });
    }
  });
});

t.test('rate limits count across replicas', async (t) => {
  if (!redisPeer(t)) return;
  const redis = await startRedis(t);
  const sandbox = await startSandbox();
  t.teardown(() => sandbox.close());
  const limits = '{ perAddress: { requests: 20, per: 1h }, perPrincipal: { requests: 5, per: 1h } }';
  const { askAll, urls } = await startReplicas(t, sandbox, redis, limits);
  const jwt = await fetchToken(sandbox.oidc.issuer, { ...ALICE, audience: 'sallyport' });
  const responses = [...(await askAll({ Role: 'deploy' }, jwt)), ...(await askAll({ Role: 'deploy' }, jwt))];
  t.equal(tally(responses), '200, 200, 200, 200, 200, 429 rate_limited', 'of the principal');
  const refused = responses.find(({ status }) => status === 429);
  t.ok(Number(refused?.headers.get('retry-after')) > 3500);

  const unproven: BrokerResponse[] = [];
  while (unproven.length < 21) unproven.push(...(await askAll({})));
  t.equal(
    unproven.filter(({ status }) => status === 401).length,
    14,
    'of the address, before any proof is read',
  );
  t.equal(unproven.filter(({ json }) => json.code === 'rate_limited').length, 7);
  t.equal((await fetch(`${urls[0]}/healthz`)).status, 200);
});
