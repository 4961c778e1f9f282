// The container credential surface over HTTP: the requests it accepts, and responses and errors as SDKs read them.
import { type AddressInfo, connect } from 'node:net';
import { Secret } from '@sallyport/client/internal/secret';
import type { InjectOptions } from 'fastify';
import t, { type Test } from 'tap';
import { ERRORS, type ErrorCode, SallyportError } from '../../src/core/errors.js';
import type { ExchangeRequest, IssuedCredentials, Target } from '../../src/core/types.js';
import { RefusedRequestError } from '../../src/exchange/pipeline.js';
import { toLimits } from '../../src/rate-limit/limits.js';
import { LocalRateLimiter } from '../../src/rate-limit/local-rate-limiter.js';
import { createSurfaces } from '../../src/surfaces.js';
import { appOptions } from '../support/app-options.js';

const PATH = '/v1/container-credentials';
const ROLE_ARN = 'arn:aws:iam::111122223333:role/team/Reader';

const CREDENTIALS = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: new Secret('secret-access-key'),
  sessionToken: new Secret('session-token'),
  expiration: new Date('2027-01-15T09:00:00.250Z'),
};

interface FakeExchange {
  readonly target?: Target;
  readonly issued?: Partial<IssuedCredentials>;
  readonly refusal?: SallyportError;
}

const ASSUMED_ROLE = {
  assumedRoleUser: { assumedRoleId: 'AROA:pod', arn: 'arn:aws:sts::111122223333:assumed-role/Reader/pod' },
};

async function appFor(t: Test, { target, issued = ASSUMED_ROLE, refusal }: FakeExchange = {}) {
  const requests: ExchangeRequest[] = [];
  const app = await createSurfaces({
    ...appOptions(),
    trustProxy: ['10.9.9.9'],
    limiter: new LocalRateLimiter(
      toLimits({ perAddress: { requests: 100, per: '1m' } }),
      () => new Date(1_800_000_000_000),
    ),
    exchange: {
      run: async (request) => {
        requests.push(request);
        if (refusal) throw new RefusedRequestError(refusal, { request });
        const principal = {
          issuer: 'eks',
          type: 'oidc',
          subject: 'pod',
          claims: {},
          issuedAt: 0,
          expiresAt: 0,
        } as const;
        return {
          principal,
          decision: {
            role: 'reader',
            grant: 'g',
            target: target ?? {
              operation: 'AssumeRoleWithWebIdentity',
              roleArn: ROLE_ARN,
              webIdentity: 'caller',
            },
            session: { durationSeconds: 3600 },
            durationLimitedBy: 'role',
          },
          issued: {
            credentials: CREDENTIALS,
            ...issued,
          },
        };
      },
    },
  });
  t.teardown(() => app.close());
  const ask = async (path = '/reader', options: InjectOptions = {}) => {
    const { statusCode, headers, body } = await app.inject({
      url: `${PATH}${path}`,
      headers: { authorization: 'a.b.c' },
      ...options,
    });
    return { status: statusCode, headers, body, json: JSON.parse(body) };
  };
  return { app, ask, requests };
}

t.test('container credentials have the format that every SDK reads', async (t) => {
  const { ask } = await appFor(t);
  const { status, headers, json } = await ask();
  t.equal(status, 200);
  t.match(headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' });
  t.strictSame(json, {
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: 'secret-access-key',
    Token: 'session-token',
    Expiration: '2027-01-15T09:00:00Z',
    AccountId: '111122223333',
    RoleArn: ROLE_ARN,
  });
});

t.test(
  'container credentials of a federated user have no RoleArn; those of GetSessionToken have no AccountId either',
  async (t) => {
    const federated = await appFor(t, {
      target: { operation: 'GetFederationToken' },
      issued: {
        federatedUser: { federatedUserId: 'x', arn: 'arn:aws:sts::444455556666:federated-user/pod' },
      },
    });
    const { json } = await federated.ask();
    t.equal(json.AccountId, '444455556666');
    t.notOk('RoleArn' in json);
    const session = await appFor(t, {
      target: { operation: 'GetSessionToken' },
      issued: {},
    });
    t.strictSame(Object.keys((await session.ask()).json), [
      'AccessKeyId',
      'SecretAccessKey',
      'Token',
      'Expiration',
    ]);
  },
);

t.test(
  'the request takes the role from the path, a raw or Bearer token, and sets a timeout below one second',
  async (t) => {
    const { ask, requests } = await appFor(t);
    const rows: [path: string, role: string | undefined][] = [
      ['', undefined],
      ['/reader', 'reader'],
      ['/re%61der', 'reader'],
      [`/${encodeURIComponent(ROLE_ARN)}`, ROLE_ARN],
      ['/arn:aws:iam::111122223333:role%2FReader', 'arn:aws:iam::111122223333:role/Reader'],
      [`/${'x'.repeat(1024)}`, 'x'.repeat(1024)],
    ];
    for (const [path, role] of rows) {
      t.equal((await ask(path)).status, 200, path);
      t.match(requests.at(-1), {
        surface: 'container-credentials',
        sourceAddress: '127.0.0.1',
        proof: { type: 'oidc' },
      });
      t.equal(requests.at(-1)?.role, role, path);
      t.ok((requests.at(-1)?.timeoutMs ?? Infinity) < 950);
      t.same(requests.at(-1)?.preferred, { durationSeconds: 3600 });
      t.equal(requests.at(-1)?.durationSeconds, undefined);
    }
    for (const authorization of ['a.b.c', 'Bearer a.b.c', 'bearer   a.b.c']) {
      await ask('/reader', { headers: { authorization } });
      t.equal(requests.at(-1)?.proof.value.reveal(), 'a.b.c', authorization);
    }
  },
);

/** A refusal in both spellings, with what its reader needs, and never a header or field of a success. */
function isRefusal(
  t: Test,
  response: Awaited<ReturnType<Awaited<ReturnType<typeof appFor>>['ask']>>,
  code: ErrorCode,
) {
  const { status, headers, json } = response;
  t.equal(status, ERRORS[code].status, code);
  t.match(headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' }, code);
  t.strictSame(Object.keys(json).sort(), ['Code', 'Message', 'code', 'message', 'requestId'], code);
  t.equal(json.code, code);
  t.equal(json.Code, code);
  t.equal(json.Message, json.message);
  t.match(json.message, new RegExp(`\\(${code}, request ${json.requestId}\\)$`));
  if (status === 401) t.match(headers['www-authenticate'], /^Bearer/);
}

t.test('errors of the pipeline have the format that SDKs read', async (t) => {
  const codes: readonly ErrorCode[] = [
    'proof_expired',
    'proof_replayed',
    'role_not_permitted',
    'no_role_permitted',
    'reason_required',
    'rate_limited',
    'sts_access_denied',
    'sts_unavailable',
    'sts_throttled',
    'audit_unavailable',
    'internal',
  ];
  for (const code of codes) {
    const { ask } = await appFor(t, { refusal: new SallyportError(code) });
    const response = await ask();
    isRefusal(t, response, code);
    t.equal(response.headers['retry-after'], new SallyportError(code).retryAfter?.toString(), code);
  }
  const ambiguous = new SallyportError('role_ambiguous', { members: { Roles: ['reader', 'writer'] } });
  const { ask } = await appFor(t, { refusal: ambiguous });
  const response = await ask('');
  isRefusal(t, response, 'role_ambiguous');
  t.match(response.json.message, /to the URL, after a slash: reader, writer\./);
});

t.test('errors before the pipeline have the format that SDKs read', async (t) => {
  const { ask, requests } = await appFor(t);
  const rows: [name: string, path: string, options: InjectOptions, code: ErrorCode][] = [
    ['no token', '/reader', { headers: {} }, 'proof_missing'],
    ['an empty one', '/reader', { headers: { authorization: '' } }, 'proof_missing'],
    ['another scheme', '/reader', { headers: { authorization: 'Basic YTpi' } }, 'proof_missing'],
    ['two tokens in one header', '/reader', { headers: { authorization: 'a.b.c d.e.f' } }, 'proof_missing'],
    ['a scheme alone', '/reader', { headers: { authorization: 'Bearer' } }, 'proof_missing'],
    ['a line end inside', '/reader', { headers: { authorization: 'Bearer a b' } }, 'proof_missing'],
    ['clear text from another host', '/reader', { remoteAddress: '192.0.2.1' }, 'transport_insecure'],
    ['slashes that are not encoded', `/${ROLE_ARN}`, {}, 'route_unknown'],
    ['a slash and no role', '/', {}, 'parameter_invalid'],
    ['a role that is too long', `/${'x'.repeat(1025)}`, {}, 'parameter_invalid'],
    ['POST', '/reader', { method: 'POST' }, 'method_not_allowed'],
    ['PUT', '', { method: 'PUT' }, 'method_not_allowed'],
    ['HEAD', '/reader', { method: 'HEAD' }, 'method_not_allowed'],
    ['HEAD of the only role', '', { method: 'HEAD' }, 'method_not_allowed'],
  ];
  for (const [name, path, options, code] of rows) {
    const response = await ask(path, options);
    t.comment(name);
    isRefusal(t, response, code);
    if (code === 'method_not_allowed') t.equal(response.headers['allow'], 'GET');
  }
  t.match((await ask('/reader', { headers: {} })).json.message, /AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE/);
  t.equal(requests.length, 0);
});

t.test('the rate limit per address applies to container credentials', async (t) => {
  const { ask } = await appFor(t);
  for (let used = 0; used < 100; used++) await ask();
  const response = await ask();
  isRefusal(t, response, 'rate_limited');
  t.equal(response.headers['retry-after'], '60');
});

t.test('two Authorization headers are rejected even if one is valid', async (t) => {
  const { app } = await appFor(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const response = await new Promise<string>((resolve, reject) => {
    let text = '';
    connect(port, '127.0.0.1')
      .on('data', (data) => {
        text += data;
      })
      .on('end', () => resolve(text))
      .on('error', reject)
      .end(
        `GET ${PATH}/reader HTTP/1.1\r\nHost: x\r\nAuthorization: a.b.c\r\nAuthorization: d.e.f\r\nConnection: close\r\n\r\n`,
      );
  });
  t.match(response, /^HTTP\/1\.1 400 /);
  t.match(response, /"Code":"proof_ambiguous"/);
});
