// POST /oauth/token over HTTP: how requests map to the pipeline, and the errors of RFC 6749 and RFC 8693.
import type { InjectOptions } from 'fastify';
import t, { type Test } from 'tap';
import { ERRORS, type ErrorCode, SallyportError } from '../../src/core/errors.js';
import type { ExchangeRequest } from '../../src/core/types.js';
import { createSurfaces } from '../../src/surfaces.js';
import { appOptions } from '../support/app-options.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const TYPE = 'urn:ietf:params:oauth:token-type:';
const exchange = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: 'a.b.c',
  subject_token_type: `${TYPE}jwt`,
};
type Fields = Record<string, string> | readonly (readonly [string, string])[] | string;

/** An app whose exchange refuses every request, and the requests it received. */
async function appFor(t: Test, refusal = () => new SallyportError('overloaded')) {
  const requests: ExchangeRequest[] = [];
  const app = await createSurfaces({
    ...appOptions(),
    exchange: {
      run: async (request) => {
        requests.push(request);
        throw refusal();
      },
    },
  });
  t.teardown(() => app.close());
  const send = async (fields: Fields, options: InjectOptions = {}) => {
    const pairs = typeof fields === 'string' || Array.isArray(fields) ? fields : Object.entries(fields);
    const payload =
      typeof pairs === 'string' ? pairs : new URLSearchParams(pairs as [string, string][]).toString();
    const { statusCode, headers, body } = await app.inject({
      method: 'POST',
      url: '/oauth/token',
      headers: FORM,
      payload,
      ...options,
    });
    return { status: statusCode, headers, json: JSON.parse(body) };
  };
  return { send, requests };
}

t.test('a token exchange request maps to an ExchangeRequest', async (t) => {
  const { send, requests } = await appFor(t);
  const become = async (fields: Fields) => {
    const { status, json } = await send(fields);
    t.equal(status, 503, JSON.stringify(json));
    const { proof, requestId, sourceAddress, ...rest } = requests.pop() as ExchangeRequest;
    t.equal(requestId, json.requestId);
    return { ...rest, type: proof.type, proof: proof.value.reveal() };
  };
  const oidc = { surface: 'oauth', type: 'oidc', proof: 'a.b.c' };
  t.strictSame(await become(exchange), oidc);
  t.strictSame(await become({ ...exchange, subject_token_type: `${TYPE}id_token` }), oidc);
  t.strictSame(
    await become({ ...exchange, client_id: 'x', resource: '', client_secret: '', unknown: 'y' }),
    oidc,
    'what has no value is not there; what is not known is ignored',
  );
  const role = 'urn:sallyport:role:deploy';
  for (const name of ['resource', 'audience', 'scope'])
    t.strictSame(await become({ ...exchange, [name]: role }), { ...oidc, role });
  t.strictSame(
    await become([
      ...Object.entries(exchange),
      ['resource', role],
      ['resource', role],
      ['scope', ` ${role} `],
    ]),
    { ...oidc, role },
    'the same role, however often',
  );

  const saml = { surface: 'oauth', type: 'saml' };
  const rows: [sent: string, proof: string][] = [
    ['-_-_', '+/+/'],
    ['-_-_Zg', '+/+/Zg=='],
    ['-_-_Zg==', '+/+/Zg=='],
    ['+/+/Zm8=', '+/+/Zm8='],
  ];
  for (const [subject_token, proof] of rows) {
    const fields = { ...exchange, subject_token, subject_token_type: `${TYPE}saml2` };
    t.strictSame(await become(fields), { ...saml, proof });
  }
});

t.test('a subject_token of padding characters takes no longer to parse than others', async (t) => {
  const { send } = await appFor(t);
  const started = performance.now();
  await send({ ...exchange, subject_token_type: `${TYPE}saml2`, subject_token: `${'='.repeat(80_000)}x` });
  // A search that restarts at each character would take seconds and block the event loop.
  t.ok(performance.now() - started < 1000);
});

t.test('token exchange rejects unsupported and invalid requests', async (t) => {
  const { send, requests } = await appFor(t);
  const without = (name: string) =>
    Object.fromEntries(Object.entries(exchange).filter(([key]) => key !== name));
  const having = (name: string, value: string) => ({ ...exchange, [name]: value });
  const bad = { status: 400, error: 'invalid_request' };
  const target = { status: 400, error: 'invalid_target' };
  const client = { status: 401, error: 'invalid_client' };
  const twice = (name: string, ...values: string[]) => [
    ...Object.entries(exchange),
    ...values.map((value) => [name, value] as const),
  ];
  const rows: [fields: Fields, expected: object, description: RegExp, options?: InjectOptions][] = [
    ['', bad, /grant_type/],
    [without('grant_type'), bad, /required .*grant_type/],
    [without('subject_token'), bad, /required .*subject_token/],
    [without('subject_token_type'), bad, /required .*subject_token_type/],
    [having('subject_token', ''), bad, /required .*subject_token/],
    [
      having('grant_type', 'password'),
      { status: 400, error: 'unsupported_grant_type' },
      /Send grant_type urn:/,
    ],
    [having('subject_token_type', `${TYPE}access_token`), bad, /token-type:jwt, .*:id_token, .*:saml2/],
    [having('requested_token_type', `${TYPE}access_token`), bad, /aws-credentials/],
    [having('actor_token', 'x.y.z'), bad, /delegation.*Remove it/],
    [twice('subject_token', 'x.y.z'), bad, /duplicate field/],
    [twice('grant_type', 'password'), bad, /duplicate field/],
    [twice('resource', 'a', 'b'), target, /Name one/],
    [{ ...exchange, resource: 'a', audience: 'b' }, target, /Name one/],
    [having('scope', 'a b'), target, /Name one/],
    [having('audience', 'x'.repeat(2049)), bad, /2048/],
    [having('client_secret', 's'), client, /Leave out client_secret/],
    [having('client_assertion', 'x.y.z'), client, /Leave out client_secret/],
    [exchange, client, /the Authorization header/, { headers: { ...FORM, authorization: 'Basic eDp5' } }],
    [exchange, client, /the Authorization header/, { headers: { ...FORM, authorization: 'Bearer x.y.z' } }],
    [JSON.stringify(exchange), bad, /must be a form/, { headers: { 'content-type': 'application/json' } }],
    ['a=%ff', bad, /percent-encoded/],
    [`a=${'x'.repeat(256 * 1024)}`, bad, /too large/],
    ['', bad, /grant_type/, { url: `/oauth/token?${new URLSearchParams(exchange)}` }],
  ];
  for (const [fields, { status, ...expected }, description, options] of rows as [
    Fields,
    { status: number },
    RegExp,
    InjectOptions?,
  ][]) {
    const response = await send(fields, options);
    t.match(
      response,
      { status, json: { ...expected, error_description: description } },
      JSON.stringify(response.json),
    );
    t.match(response.headers, {
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'content-type': /^application\/json/,
    });
    t.equal(response.headers['www-authenticate'] !== undefined, status === 401);
    t.notMatch(JSON.stringify(response.json), /x\.y\.z|a\.b\.c|eDp5/, 'no value is repeated');
  }
  t.strictSame(requests, [], 'no exchange runs');
});

t.test('every error has a form that RFC 6749 section 5.2 allows', async (t) => {
  let thrown = new SallyportError('internal');
  const { send } = await appFor(t, () => thrown);
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    thrown = new SallyportError(code, { detail: `${ERRORS[code].text} "quoted" … back\\slash é` });
    const { status, headers, json } = await send(exchange);
    const { retryAfter } = { retryAfter: undefined, ...ERRORS[code] };
    t.ok([400, 401, 429].includes(status) || status >= 500, `${code} ${status}`);
    t.match(json, { error: ERRORS[code].oauth, code, requestId: /^[0-9a-f-]{36}$/ });
    t.match(json.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+ 'quoted' \.\.\. back\?slash \?$/);
    t.equal(headers['retry-after'], retryAfter && String(retryAfter));
  }
  thrown = new SallyportError('role_ambiguous', { members: { Roles: ['a', 'b'] } });
  t.match((await send(exchange)).json, { error: 'invalid_target', Roles: ['a', 'b'] });
  const clear = await send(exchange, { remoteAddress: '192.0.2.2' });
  t.match(clear, { status: 400, json: { error: 'invalid_request', code: 'transport_insecure' } });
});
