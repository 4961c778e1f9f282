import { Writable } from 'node:stream';
import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import { SallyportError } from '../../src/core/errors.js';
import type { LogLevel } from '../../src/core/ports.js';
import { createLog, describeError } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';

const PLANTED = 's3cr3t-planted';

/** A log and the lines it wrote. */
function keptLog(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLog(level, stream), lines };
}

t.test('log lines are JSON with level, time, fields and message; lower levels are omitted', (t) => {
  const { log, lines } = keptLog('warn');
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    log[level]({ requestId: 'r1', n: 7 }, level);
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  t.same(
    parsed.map(({ msg, requestId, n }) => [msg, requestId, n]),
    [
      ['warn', 'r1', 7],
      ['error', 'r1', 7],
    ],
  );
  for (const { time, pid, hostname } of parsed) {
    t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    t.same([pid, hostname], [undefined, undefined]);
  }
  const silent = keptLog('silent');
  silent.log.error({}, 'x');
  t.same(silent.lines, []);
  t.end();
});

t.test('the log never prints error messages or secrets', (t) => {
  const chain = new Error(PLANTED, { cause: new TypeError(PLANTED, { cause: PLANTED }) });
  const odd = Object.assign(new Error(PLANTED), { code: 'EPIPE', response: PLANTED, [PLANTED]: 1 });
  const framed = new Error(`first\n    at ${PLANTED} (file.js:1:1)\n    at ${PLANTED}`);
  const refusal = new SallyportError('proof_invalid', { reason: 'jwt.exp.past', cause: chain });
  const circular: { cause?: unknown } & Error = new Error(PLANTED);
  circular.cause = circular;
  const errors: unknown[] = [
    chain,
    odd,
    framed,
    refusal,
    circular,
    new AggregateError([chain], PLANTED),
    PLANTED,
    { message: PLANTED, stack: PLANTED },
    null,
  ];
  for (const [index, err] of errors.entries()) {
    const { log, lines } = keptLog();
    log.error({ err, proof: new Secret(PLANTED), deep: { list: [new Secret(PLANTED)] } }, 'failed');
    t.equal(lines.length, 1);
    t.notMatch(lines[0], PLANTED, `error ${index}`);
    t.match(JSON.parse(lines[0] ?? ''), {
      proof: '[redacted]',
      deep: { list: ['[redacted]'] },
      msg: 'failed',
    });
  }
  t.end();
});

t.test('the log prints type, code, stack frames and causes of an error', (t) => {
  const inner = Object.assign(new TypeError('x'), { code: 'ECONNREFUSED' });
  const described = describeError(new Error('x', { cause: inner })) as {
    at: string[];
    cause: { at: string[] };
  };
  t.match(described, { type: 'Error', cause: { type: 'TypeError', code: 'ECONNREFUSED' } });
  t.match(described.at[0], /^at .*telemetry\.test\./);
  t.ok(described.at.length <= 4);
  t.match(describeError(new SallyportError('internal')), { type: 'SallyportError', code: 'internal' });
  t.same(describeError('text'), { type: 'string' });
  let chain = new Error('0');
  for (let depth = 1; depth < 100; depth++) chain = new Error(String(depth), { cause: chain });
  t.ok(JSON.stringify(describeError(chain)).split('"cause"').length <= 7, 'a long chain is cut');
  t.end();
});

t.test('metrics have the Prometheus exposition format', async (t) => {
  const metrics = new Metrics(() => ({ entries: 3, bytes: 4000 }));
  metrics.countExchange({ role: 'deploy', operation: 'AssumeRoleWithWebIdentity', outcome: 'issued' });
  metrics.countExchange({ role: 'deploy', operation: 'AssumeRoleWithWebIdentity', outcome: 'issued' });
  metrics.countExchange({ role: '', operation: '', outcome: 'proof_invalid' });
  metrics.observeHttpRequest({ route: '/v1/credentials', status: 200 }, 0.02);
  metrics.countConditionErrors(['ci-release', 'admins']);
  metrics.countConditionErrors(['admins']);
  metrics.countCacheUse('hit', 'deploy');
  const { text, contentType } = await metrics.render();
  t.match(contentType, /^text\/plain/);
  const lines = text.split('\n');
  for (const line of [
    'sallyport_exchanges_total{role="deploy",operation="AssumeRoleWithWebIdentity",outcome="issued"} 2',
    'sallyport_exchanges_total{role="",operation="",outcome="proof_invalid"} 1',
    'sallyport_grant_condition_errors_total{grant="admins"} 2',
    'sallyport_grant_condition_errors_total{grant="ci-release"} 1',
    'sallyport_credential_cache_uses_total{use="hit",role="deploy"} 1',
    'sallyport_credential_cache_entries 3',
    'sallyport_credential_cache_bytes 4000',
    'sallyport_http_request_duration_seconds_count{route="/v1/credentials",status="200"} 1',
    'sallyport_http_request_duration_seconds_bucket{le="0.01",route="/v1/credentials",status="200"} 0',
    'sallyport_http_request_duration_seconds_bucket{le="0.05",route="/v1/credentials",status="200"} 1',
  ])
    t.ok(lines.includes(line), line);
  const labels = new Set([...text.matchAll(/[{,]([a-z]+)="/g)].map(([, name]) => name));
  t.same(
    [...labels].sort(),
    ['grant', 'le', 'operation', 'outcome', 'role', 'route', 'status', 'use'],
    'no other label',
  );
  t.notMatch((await new Metrics().render()).text, /deploy/, 'two brokers in one process do not share counts');
});
