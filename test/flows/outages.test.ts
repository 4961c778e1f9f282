// A broker with network failures between it and STS: what callers get, and when.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { startSandbox } from '@sallyport/sandbox/internal/sandbox';
import t, { type Test } from 'tap';
import { startBroker } from '../../src/cli/start-broker.js';
import type { ErrorCode } from '../../src/core/errors.js';
import { createLog } from '../../src/telemetry/log.js';
import { type BrokerResponse, readResponse } from '../support/broker.js';
import { FAULTS, type Fault, startFaultProxy } from '../support/fault-proxy.js';
import { failure } from '../support/sts-stub.js';

const DEADLINE_SECONDS = 2;
/** Milliseconds for all that is not STS, on a machine that does other things too. */
const SLACK = 1500;

const sandbox = await startSandbox();
t.teardown(() => sandbox.close());
const jwt = await fetchToken(sandbox.oidc.issuer, {
  user: 'alice',
  password: 'sandbox-alice',
  audience: 'sallyport',
});

/** A separate broker, so that tests do not share circuit breakers. The regions are proxies to the sandbox's STS. */
async function startBehind(t: Test, ...regions: readonly string[]) {
  const proxies = await Promise.all(regions.map(() => startFaultProxy(t, sandbox.sts.url)));
  const endpoints = regions.map((region, index) => `${region}: "${proxies[index]?.url}"`);
  const [region, ...others] = regions;
  const folder = t.testdir({
    'sallyport.yaml': `
server: { url: "http://127.0.0.1:8443", listen: { port: 0 } }
aws:
  region: ${region}
  endpoints: { ${endpoints.join(', ')} }
  deadline: ${DEADLINE_SECONDS}s
${others.length > 0 ? `  failoverRegions: [${others.join(', ')}]` : ''}
issuers:
  corp: { type: oidc, issuer: "${sandbox.oidc.issuer}", audience: sallyport }
roles:
  deploy: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/deploy", cache: off }
  other: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::444455556666:role/deploy", cache: off }
grants:
  - { id: all, issuer: corp, match: {}, roles: [deploy, other] }
audit: { sinks: [{ type: file, path: ./audit.jsonl }] }
`,
  });
  const lines: string[] = [];
  const destination = new PassThrough().on('data', (chunk: Buffer) => lines.push(String(chunk)));
  const started = await startBroker(join(folder, 'sallyport.yaml'), createLog('info', destination), {});
  if (!started.ok) throw new Error(JSON.stringify(started.errors));
  t.teardown(() => started.broker.close());
  const ask = async (role = 'deploy'): Promise<BrokerResponse & { readonly milliseconds: number }> => {
    const startedAt = performance.now();
    const response = await fetch(`${started.url}/v1/credentials`, {
      method: 'POST',
      headers: { authorization: `Bearer ${jwt}` },
      body: new URLSearchParams({ Role: role }),
    });
    const answer = await readResponse(response);
    return { ...answer, milliseconds: performance.now() - startedAt };
  };
  return {
    ask,
    proxies,
    logged: () => lines.join(''),
    audited: () =>
      readFileSync(join(folder, 'audit.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    get: async (path: string) => (await fetch(`${started.url}${path}`)).text(),
  };
}

t.test('each network failure returns a timely error without internal details', async (t) => {
  /** `calls`: undefined where the deadline decides how often it was tried. */
  const rows: [name: keyof typeof FAULTS, code: ErrorCode | 'issued', reason: string, calls?: number][] = [
    ['none', 'issued', '', 1],
    ['delayed', 'issued', '', 1],
    ['trickle', 'sts_unavailable', 'sts.deadline', 1],
    ['reset', 'sts_unavailable', 'sts.connection', 3],
    ['hangUp', 'sts_unavailable', 'sts.connection', 3],
    ['blackHole', 'sts_unavailable', 'sts.deadline', 1],
    ['half', 'sts_unavailable', 'sts.connection', 3],
    ['halfBody', 'sts_unavailable', 'sts.malformed', 3],
    ['notHttp', 'sts_unavailable', 'sts.malformed', 3],
    ['serverError', 'sts_unavailable', 'sts.InternalFailure', 3],
    ['unavailable', 'sts_unavailable', 'sts.Unknown', 3],
    ['proxyRefusal', 'sts_unavailable', 'sts.Unknown', 1],
    ['redirect', 'sts_unavailable', 'sts.Unknown', 1],
    ['throttling', 'sts_throttled', 'sts.Throttling'],
    ['wrongXml', 'sts_unavailable', 'sts.malformed', 3],
    ['page', 'sts_unavailable', 'sts.malformed', 3],
    ['empty', 'sts_unavailable', 'sts.malformed', 3],
    ['deepXml', 'sts_unavailable', 'sts.RangeError', 1],
    ['tenMegabytes', 'sts_unavailable', 'sts.too_large', 3],
  ];
  t.same(rows.map(([name]) => name).sort(), Object.keys(FAULTS).sort(), 'every failure has a row');
  for (const [name, code, reason, calls] of rows) {
    t.test(name, async (t) => {
      const { ask, proxies, audited } = await startBehind(t, 'eu-west-1');
      const [proxy] = proxies;
      proxy?.use(FAULTS[name]);
      const answer = await ask();
      t.ok(answer.milliseconds < DEADLINE_SECONDS * 1000 + SLACK, `${Math.round(answer.milliseconds)} ms`);
      if (calls !== undefined) t.equal(proxy?.calls(), calls, 'calls of STS');
      if (code === 'issued') {
        t.equal(answer.status, 200);
        t.match(answer.json.Credentials.AccessKeyId, /^ASIA/);
        return;
      }
      t.equal(answer.status, 503);
      t.equal(answer.json.code, code);
      t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
      t.notOk(answer.json.Credentials);
      t.match(audited().at(-1), { Event: 'failed', Error: { Code: code, Reason: reason } });
      proxy?.use(FAULTS.none);
      if (code !== 'sts_throttled') t.equal((await ask()).status, 200, 'and when it is over, it is over');
    });
  }
});

t.test('the STS error is in log and audit log, not in the response', async (t) => {
  const encoded = 'bT3N0IG9mIHRoaXMgaXMgb25seSBmb3Igb3BlcmF0b3Jz';
  const { ask, proxies, audited, logged } = await startBehind(t, 'eu-west-1');
  const said = `User: arn:aws:sts::1:assumed-role/x is not authorized to perform: sts:TagSession. Encoded authorization failure message: ${encoded}`;
  const answering = failure(403, 'AccessDenied', said);
  const error: Fault = {
    instead: (client) =>
      void client.write(
        `HTTP/1.1 403 x\r\nx-amzn-requestid: sts-request-1\r\ncontent-length: ${answering.body.length}\r\n\r\n${answering.body}`,
      ),
  };
  proxies[0]?.use(error);
  const { status, json, text } = await ask();
  t.equal(status, 502);
  t.equal(json.code, 'sts_access_denied');
  t.match(json.detail, 'sts:TagSession in the trust policy');
  t.notMatch(text, encoded);
  t.notMatch(text, /sts-request-1|assumed-role/);
  const sts = { StsCode: 'AccessDenied', StsRequestId: 'sts-request-1' };
  t.match(audited().at(-1), { Error: { Reason: 'sts.AccessDenied.TagSession', ...sts } });
  const line = JSON.parse(
    logged()
      .split('\n')
      .find((text) => text.includes('request failed')) ?? '{}',
  );
  t.match(line, {
    requestId: json.requestId,
    sts: { code: 'AccessDenied', requestId: 'sts-request-1', encodedMessage: encoded },
  });
});

t.test('an unavailable region fails over within one request, then its circuit breaker opens', async (t) => {
  for (const name of ['blackHole', 'reset', 'serverError'] as const) {
    const { ask, proxies, get, logged } = await startBehind(t, 'eu-west-1', 'eu-central-1');
    const [first, second] = proxies;
    first?.use(FAULTS[name]);
    for (let call = 0; call < 3; call++) {
      const { status, milliseconds } = await ask();
      t.equal(status, 200, name);
      t.ok(milliseconds < DEADLINE_SECONDS * 1000 + SLACK);
    }
    const calls = first?.calls() ?? 0;
    t.ok(calls >= 3);
    t.equal((await ask()).status, 200);
    t.equal(first?.calls(), calls, 'no more calls to that region');
    t.equal(second?.calls(), 4);
    t.match(JSON.parse(await get('/readyz')), {
      status: 'degraded',
      checks: { 'sts.eu-west-1': false, 'sts.eu-central-1': true },
    });
    const metrics = await get('/metrics');
    t.match(metrics, 'sallyport_sts_region_up{region="eu-west-1"} 0');
    t.match(metrics, 'sallyport_sts_region_up{region="eu-central-1"} 1');
    t.match(
      metrics,
      'sallyport_sts_call_duration_seconds_count{operation="AssumeRoleWithWebIdentity",region="eu-west-1",outcome="sts_unavailable"} 3',
    );
    t.equal(logged().match(/is unavailable in this region/g)?.length, 1, 'said once');
  }
});

t.test('a region without STS activation is skipped; a refusal is not retried', async (t) => {
  const { ask, proxies } = await startBehind(t, 'eu-west-1', 'eu-central-1');
  const [first, second] = proxies;
  const saying = (status: number, code: string): Fault => {
    const { body } = failure(status, code);
    return {
      instead: (client) =>
        void client.write(`HTTP/1.1 ${status} x\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
    };
  };
  first?.use(saying(403, 'AccessDenied'));
  t.equal((await ask()).json.code, 'sts_access_denied');
  t.equal(second?.calls(), 0);
  first?.use(saying(403, 'RegionDisabledException'));
  t.equal((await ask()).status, 200);
  t.equal((await ask()).status, 200);
  t.same([first?.calls(), second?.calls()], [2, 2], 'and is not called again');
  second?.use(saying(403, 'RegionDisabledException'));
  const { status, json } = await ask();
  t.same([status, json.code], [502, 'sts_region_disabled'], 'until no region is left');
});

t.test('throttling pauses one account in one region only', async (t) => {
  const { ask, proxies, logged } = await startBehind(t, 'eu-west-1', 'eu-central-1');
  const [first, second] = proxies;
  first?.use(FAULTS.throttling);
  t.equal((await ask()).json.code, 'sts_throttled');
  const calls = first?.calls();
  const many = await Promise.all(Array.from({ length: 20 }, () => ask()));
  t.same(new Set(many.map(({ json }) => json.code)), new Set(['sts_throttled']));
  t.ok(many.every(({ headers }) => Number(headers.get('retry-after')) >= 1));
  t.equal(first?.calls(), calls, 'not one call more');
  t.equal(second?.calls(), 0, 'and no other calls');
  first?.use(FAULTS.none);
  t.equal((await ask('other')).json.code, 'sts_rejected_proof', 'another account is not paused');
  t.equal(logged().match(/throttles this account/g)?.length, 1);
});
