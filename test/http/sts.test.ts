// POST / over HTTP: how calls map to the pipeline, and errors in the format of STS, byte by byte.

import { Secret } from '@sallyport/client/internal/secret';
import type { InjectOptions } from 'fastify';
import t, { type Test } from 'tap';
import { ERRORS, type ErrorCode, SallyportError } from '../../src/core/errors.js';
import type { ExchangeRequest, IssuedCredentials, Target } from '../../src/core/types.js';
import type { ExchangeResult } from '../../src/exchange/exchange.js';
import { createSurfaces } from '../../src/surfaces.js';
import { appOptions } from '../support/app-options.js';
import { principalOf } from '../support/policy.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
const ROLE = 'arn:aws:iam::111122223333:role/deploy';
const PROVIDER = 'arn:aws:iam::111122223333:saml-provider/Adfs';
const POLICY = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const DISPATCH = 'http://webservices.amazon.com/AWSFault/2005-15-09';
const BUDGET = 256 * 1024;

const issued: IssuedCredentials = {
  credentials: {
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: new Secret('a secret & more'),
    sessionToken: new Secret('a token'),
    expiration: new Date('2026-11-21T13:00:00.700Z'),
  },
};
const deploy: Target = { operation: 'AssumeRoleWithWebIdentity', roleArn: ROLE, webIdentity: 'caller' };
const exchanged = (target: Target, more: Partial<IssuedCredentials>): ExchangeResult => ({
  principal: principalOf(),
  decision: {
    role: 'r',
    target,
    session: { durationSeconds: 3600 },
    grant: 'g',
    durationLimitedBy: 'role',
  },
  issued: { ...issued, ...more },
});

/** An app whose exchange returns a given result, and the requests it received. */
async function appFor(t: Test, respond: () => ExchangeResult = () => exchanged(deploy, {})) {
  const requests: ExchangeRequest[] = [];
  const app = await createSurfaces({
    ...appOptions(),
    exchange: {
      run: async (request) => {
        requests.push(request);
        return respond();
      },
    },
  });
  t.teardown(() => app.close());
  const send = async (payload: string | Buffer | Record<string, string>, options: InjectOptions = {}) => {
    const body = typeof payload === 'string' || Buffer.isBuffer(payload);
    const text = body ? payload : new URLSearchParams(payload).toString();
    const response = await app.inject({ method: 'POST', url: '/', headers: FORM, payload: text, ...options });
    const { statusCode: status, headers } = response;
    return { status, headers, body: response.body.replaceAll(String(headers['x-amzn-requestid']), 'ID') };
  };
  return { send, requests };
}

const web = {
  Action: 'AssumeRoleWithWebIdentity',
  Version: '2011-06-15',
  RoleArn: ROLE,
  RoleSessionName: 'me',
  WebIdentityToken: 'a.b.c',
};
const saml = {
  Action: 'AssumeRoleWithSAML',
  Version: '2011-06-15',
  RoleArn: ROLE,
  PrincipalArn: PROVIDER,
  SAMLAssertion: 'PHg+',
};

const error = (code: string, message: string, { namespace = NAMESPACE, type = 'Sender' } = {}) =>
  `<ErrorResponse xmlns="${namespace}">\n  <Error>\n    <Type>${type}</Type>\n    <Code>${code}</Code>\n    <Message>${message}</Message>\n  </Error>\n  <RequestId>ID</RequestId>\n</ErrorResponse>\n`;

t.test('an STS call maps to an ExchangeRequest', async (t) => {
  const { send, requests } = await appFor(t);
  const become = async (payload: string | Record<string, string>, options?: InjectOptions) => {
    const { status, body } = await send(payload, options);
    t.equal(status, 200, body);
    const { proof, requestId, sourceAddress, ...rest } = requests.pop() as ExchangeRequest;
    t.match(requestId, UUID);
    t.equal(sourceAddress, '127.0.0.1');
    return { ...rest, type: proof.type, proof: proof.value.reveal() };
  };
  const hour = { durationSeconds: 3600 };
  const wished = { surface: 'sts', role: ROLE, preferred: { ...hour, roleSessionName: 'me' }, type: 'oidc' };
  t.strictSame(await become(web), { ...wished, proof: 'a.b.c' });
  t.strictSame(await become({ ...web, WebIdentityToken: 'a.b.c\n' }), { ...wished, proof: 'a.b.c' });
  t.strictSame(await become({ ...web, RoleArn: 'r' }), { ...wished, role: 'r', proof: 'a.b.c' });
  t.strictSame(await become({ ...web, 'PolicyArns.x': '1' }), { ...wished, proof: 'a.b.c' });
  t.strictSame(
    await become({
      ...web,
      DurationSeconds: '+0900',
      Policy: '{}',
      'PolicyArns.member.2.arn': `${POLICY}2`,
      'PolicyArns.member.1.arn': POLICY,
      Reason: 'not AWS’s',
      SourceIdentity: 'nor this',
    }),
    { ...wished, durationSeconds: 900, policy: '{}', policyArns: [POLICY, `${POLICY}2`], proof: 'a.b.c' },
    'parameters unknown to AWS are ignored',
  );
  t.strictSame(await become(saml), {
    surface: 'sts',
    role: ROLE,
    preferred: hour,
    type: 'saml',
    proof: 'PHg+',
  });

  const form = new URLSearchParams(web).toString();
  t.strictSame(
    await become(`${form}&RoleArn=other&WebIdentityToken=x.y.z&Action=AssumeRoleWithSAML`),
    { ...wished, proof: 'a.b.c' },
    'of two the first counts',
  );
  const elsewhere = {
    url: `/?WebIdentityToken=x.y.z&RoleArn=other`,
    headers: { ...FORM, authorization: 'Bearer x.y.z', cookie: 'WebIdentityToken=x.y.z' },
  };
  t.strictSame(await become(web, elsewhere), { ...wished, proof: 'a.b.c' }, 'the form alone is read');
  const charset = { headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } };
  t.strictSame(await become(web, charset), { ...wished, proof: 'a.b.c' });
});

t.test(
  'the response has the shape of the requested action, whichever operation issued the credentials',
  async (t) => {
    const federation = { Provider: 'p', SubjectFromWebIdentityToken: 's' };
    const role = { assumedRoleUser: { assumedRoleId: 'AROA:me', arn: 'arn:role' } };
    const rows: [
      request: object,
      target: Target,
      issued: Partial<IssuedCredentials>,
      members: readonly string[],
    ][] = [
      [web, deploy, { ...role, federation }, ['Provider', 'SubjectFromWebIdentityToken', 'AssumedRoleUser']],
      [
        web,
        { ...deploy, webIdentity: 'broker' },
        { ...role, federation },
        ['SubjectFromWebIdentityToken', 'AssumedRoleUser'],
      ],
      [saml, { operation: 'AssumeRole', roleArn: ROLE, chain: [] }, role, ['Subject', 'AssumedRoleUser']],
      [
        web,
        { operation: 'GetFederationToken' },
        { federatedUser: { federatedUserId: '1:me', arn: 'arn:user' } },
        ['SubjectFromWebIdentityToken', 'AssumedRoleUser'],
      ],
      [web, { operation: 'GetSessionToken' }, {}, ['SubjectFromWebIdentityToken']],
    ];
    for (const [request, target, more, members] of rows) {
      const { send } = await appFor(t, () =>
        exchanged(target, { packedPolicySize: 0, sourceIdentity: 'a', ...more }),
      );
      const { status, headers, body } = await send({ ...request });
      t.match(
        { status, headers },
        { status: 200, headers: { 'content-type': /^text\/xml/, 'cache-control': 'no-store' } },
      );
      const always = ['Credentials', 'SourceIdentity', 'PackedPolicySize', 'RequestId'];
      const top = [...body.matchAll(/^ {4}<(\w+)>/gm)].map(([, name]) => name);
      t.strictSame(top, [...members, ...always], target.operation);
      t.match(body, '<Expiration>2026-11-21T13:00:00Z</Expiration>');
      t.match(body, '<SecretAccessKey>a secret &amp; more</SecretAccessKey>');
      if (!('federation' in more) || ('webIdentity' in target && target.webIdentity === 'broker'))
        t.match(body, />alice<\/Subject/, 'the subject is the caller');
    }
  },
);

t.test('invalid requests get the errors that AWS returns', async (t) => {
  const { send, requests } = await appFor(t);
  const without = (name: keyof typeof web) =>
    Object.fromEntries(Object.entries(web).filter(([key]) => key !== name));
  const validation = (rest: string) =>
    error('ValidationError', `1 validation error detected: Value ${rest} (parameter_invalid, request ID)`);
  const unknown = (what: string) =>
    error(
      'InvalidAction',
      `Could not find operation ${what}. ${ERRORS.action_unknown.text} (action_unknown, request ID)`,
      { namespace: DISPATCH },
    );
  const rows: [payload: string | Buffer | Record<string, string>, body: string][] = [
    [{ ...web, Action: 'GetCallerIdentity' }, unknown('GetCallerIdentity for version 2011-06-15')],
    [{ ...web, Action: 'AssumeRole' }, unknown('AssumeRole for version 2011-06-15')],
    [{ ...web, Action: '<x>' }, unknown('&lt;x&gt; for version 2011-06-15')],
    [{ ...web, Action: 'constructor' }, unknown('constructor for version 2011-06-15')],
    [without('Version'), unknown('AssumeRoleWithWebIdentity for version NO_VERSION_SPECIFIED')],
    [{ ...web, Version: '2000-01-01' }, unknown('AssumeRoleWithWebIdentity for version 2000-01-01')],
    [
      without('RoleArn'),
      validation("null at 'roleArn' failed to satisfy constraint: Member must not be null"),
    ],
    [
      without('WebIdentityToken'),
      validation("null at 'webIdentityToken' failed to satisfy constraint: Member must not be null"),
    ],
    [
      { ...web, WebIdentityToken: 'x'.repeat(20_001) },
      validation(
        "'***' at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000",
      ),
    ],
    [
      { ...web, RoleSessionName: 'x y' },
      validation(
        "'x y' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
      ),
    ],
    [
      { ...web, DurationSeconds: '899' },
      validation(
        "'899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
      ),
    ],
    [
      { ...web, DurationSeconds: '43201' },
      validation(
        "'43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
      ),
    ],
    [
      { ...web, Policy: '{'.repeat(2049) },
      validation(
        `'${'{'.repeat(128)}...' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048`,
      ),
    ],
    [
      { ...web, DurationSeconds: '1e3' },
      error('MalformedInput', 'DurationSeconds must be a whole number. (request_malformed, request ID)'),
    ],
    [
      { ...web, DurationSeconds: '' },
      error('MalformedInput', 'missing value for decimal type (request_malformed, request ID)'),
    ],
    [
      { Action: 'AssumeRoleWithSAML', Version: '2011-06-15', RoleArn: ROLE },
      error(
        'ValidationError',
        "2 validation errors detected: Value null at 'principalArn' failed to satisfy constraint: Member must not be null; Value null at 'sAMLAssertion' failed to satisfy constraint: Member must not be null (parameter_invalid, request ID)",
      ),
    ],
    [
      Buffer.from([0x61, 0x3d, 0xff]),
      error(
        'MalformedInput',
        'The body is not valid UTF-8. Encode it in UTF-8. (request_malformed, request ID)',
      ),
    ],
    [
      'Action=%zz',
      error(
        'MalformedInput',
        'The form is not valid percent-encoded UTF-8. Encode each name and value. (request_malformed, request ID)',
      ),
    ],
    [
      `Action=x&a=${'x'.repeat(BUDGET)}`,
      error('ValidationError', `${ERRORS.request_too_large.text} (request_too_large, request ID)`),
    ],
  ];
  for (const [payload, body] of rows) {
    const answer = await send(payload);
    t.equal(answer.status, 400);
    t.equal(answer.body, body);
    t.match(answer.headers, {
      'content-type': /^text\/xml/,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  }
  t.strictSame(requests, [], 'no exchange runs');

  const many = Object.fromEntries(
    Array.from({ length: 9000 }, (_, index) => [`PolicyArns.member.${index + 1}`, '']),
  );
  t.match(
    (await send({ ...web, ...many })).body,
    /1 validation error detected: Value '\[9000\]' at 'policyArns' .* length less than or equal to 10 /,
    'a list that is too long is not read',
  );
  t.match(
    (await send({ ...web, 'PolicyArns.member.1.arn': 'arn:aws:s3:::bucket/key' })).body,
    /at 'policyArns.1.member.arn'/,
  );
});

t.test('requests without a form or an Action are redirected as AWS does', async (t) => {
  const { send, requests } = await appFor(t);
  const rows: [payload: string, options: InjectOptions][] = [
    ['', {}],
    ['Version=2011-06-15', {}],
    ['Action=&Version=2011-06-15', {}],
    [new URLSearchParams(web).toString(), { headers: { 'content-type': 'text/plain' } }],
    [JSON.stringify(web), { headers: { 'content-type': 'application/json' } }],
    ['', { headers: {}, url: `/?${new URLSearchParams(web)}` }],
  ];
  for (const [payload, options] of rows) {
    const { status, headers, body } = await send(payload, options);
    t.match(
      { status, headers, body },
      { status: 302, headers: { location: /^https:\/\/aws\.amazon\.com\/iam$/ }, body: /^$/ },
    );
    t.match(headers['x-amzn-requestid'], UUID);
  }
  const { status } = await send('', {
    method: 'GET',
    url: `/?${new URLSearchParams(web)}`,
  });
  t.equal(status, 405, 'no proof in a URL');
  t.strictSame(requests, []);
});

t.test('each error has an STS code that SDKs know and the HTTP status of AWS', async (t) => {
  const RETRIED = ['Throttling', 'IDPCommunicationError', 'ServiceUnavailable', 'InternalFailure'];
  let thrown: SallyportError | undefined;
  const { send } = await appFor(t, () => {
    throw thrown;
  });
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    thrown = new SallyportError(code);
    const { status, headers, body } = await send(web);
    const { sts, text, retryAfter } = { retryAfter: undefined, ...ERRORS[code] };
    const expected = sts === 'InternalFailure' ? 500 : sts === 'ServiceUnavailable' ? 503 : undefined;
    t.ok(expected ? status === expected : status === 400 || status === 403, `${code} ${sts} ${status}`);
    const [type, namespace] = [
      status >= 500 ? 'Receiver' : 'Sender',
      sts === 'InvalidAction' ? DISPATCH : NAMESPACE,
    ];
    const escaped = text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const more =
      code === 'proof_replayed'
        ? " If the SDK retried by itself, the broker's log has the outcome of the first attempt."
        : '';
    t.equal(body, error(sts, `${escaped}${more} (${code}, request ID)`, { type, namespace }));
    t.equal(
      RETRIED.includes(sts),
      retryAfter !== undefined || code === 'internal',
      `${code} is retried if that can help`,
    );
    t.equal(headers['retry-after'], retryAfter && String(retryAfter));
  }
  thrown = new SallyportError('role_ambiguous', { members: { Roles: ['a', 'b'] } });
  t.match((await send(web)).body, ' Permitted roles: a, b. (role_ambiguous, ');
  const json = await send(web, { headers: { ...FORM, accept: 'application/json' } });
  t.match(JSON.parse(json.body), { Error: { Code: 'AccessDenied', Type: 'Sender' }, RequestId: 'ID' });
});

t.test('rate limit and plain http errors have the STS format', async (t) => {
  const { send } = await appFor(t);
  const clear = await send(web, { remoteAddress: '192.0.2.2' });
  t.match(clear, { status: 403, body: /<Code>AccessDenied<.*\n.*transport_insecure/ });
  const app = await createSurfaces({
    ...appOptions(),
    limiter: {
      consume: async () => {
        throw new SallyportError('rate_limited', { retryAfter: 7 });
      },
    },
  });
  t.teardown(() => app.close());
  const limited = await app.inject({
    method: 'POST',
    url: '/',
    headers: FORM,
    payload: new URLSearchParams(web).toString(),
  });
  t.match(limited, { statusCode: 400, headers: { 'retry-after': '7' }, body: /<Code>Throttling<\/Code>/ });
});
