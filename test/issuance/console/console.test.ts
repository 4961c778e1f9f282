// AWS console sign-in on the wire: what is sent to the federation endpoint, its errors, and the sign-in URL.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Secret } from '@sallyport/client/internal/secret';
import t, { type Test } from 'tap';
import { SallyportError } from '../../../src/core/errors.js';
import type { ConsoleSession, IssuedCredentials, IssueRequest } from '../../../src/core/types.js';
import { NOW, principalOf } from '../../support/policy.js';
import { stsIssuerOver } from '../../support/sts.js';

const DESTINATION = 'https://console.aws.amazon.com/s3/home?region=eu-west-1#a';
const issued: IssuedCredentials = {
  credentials: {
    accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
    secretAccessKey: new Secret('the-secret+/key'),
    sessionToken: new Secret('the-session+/token=='),
    expiration: new Date(NOW.getTime() + 3_600_000),
  },
  stsRequestId: 'the-sts-request',
};

const requestOf = (
  console: ConsoleSession | undefined,
  operation: 'AssumeRole' | 'GetFederationToken',
): IssueRequest => ({
  principal: principalOf(),
  proof: { type: 'oidc', value: new Secret('the-proof') },
  decision: {
    role: 'it',
    target:
      operation === 'AssumeRole'
        ? { operation, roleArn: 'arn:aws:iam::111122223333:role/it', chain: [] }
        : { operation },
    session: { durationSeconds: 3600 },
    grant: 'g',
    durationLimitedBy: 'role',
    ...(console && { console }),
  },
});

interface Call {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly form: Readonly<Record<string, string>>;
}

/** A sign-in endpoint that sends the response of the test. */
async function startSignin(t: Test, answer: (response: ServerResponse) => void) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method, url, headers } = request;
    calls.push({ method, url, headers, form: Object.fromEntries(new URLSearchParams(body)) });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { calls, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/federation` };
}

/** An issuer over an STS that always issues `credentials`. */
function issuing(signinEndpoint: string, temporary = false, { credentials, stsRequestId = '' } = issued) {
  const stsCalls: object[] = [];
  const answer = async (input: object) => {
    stsCalls.push(input);
    return {
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey.reveal(),
        SessionToken: credentials.sessionToken.reveal(),
        Expiration: credentials.expiration,
      },
      $metadata: { requestId: stsRequestId },
    };
  };
  const never = async () => {
    throw new Error('not called here');
  };
  const sts = {
    assumeRole: answer,
    getFederationToken: answer,
    hasTemporaryCredentials: async () => temporary,
    assumeRoleWithSAML: never,
    assumeRoleWithWebIdentity: never,
    getSessionToken: never,
    defaultDeadline: () => Date.now() + 10_000,
  };
  const issuer = stsIssuerOver(sts, { signinEndpoint });
  return { issue: (request: IssueRequest) => issuer.issue(request), stsCalls };
}

const json = (value: unknown) => (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

const errorOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SallyportError)) throw new Error(`no refusal: ${String(error)}`);
  return error;
};

t.test(
  'console sign-in sends the keys in the body of a POST and puts the token into the login URL',
  async (t) => {
    const { calls, endpoint } = await startSignin(t, json({ SigninToken: 'tok/en+==' }));
    const { issue } = issuing(endpoint);
    const { signin } = await issue(
      requestOf({ destination: DESTINATION, sessionDuration: 7200 }, 'AssumeRole'),
    );
    t.match(calls, [{ method: 'POST', url: '/federation' }]);
    t.equal(calls.length, 1);
    const { Session, ...form } = calls[0]?.form ?? {};
    t.same(form, { Action: 'getSigninToken', SessionDuration: '7200' });
    t.same(JSON.parse(Session ?? ''), {
      sessionId: 'ASIAEXAMPLEEXAMPLE00',
      sessionKey: 'the-secret+/key',
      sessionToken: 'the-session+/token==',
    });
    t.notMatch(JSON.stringify(signin), /tok/, 'a secret until it is rendered');
    const url = new URL(signin?.url.reveal() ?? '');
    t.equal(`${url.origin}${url.pathname}`, endpoint);
    t.same(Object.fromEntries(url.searchParams), {
      Action: 'login',
      Issuer: 'https://sallyport.corp.example',
      Destination: DESTINATION,
      SigninToken: 'tok/en+==',
    });
    t.equal(signin?.expires.getTime(), NOW.getTime() + 900_000);
  },
);

t.test(
  'console sign-in without SessionDuration sends none; the URL expires with the credentials at the latest',
  async (t) => {
    const { calls, endpoint } = await startSignin(t, json({ SigninToken: 'token' }));
    const expiration = new Date(NOW.getTime() + 60_000);
    const soon = { ...issued, credentials: { ...issued.credentials, expiration } };
    const { issue } = issuing(endpoint, true, soon);
    const { signin } = await issue(requestOf({ destination: DESTINATION }, 'AssumeRole'));
    t.notOk('SessionDuration' in (calls[0]?.form ?? {}));
    t.same(signin?.expires, expiration);
  },
);

t.test('a request for credentials does not call sign-in', async (t) => {
  const { calls, endpoint } = await startSignin(t, json({ SigninToken: 'token' }));
  const { issue } = issuing(endpoint);
  const answer = await issue(requestOf(undefined, 'AssumeRole'));
  t.strictSame(answer, issued);
  t.equal(answer.credentials.secretAccessKey.reveal(), 'the-secret+/key');
  t.equal(calls.length, 0);
});

t.test(
  'SessionDuration with temporary credentials of the broker is refused before STS is called',
  async (t) => {
    const { calls, endpoint } = await startSignin(t, json({ SigninToken: 'token' }));
    const { issue, stsCalls } = issuing(endpoint, true);
    const error = await errorOf(
      issue(requestOf({ destination: DESTINATION, sessionDuration: 900 }, 'AssumeRole')),
    );
    t.strictSame([error.code, error.reason], ['parameter_invalid', 'parameter.session_duration']);
    t.same([stsCalls.length, calls.length], [0, 0]);
  },
);

t.test(
  'errors and malformed responses of sign-in map to signin_refused and signin_unavailable',
  async (t) => {
    const text =
      (status: number, body: string, headers = {}) =>
      (response: ServerResponse) =>
        void response.writeHead(status, headers).end(body);
    const rows: [what: string, answer: (response: ServerResponse) => void, code: string, reason: string][] = [
      ['400', text(400, 'Invalid Credentials Parameter'), 'signin_refused', 'signin.status_400'],
      ['403', text(403, ''), 'signin_refused', 'signin.status_403'],
      ['429', text(429, ''), 'signin_unavailable', 'signin.status_429'],
      ['500', text(500, ''), 'signin_unavailable', 'signin.status_500'],
      [
        'a redirect',
        text(302, '', { location: 'http://127.0.0.1:1/' }),
        'signin_unavailable',
        'signin.status_302',
      ],
      ['no JSON', text(200, '<html>'), 'signin_unavailable', 'signin.answer_malformed'],
      ['nothing', text(200, ''), 'signin_unavailable', 'signin.answer_malformed'],
      ['no object', json(['token']), 'signin_unavailable', 'signin.answer_malformed'],
      ['no token', json({ Token: 'x' }), 'signin_unavailable', 'signin.answer_malformed'],
      ['an empty one', json({ SigninToken: '' }), 'signin_unavailable', 'signin.answer_malformed'],
      ['no text', json({ SigninToken: 7 }), 'signin_unavailable', 'signin.answer_malformed'],
      ['two lines', json({ SigninToken: 'a\nb' }), 'signin_unavailable', 'signin.answer_malformed'],
      [
        'twice',
        text(200, '{"SigninToken":"a","SigninToken":"b"}'),
        'signin_unavailable',
        'signin.answer_malformed',
      ],
      [
        'too long',
        json({ SigninToken: 'a'.repeat(16_385) }),
        'signin_unavailable',
        'signin.answer_malformed',
      ],
      [
        'too large',
        json({ SigninToken: 'a'.repeat(100_000) }),
        'signin_unavailable',
        'signin.answer_too_large',
      ],
      ['hung up', (response) => void response.destroy(), 'signin_unavailable', 'signin.connection'],
      [
        'half a response',
        (response) => {
          response.writeHead(200, { 'content-length': '50' }).write('{"Sign');
          setImmediate(() => response.destroy());
        },
        'signin_unavailable',
        'signin.connection',
      ],
      ['silence', () => {}, 'signin_unavailable', 'signin.timeout'],
      [
        'a trickle',
        (response) => {
          const timer = setInterval(() => response.write(' '), 500);
          response.on('close', () => clearInterval(timer));
        },
        'signin_unavailable',
        'signin.timeout',
      ],
    ];
    await Promise.all(
      rows.map(async ([what, answer, code, reason]) => {
        const { endpoint } = await startSignin(t, answer);
        const startedAt = Date.now();
        const error = await errorOf(
          issuing(endpoint).issue(requestOf({ destination: DESTINATION }, 'GetFederationToken')),
        );
        t.strictSame([error.code, error.reason], [code, reason], what);
        t.same(
          error.sts,
          { requestId: 'the-sts-request', sent: true },
          'what STS issued in vain is recorded',
        );
        t.ok(Date.now() - startedAt < 8000, `${what}: in time`);
        t.equal(error.retryAfter, code === 'signin_unavailable' ? 5 : undefined);
        t.notMatch(`${error.message}${JSON.stringify(error.members)}`, /the-secret|the-session/);
      }),
    );
    const unknown = issuing('http://127.0.0.1:1/federation').issue;
    const error = await errorOf(unknown(requestOf({ destination: DESTINATION }, 'AssumeRole')));
    t.strictSame([error.code, error.reason], ['signin_unavailable', 'signin.connection']);
  },
);

t.test('sign-in ends at the deadline of the request', async (t) => {
  const { calls, endpoint } = await startSignin(t, () => {});
  const request = requestOf({ destination: DESTINATION }, 'GetFederationToken');
  for (const [left, called] of [
    [300, 1],
    [0, 1],
  ] as const) {
    const startedAt = Date.now();
    const error = await errorOf(issuing(endpoint).issue({ ...request, deadline: NOW.getTime() + left }));
    t.strictSame([error.code, error.reason], ['signin_unavailable', 'signin.timeout']);
    t.ok(Date.now() - startedAt < 3000, `${left} ms`);
    t.equal(calls.length, called, 'no time, no call');
  }
});

t.test('sign-in host by region', async (t) => {
  const rows: [region: string, host: string][] = [
    ['us-east-1', 'signin.aws.amazon.com'],
    ['eu-west-1', 'eu-west-1.signin.aws.amazon.com'],
    ['cn-north-1', 'signin.amazonaws.cn'],
    ['us-gov-east-1', 'signin.amazonaws-us-gov.com'],
  ];
  const { partitionHosts } = await import('../../../src/core/partition.js');
  for (const [region, host] of rows) t.equal(partitionHosts(region)?.signinHost(region), host);
  t.equal(partitionHosts('us-isob-east-1'), undefined);
});
