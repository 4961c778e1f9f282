// Sts: failover, bulkhead, circuit breakers, deadlines and retries, observed by the result and on the wire.

import dns from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Secret } from '@sallyport/client/internal/secret';
import t, { type Test } from 'tap';
import { type ErrorCode, SallyportError } from '../../../src/core/errors.js';
import { Bulkhead } from '../../../src/issuance/sts/bulkhead.js';
import type { Sts, StsCallOptions } from '../../../src/issuance/sts/sts.js';
import type { Signer } from '../../../src/issuance/sts/sts-call.js';
import { translateStsError } from '../../../src/issuance/sts/translate-error.js';
import { FAULTS, startFaultProxy } from '../../support/fault-proxy.js';
import { KEYS, openTestSts } from '../../support/sts.js';
import { failure, type StsAnswer, startStsStub, success } from '../../support/sts-stub.js';

/** Milliseconds by which a busy machine may exceed a deadline. */
const SLACK = 1500;

const CREDENTIALS =
  '<Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-11-21T13:00:00Z</Expiration></Credentials>';
const WEB = success('AssumeRoleWithWebIdentity', CREDENTIALS);
const ROLE = success('AssumeRole', CREDENTIALS);
const AS = {
  accessKeyId: 'ASIAHOPHOPHOPHOP0000',
  secretAccessKey: new Secret('hop'),
  sessionToken: new Secret('hop-session'),
  expiration: new Date('2026-11-21T13:00:00Z'),
};

const web = (sts: Sts, options: StsCallOptions = {}, account = '111122223333') =>
  sts.assumeRoleWithWebIdentity(
    {
      RoleArn: `arn:aws:iam::${account}:role/deploy`,
      RoleSessionName: 'alice',
      WebIdentityToken: 'token',
    },
    options,
  );
const withMfa = (sts: Sts) =>
  sts.getSessionToken({ SerialNumber: 'arn:aws:iam::111122223333:mfa/sallyport', TokenCode: '123456' });

const outcomeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'answered';
  } catch (error) {
    if (error instanceof SallyportError) return `${error.code} ${error.reason}`;
    throw error;
  }
};

/** An STS stub in each region. It sends the current response in `answers`. */
async function inRegions(t: Test, responses: Record<string, StsAnswer | undefined>, options = {}) {
  const stubs = await Promise.all(
    Object.keys(responses).map(
      async (region) => [region, await startStsStub(t, () => responses[region])] as const,
    ),
  );
  const endpoints = Object.fromEntries(stubs.map(([region, { url }]) => [region, url]));
  const opened = openTestSts(t, endpoints, { credentials: KEYS, ...options });
  return {
    ...opened,
    wire: () => stubs.map(([, { calls }]) => calls.length),
    stubs: stubs.map(([, stub]) => stub),
  };
}

t.test('a recovered region is probed with one call, then used again', async (t) => {
  const responses: Record<string, StsAnswer | undefined> = { 'eu-west-1': undefined };
  let skipped = 0;
  const { sts, wire, states, logged, called } = await inRegions(t, responses, {
    now: () => Date.now() + skipped,
  });
  const call = () => outcomeOf(web(sts));
  for (let failed = 0; failed < 3; failed++) t.equal(await call(), 'sts_unavailable sts.connection');
  t.same(sts.regionStates(), { 'eu-west-1': 'open' });
  t.equal(await call(), 'sts_unavailable sts.region_away');
  t.same(wire(), [9], 'three calls, each tried three times');
  skipped = 10_000;
  const probes = await Promise.all([call(), call(), call()]);
  t.same(probes.sort(), [
    'sts_unavailable sts.connection',
    'sts_unavailable sts.region_away',
    'sts_unavailable sts.region_away',
  ]);
  responses['eu-west-1'] = WEB;
  t.equal(await call(), 'sts_unavailable sts.region_away', 'not yet: the probe failed');
  skipped = 30_000;
  t.equal(await call(), 'answered');
  t.equal(await call(), 'answered');
  t.same(sts.regionStates(), { 'eu-west-1': 'closed' });
  t.same(
    states,
    ['closed', 'open', 'half-open', 'open', 'half-open', 'closed'].map((state) => `eu-west-1 ${state}`),
  );
  t.equal(logged.length, 2, 'said once for each change that matters');
  t.same(called.at(-1), 'AssumeRoleWithWebIdentity eu-west-1 answered');
  t.equal(called.length, 6, 'what was refused here was no call');
});

t.test('a throttled account is probed with one call; other accounts are not suspended', async (t) => {
  const responses: Record<string, StsAnswer> = { 'eu-west-1': failure(400, 'Throttling') };
  let skipped = 0;
  const { sts, wire } = await inRegions(t, responses, { now: () => Date.now() + skipped });
  const call = (account?: string) => outcomeOf(web(sts, {}, account));
  t.equal(await call(), 'sts_throttled sts.Throttling');
  const [tried] = wire();
  t.equal(tried, 3, "the SDK's own retries");
  t.equal(await call(), 'sts_throttled sts.paused');
  skipped = 2000;
  t.same((await Promise.all([call(), call()])).sort(), [
    'sts_throttled sts.Throttling',
    'sts_throttled sts.paused',
  ]);
  responses['eu-west-1'] = WEB;
  t.equal(await call('444455556666'), 'answered');
  t.equal(await call(), 'sts_throttled sts.paused', 'for longer, the second time');
  skipped = 8000;
  t.equal(await call(), 'answered');
});

t.test('throttling suspends the account of the signer, not of the role', async (t) => {
  const responses: Record<string, StsAnswer> = { 'eu-west-1': failure(400, 'Throttling') };
  const { sts, wire } = await inRegions(t, responses);
  const assume = (account: string, signer?: Signer) =>
    outcomeOf(
      sts.assumeRole(
        { RoleArn: `arn:aws:iam::${account}:role/x`, RoleSessionName: 'alice' },
        signer && { signer },
      ),
    );
  t.equal(await assume('111122223333'), 'sts_throttled sts.Throttling');
  const tried = wire();
  t.equal(await assume('444455556666'), 'sts_throttled sts.paused', 'the same quota: the one of the broker');
  t.equal(await outcomeOf(sts.getFederationToken({ Name: 'alice' })), 'sts_throttled sts.paused');
  t.same(wire(), tried, 'without a call');
  responses['eu-west-1'] = ROLE;
  t.equal(await assume('444455556666', { credentials: AS, account: '111122223333' }), 'answered');
  responses['eu-west-1'] = WEB;
  t.equal(await outcomeOf(web(sts)), 'answered', 'not signed');
});

t.test('a deadline during the retry delay yields the last error of STS', async (t) => {
  const answer = { ...failure(400, 'Throttling'), headers: { 'x-amz-retry-after': '5000' } };
  const { sts, wire } = await inRegions(t, { 'eu-west-1': answer, 'eu-central-1': WEB });
  const call = () => outcomeOf(web(sts, { deadline: Date.now() + 800 }));
  t.equal(await call(), 'sts_throttled sts.Throttling');
  t.equal(await call(), 'sts_throttled sts.paused');
  t.same(wire(), [1, 0]);
  t.same(sts.regionStates(), { 'eu-west-1': 'closed', 'eu-central-1': 'closed' }, 'it is there, and says no');
});

t.test('a deadline during a retry yields the last error of STS', async (t) => {
  const { status = 0, body } = failure(400, 'Throttling');
  let calls = 0;
  const server = createServer((_, response) => {
    if (calls++ === 0) response.writeHead(status, { 'x-amz-retry-after': '1' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const { sts } = openTestSts(t, { 'eu-west-1': `http://127.0.0.1:${port}` });
  const deadline = Date.now() + 1500;
  t.equal(await outcomeOf(web(sts, { deadline })), 'sts_throttled sts.Throttling');
  t.equal(calls, 2);
});

t.test('regional endpoint of every partition, with FIPS and dual-stack', async (t) => {
  const requested: string[] = [];
  t.intercept(dns, 'lookup', {
    value: (host: string, _: object, done: (error: Error) => void) => {
      requested.push(host);
      done(Object.assign(new Error('not here'), { code: 'ENOTFOUND' }));
    },
  });
  const rows: [region: string, options: { fips?: boolean; dualStack?: boolean }, host: string][] = [
    ['us-east-1', {}, 'sts.us-east-1.amazonaws.com'],
    ['eu-west-1', {}, 'sts.eu-west-1.amazonaws.com'],
    ['cn-north-1', {}, 'sts.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', {}, 'sts.us-gov-west-1.amazonaws.com'],
    ['eusc-de-east-1', {}, 'sts.eusc-de-east-1.amazonaws.eu'],
    ['us-iso-east-1', {}, 'sts.us-iso-east-1.c2s.ic.gov'],
    ['us-east-1', { fips: true }, 'sts-fips.us-east-1.amazonaws.com'],
    ['us-gov-west-1', { fips: true }, 'sts.us-gov-west-1.amazonaws.com'],
    ['eu-west-1', { dualStack: true }, 'sts.eu-west-1.api.aws'],
    ['us-east-2', { fips: true, dualStack: true }, 'sts-fips.us-east-2.api.aws'],
  ];
  for (const [region, options, host] of rows) {
    const { sts } = openTestSts(t, {}, { region, ...options });
    t.equal(await outcomeOf(web(sts)), 'sts_unavailable sts.connect', host);
    t.equal(requested.at(-1), host);
  }
});

t.test('conflicting endpoint settings are a rejected request, not an outage', async (t) => {
  process.env['AWS_USE_FIPS_ENDPOINT'] = 'true';
  t.teardown(() => delete process.env['AWS_USE_FIPS_ENDPOINT']);
  const { sts, wire } = await inRegions(t, { 'eu-west-1': WEB });
  for (let call = 0; call < 4; call++)
    t.equal(await outcomeOf(web(sts)), 'sts_rejected_request sts.EndpointError');
  t.same([wire(), sts.regionStates()], [[0], { 'eu-west-1': 'closed' }]);
});

t.test('a role with its own region is issued there only', async (t) => {
  const responses: Record<string, StsAnswer | undefined> = {
    'eu-west-1': WEB,
    'eu-central-1': WEB,
    'sa-east-1': WEB,
  };
  const { sts, wire } = await inRegions(t, responses);
  t.equal(await outcomeOf(web(sts, { region: 'sa-east-1' })), 'answered');
  t.same(wire(), [0, 0, 1]);
  responses['sa-east-1'] = undefined;
  t.match(await outcomeOf(web(sts, { region: 'sa-east-1' })), 'sts_unavailable');
  t.same(wire(), [0, 0, 4]);
});

t.test('an MFA code is sent once, without retry or failover, unless nothing was sent', async (t) => {
  const responses: Record<string, StsAnswer | undefined> = {
    'eu-west-1': undefined,
    'eu-central-1': success('GetSessionToken', CREDENTIALS),
  };
  const { sts, wire } = await inRegions(t, responses);
  for (const answer of [
    undefined,
    failure(500, 'InternalFailure'),
    failure(403, 'RegionDisabledException'),
  ]) {
    responses['eu-west-1'] = answer;
    t.match(await outcomeOf(withMfa(sts)), /unavailable|disabled/);
  }
  t.same(wire(), [3, 0]);
  const { url } =
    (await inRegions(t, { 'eu-central-1': success('GetSessionToken', CREDENTIALS) })).stubs[0] ?? {};
  const half = openTestSts(
    t,
    { 'eu-west-1': 'http://127.0.0.1:1', 'eu-central-1': url ?? '' },
    { credentials: KEYS },
  );
  t.equal(await outcomeOf(withMfa(half.sts)), 'answered', 'STS did not receive the call');
});

t.test('the deadline bounds the call, and each region gets a share of it', async (t) => {
  const stub = await startStsStub(t, () => WEB);
  const silent = await startFaultProxy(t, stub.url);
  silent.use(FAULTS.blackHole);
  const spent = async (endpoints: Record<string, string>, deadlineMs: number) => {
    const { sts } = openTestSts(t, endpoints, { credentials: KEYS });
    const startedAt = performance.now();
    const outcome = await outcomeOf(web(sts, { deadline: Date.now() + deadlineMs }));
    return { outcome, milliseconds: performance.now() - startedAt };
  };
  const alone = await spent({ 'eu-west-1': silent.url }, 300);
  t.equal(alone.outcome, 'sts_unavailable sts.deadline');
  t.ok(alone.milliseconds >= 290 && alone.milliseconds < 300 + SLACK, String(alone.milliseconds));
  const rescued = await spent({ 'eu-west-1': silent.url, 'eu-central-1': stub.url }, 3000);
  t.equal(rescued.outcome, 'answered');
  t.ok(rescued.milliseconds >= 1490 && rescued.milliseconds < 3000 + SLACK, String(rescued.milliseconds));
  const calls = silent.calls();
  const late = await spent({ 'eu-west-1': silent.url }, -1);
  t.equal(late.outcome, 'sts_unavailable sts.deadline');
  t.equal(silent.calls(), calls, 'too late to begin');
});

t.test('the deadline of one call does not end others on the same connections', async (t) => {
  const ended: string[] = [];
  const server = createServer((request, response) => {
    let form = '';
    request.on('data', (chunk) => {
      form += String(chunk);
    });
    request.on('end', () => {
      const name = new URLSearchParams(form).get('RoleSessionName') ?? '';
      response.on('close', () => ended.push(`${name} ${response.writableEnded ? 'answered' : 'cut off'}`));
      // Who is in a hurry waits in vain; the other is answered when that is over.
      if (name === 'patient') response.writeHead(200, { 'content-type': 'text/xml' });
      const answer = () => response.end(form.includes('WithWebIdentity') ? WEB.body : ROLE.body);
      if (name === 'patient') setTimeout(answer, 600);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { sts } = openTestSts(t, { 'eu-west-1': url }, { credentials: KEYS });

  const RoleArn = 'arn:aws:iam::111122223333:role/deploy';
  const signer = { credentials: AS, account: '111122223333' };
  const calls: ((RoleSessionName: string, options: StsCallOptions) => Promise<unknown>)[] = [
    (RoleSessionName, options) =>
      sts.assumeRoleWithWebIdentity({ RoleArn, RoleSessionName, WebIdentityToken: 'token' }, options),
    (RoleSessionName, options) => sts.assumeRole({ RoleArn, RoleSessionName }, options),
    (RoleSessionName, options) => sts.assumeRole({ RoleArn, RoleSessionName }, { ...options, signer }),
  ];
  for (const call of calls) {
    const within = (ms: number) => ({ deadline: Date.now() + ms });
    const outcomes = await Promise.all([
      outcomeOf(call('hurried', within(200))),
      outcomeOf(call('patient', within(5000))),
    ]);
    t.same(outcomes, ['sts_unavailable sts.deadline', 'answered']);
  }
  const each = ['hurried cut off', 'patient answered'];
  t.same(ended, [...each, ...each, ...each], 'and is not sent again');
});

t.test('short deadlines do not open the circuit breaker of a region', async (t) => {
  const stub = await startStsStub(t, () => WEB);
  const silent = await startFaultProxy(t, stub.url);
  silent.use(FAULTS.blackHole);
  const { sts } = openTestSts(t, { 'eu-west-1': silent.url });
  for (let call = 0; call < 5; call++) await outcomeOf(web(sts, { deadline: Date.now() + 20 }));
  t.same(sts.regionStates(), { 'eu-west-1': 'closed' });
  for (let call = 0; call < 3; call++) await outcomeOf(web(sts, { deadline: Date.now() + 300 }));
  t.same(sts.regionStates(), { 'eu-west-1': 'open' });
});

t.test('missing broker credentials do not open the circuit breaker; unsigned calls succeed', async (t) => {
  const { HOME } = process.env;
  const value = {
    HOME,
    AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/sallyport',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent/token',
  };
  t.intercept(process, 'env', { value });
  const { sts, wire } = await inRegions(t, { 'eu-west-1': WEB }, { credentials: undefined });
  const own = () =>
    sts.assumeRole({ RoleArn: 'arn:aws:iam::111122223333:role/it', RoleSessionName: 'alice' });
  for (let call = 0; call < 4; call++) t.equal(await outcomeOf(own()), 'sts_unavailable sts.Error');
  t.same(wire(), [0]);
  t.same(sts.regionStates(), { 'eu-west-1': 'closed' });
  t.equal(await outcomeOf(web(sts)), 'answered');
});

t.test('a refused web identity token of the broker is broker_credentials_invalid', async (t) => {
  for (const code of ['InvalidIdentityToken', 'ExpiredTokenException', 'IDPRejectedClaim']) {
    const stub = await startStsStub(t, () => failure(400, code));
    const { HOME } = process.env;
    const value = {
      HOME,
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/sallyport',
      AWS_WEB_IDENTITY_TOKEN_FILE: import.meta.filename,
      AWS_ENDPOINT_URL_STS: stub.url,
    };
    t.intercept(process, 'env', { value });
    const { sts } = openTestSts(t, { 'eu-west-1': stub.url });
    const call = sts.assumeRole({ RoleArn: 'arn:aws:iam::111122223333:role/it', RoleSessionName: 'alice' });
    t.match(await outcomeOf(call), /^broker_credentials_invalid sts\./, code);
  }
});

t.test('bulkhead bounds concurrent and queued calls', async (t) => {
  const sent: string[] = [];
  const finish = new Map<string, () => void>();
  const bulkhead = new Bulkhead({ concurrent: 2, queued: 2 });
  const call = (account: string, { signal } = new AbortController()) =>
    outcomeOf(
      bulkhead.run(signal, async () => {
        sent.push(account);
        await new Promise<void>((resolve) => finish.set(account, resolve));
        throw new SallyportError('sts_access_denied');
      }),
    );
  const leaving = new AbortController();
  const first = call('a');
  const second = call('b');
  const third = call('c', leaving);
  const fourth = call('d');
  t.equal(await call('e'), 'overloaded sts.queue_full', 'at once');
  t.same(sent, ['a', 'b']);
  leaving.abort(new SallyportError('sts_unavailable', { reason: 'sts.deadline' }));
  t.equal(await third, 'sts_unavailable sts.deadline', 'a caller that times out leaves the queue');
  const fifth = call('f');
  finish.get('b')?.();
  await second;
  t.same(sent, ['a', 'b', 'd'], 'first come, first served');
  finish.get('a')?.();
  await first;
  t.same(sent, ['a', 'b', 'd', 'f']);
  finish.get('d')?.();
  finish.get('f')?.();
  await Promise.all([fourth, fifth]);
  const late = [call('g'), call('h'), call('i')];
  await setImmediate();
  t.same(sent.slice(4), ['g', 'h'], 'every slot was released exactly once');
  for (const account of ['g', 'h', 'i']) {
    await setImmediate();
    finish.get(account)?.();
  }
  await Promise.all(late);
});

t.test('chained roles share the retry budget and the connections of the broker', async (t) => {
  const responses: Record<string, StsAnswer | undefined> = {
    'eu-west-1': failure(503, 'ServiceUnavailable'),
  };
  // No breaker: only the bucket of 500 tokens, 14 a retry, bounds what is sent.
  let skipped = 0;
  const { sts, stubs } = await inRegions(t, responses, { now: () => Date.now() + skipped });
  const hop = () => {
    skipped += 600_000;
    return outcomeOf(
      sts.assumeRole(
        { RoleArn: 'arn:aws:iam::111122223333:role/x', RoleSessionName: 'alice' },
        { signer: { credentials: AS, account: '111122223333' } },
      ),
    );
  };
  for (let call = 0; call < 30; call++) await hop();
  const { calls = [] } = stubs[0] ?? {};
  t.equal(calls.length, 30 + Math.floor(500 / 14), 'then only first tries');
  t.match(calls[0]?.headers.authorization, 'Credential=ASIAHOPHOPHOPHOP0000');
  t.equal(calls[0]?.headers['x-amz-security-token'], 'hop-session');
  responses['eu-west-1'] = ROLE;
  t.equal(await hop(), 'answered');
});

t.test('the HTTP handler sends the signed request unchanged', async (t) => {
  const { sts, stubs } = await inRegions(t, { 'eu-west-1': ROLE });
  const call = () =>
    sts.assumeRole({
      RoleArn: 'arn:aws:iam::111122223333:role/x',
      RoleSessionName: 'alice',
      Tags: [{ Key: 'team', Value: 'blau & grün' }],
    });
  const answer = await call();
  await call();
  t.match(answer.$metadata, { httpStatusCode: 200, requestId: /^c6104cbe/ });
  const [first] = stubs[0]?.calls ?? [];
  t.equal(first?.form['Tags.member.1.Value'], 'blau & grün');
  t.equal(first?.headers['content-type'], 'application/x-www-form-urlencoded');
  t.match(first?.headers.authorization, /SignedHeaders=[^,]*content-type;host;/);
  t.notOk(first?.headers['transfer-encoding']);
});

t.test('STS messages map to reasons and details', (t) => {
  const said = (Code: string, message: string, status = 400) =>
    translateStsError(
      Object.assign(new Error(message), {
        name: `${Code}Exception`,
        Code,
        $metadata: { httpStatusCode: status, requestId: 'r-1' },
      }),
    );
  const rows: [sts: string, text: string, code: ErrorCode, reason: string, hint: RegExp][] = [
    [
      'AccessDenied',
      'User: arn:aws:iam::1:user/b is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/x',
      'sts_access_denied',
      'TrustPolicy',
      /check all three/,
    ],
    [
      'AccessDenied',
      'Not authorized to perform sts:AssumeRoleWithWebIdentity',
      'sts_access_denied',
      'TrustPolicy',
      /Principal and Condition/,
    ],
    [
      'AccessDenied',
      'Not authorized to perform sts:AssumeRoleWithSAML',
      'sts_access_denied',
      'TrustPolicy',
      /Principal and Condition/,
    ],
    [
      'AccessDenied',
      'User: x is not authorized to perform: sts:TagSession on resource: y',
      'sts_access_denied',
      'TagSession',
      /sts:TagSession/,
    ],
    [
      'AccessDenied',
      'User: x is not authorized to perform: sts:SetSourceIdentity on resource: y',
      'sts_access_denied',
      'SetSourceIdentity',
      /sts:SetSourceIdentity/,
    ],
    [
      'AccessDenied',
      'User: x is not authorized to perform: sts:AssumeRole on resource: y with an explicit deny in a service control policy',
      'sts_access_denied',
      'ExplicitDeny',
      /look for a Deny/,
    ],
    [
      'AccessDenied',
      'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
      'mfa_rejected',
      'MfaTokenCode',
      /next code/,
    ],
    [
      'AccessDenied',
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
      'mfa_rejected',
      'MfaSerialNumber',
      /SerialNumber of a device/,
    ],
    [
      'AccessDenied',
      'Cannot call GetFederationToken with session credentials',
      'broker_credentials_invalid',
      'SessionCredentials',
      /long-term keys/,
    ],
    [
      'AccessDenied',
      'Cannot call GetSessionToken with session credentials',
      'broker_credentials_invalid',
      'SessionCredentials',
      /long-term keys/,
    ],
    [
      'AccessDenied',
      'Roles may not be assumed by root accounts.',
      'broker_credentials_invalid',
      'RootUser',
      /root user/,
    ],
    [
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      'sts_rejected_request',
      'MaxSessionDuration',
      /MaxSessionDuration of the IAM role/,
    ],
    [
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      'sts_rejected_request',
      'RoleChaining',
      /3600 or less/,
    ],
    [
      'ValidationError',
      'The source identity is already set for this assume role session',
      'sts_rejected_request',
      'SourceIdentity',
      /source identity/,
    ],
    [
      'InvalidParameterValue',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      'sts_rejected_request',
      'DuplicateTags',
      /rename one/,
    ],
    [
      'InvalidParameterValue',
      'The specified transitive tag key must be included in the requested tags.',
      'sts_rejected_request',
      'TransitiveTags',
      /transitiveTags/,
    ],
    [
      'InvalidParameterValue',
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      'sts_rejected_request',
      'TransitiveTags',
      /transitiveTags/,
    ],
    [
      'SignatureDoesNotMatch',
      'Signature expired: 20261121T120000Z is now earlier than 20261121T121500Z (20261121T122000Z - 5 min.)',
      'broker_credentials_invalid',
      'ClockSkew',
      /clock/,
    ],
    [
      'SignatureDoesNotMatch',
      'Signature not yet current: 20261121T130000Z is still later than 20261121T121500Z',
      'broker_credentials_invalid',
      'ClockSkew',
      /clock/,
    ],
    [
      'SignatureDoesNotMatch',
      'Credential should be scoped to a valid region. ',
      'broker_credentials_invalid',
      'Scope',
      /endpoint/,
    ],
    [
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
      'broker_credentials_invalid',
      '',
      /secret access key/,
    ],
    [
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
      'broker_credentials_invalid',
      '',
      /access key/,
    ],
    [
      'ExpiredToken',
      'The security token included in the request is expired',
      'broker_credentials_invalid',
      '',
      /session has expired/,
    ],
    [
      'PackedPolicyTooLarge',
      'Packed size of session tags consumes 112% of allotted space.',
      'packed_policy_too_large',
      'Percentage',
      /take 112% of/,
    ],
    [
      'PackedPolicyTooLarge',
      'Serialized token too large for session',
      'packed_policy_too_large',
      '',
      /too large for STS/,
    ],
    [
      'RegionDisabledException',
      'STS is not activated in this region for account:1.',
      'sts_region_disabled',
      '',
      /activate/,
    ],
    [
      'InvalidIdentityToken',
      'No OpenIDConnect provider found in your account for https://ci',
      'sts_rejected_proof',
      'NoProvider',
      /create it/,
    ],
    [
      'InvalidIdentityToken',
      "Specified provider doesn't exist",
      'sts_rejected_proof',
      'NoProvider',
      /create it/,
    ],
    ['InvalidIdentityToken', 'Incorrect token audience', 'sts_rejected_proof', 'Audience', /audience/],
    [
      'InvalidIdentityToken',
      'Response does not contain the required audience.',
      'sts_rejected_proof',
      'Audience',
      /audience/,
    ],
    [
      'InvalidIdentityToken',
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
      'sts_rejected_proof',
      'Keys',
      /public internet/,
    ],
    [
      'InvalidIdentityToken',
      "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
      'sts_rejected_proof',
      'Thumbprint',
      /thumbprint/,
    ],
    [
      'InvalidIdentityToken',
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
      'sts_rejected_proof',
      'NotJwt',
      /ID token/,
    ],
    ['InvalidIdentityToken', 'Missing a required claim: aud', 'sts_rejected_proof', 'Claim', /claim/],
    [
      'InvalidIdentityToken',
      'RoleSessionName is required in AuthnResponse',
      'sts_rejected_proof',
      'RoleSessionName',
      /RoleSessionName/,
    ],
    [
      'InvalidIdentityToken',
      'RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}',
      'sts_rejected_proof',
      'RoleSessionName',
      /2 to 64/,
    ],
    [
      'InvalidIdentityToken',
      'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
      'sts_rejected_proof',
      'SourceIdentity',
      /2 to 64/,
    ],
    ['InvalidIdentityToken', 'Response signature invalid', 'sts_rejected_proof', 'Signature', /metadata/],
    [
      'InvalidIdentityToken',
      'Issuer not present in specified provider',
      'sts_rejected_proof',
      'Issuer',
      /principalArn/,
    ],
    [
      'ExpiredTokenException',
      'Token must be redeemed within 5 minutes of issuance',
      'proof_expired',
      'NotRedeemed',
      /five minutes/,
    ],
    ['ExpiredTokenException', 'Token too old: 441398', 'proof_expired', 'TooOld', /too long ago/],
    [
      'ExpiredTokenException',
      'Token expired: current date/time 1624482533 must be before the expiration date/time1624482335',
      'proof_expired',
      '',
      /has expired/,
    ],
    ['IDPRejectedClaim', 'x', 'sts_rejected_proof', '', /revoked/],
    ['IDPCommunicationError', 'x', 'issuer_unavailable', '', /public/],
    ['Throttling', 'Rate exceeded', 'sts_throttled', '', /throttling/],
    [
      'MalformedPolicyDocument',
      'This policy contains invalid Json',
      'policy_malformed',
      '',
      /Correct Policy/,
    ],
  ];
  for (const [sts, text, code, reason, hint] of rows) {
    const error = said(sts, text);
    t.equal(error.code, code, text);
    t.equal(error.reason, `sts.${sts}${reason && `.${reason}`}`, text);
    t.match(error.detail, hint, text);
    t.match(error.sts, { code: sts, requestId: 'r-1', sent: true });
    t.same(error.members, {});
  }
  const message = `is not authorized to perform: sts:AssumeRole. Encoded authorization failure message: ${'A'.repeat(20_000)}`;
  const { sts: known, detail } = said('AccessDenied', message, 403);
  t.equal(known?.encodedMessage?.length, 10_240, 'bounded');
  t.notMatch(detail, 'AAAA');
  t.end();
});
