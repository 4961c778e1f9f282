// The cost of a request for credentials: uncached compared to the bare SDK, cached compared to a bare route. Each part is
// its own process; this one sends the requests. The audit log goes to a discarded stdout, so that the speed of the
// disk does not matter.
import autocannon from 'autocannon';
import { inChild } from './child.mjs';
import { alternately, ratio } from './measure.mjs';

/** Milliseconds per measurement. */
const SPAN = 700;
const CONNECTIONS = 50;
const MANY_CONNECTIONS = 1000;

const ROLE = { via: 'AssumeRoleWithWebIdentity', roleArn: 'arn:aws:iam::111122223333:role/deploy' };

const requestOf = (url, role, token) => ({
  url: `${url}/v1/credentials`,
  method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ Role: role }),
});

/** Fails unless every response is a success. */
async function load(options) {
  const result = await autocannon({ connections: CONNECTIONS, duration: SPAN / 1000, ...options });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(
      `${result.non2xx} non-2xx responses and ${result.errors} errors of ${result.requests.total}`,
    );
  return result;
}

const rateOf = async (request) => (await load(request)).requests.average;

export async function benchIssuing() {
  const sts = await inChild('./sts-stub.mjs', 'startStsStub');
  const roles = { uncached: { ...ROLE, cache: 'off' }, cached: ROLE };
  const broker = await inChild('./broker.mjs', 'startBenchBroker', {
    roles,
    stsUrl: sts.url,
    sink: { type: 'stdout' },
  });
  const token = await broker.call('token', {});
  const uncached = requestOf(broker.url, 'uncached', token);
  const cached = requestOf(broker.url, 'cached', token);
  await fetch(cached.url, cached);
  const body = await (await fetch(cached.url, cached)).text();
  const bare = await inChild('./bare-route.mjs', 'startBareRoute', { body });
  const bareRoute = { ...cached, url: `${bare.url}/v1/credentials` };
  const sdk = await inChild('./direct-sdk.mjs', 'startDirectSdk', { endpoint: sts.url, token });

  const rates = await alternately({
    sdk: () => sdk.call('rate', SPAN),
    uncached: () => rateOf(uncached),
    cached: () => rateOf(cached),
    bare: () => rateOf(bareRoute),
  });
  const half = {
    overallRate: Math.floor(rates.bare / 2),
    connections: MANY_CONNECTIONS,
    // Otherwise it would only end on a full second.
    sampleInt: 100,
    duration: 0.6,
  };
  const latencies = await alternately({
    cached: async () => (await load({ ...cached, ...half })).latency.p99,
    bare: async () => (await load({ ...bareRoute, ...half })).latency.p99,
  });
  for (const part of [broker, sts, bare, sdk]) await part.close();
  return [
    {
      name: 'uncachedVsSdk',
      value: ratio(rates.uncached, rates.sdk),
      meaning: 'AssumeRoleWithWebIdentity through the broker, requests/s ÷ by the SDK directly, calls/s',
    },
    {
      name: 'cachedVsBare',
      value: ratio(rates.cached, rates.bare),
      meaning: 'cached credentials, requests/s ÷ a bare Fastify route that returns the same bytes',
    },
    {
      name: 'p99CachedVsBare',
      value: ratio(latencies.cached, latencies.bare),
      meaning: "their p99 latency at half the bare route's capacity, 1,000 connections",
    },
  ];
}
