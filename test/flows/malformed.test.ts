// Malformed requests: each gets a 4xx with a code and a sentence, none ends the process, and a valid request after it
// succeeds.
import { connect } from 'node:net';
import t from 'tap';
import { readResponse, startTestBroker } from '../support/broker.js';

const broker = await startTestBroker(t);
const { hostname, port } = new URL(broker.url);
const token = await broker.token();

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');

interface Malformed {
  readonly what: string;
  readonly type?: string;
  readonly body?: string | Buffer;
  readonly authorization?: string;
  readonly status: number;
  readonly code: string;
}

const withToken = `Bearer ${token}`;
const json = (
  what: string,
  body: string | Buffer,
  status: number,
  code: string,
  authorization = withToken,
): Malformed => ({
  what,
  type: JSON_TYPE,
  body,
  authorization,
  status,
  code,
});
const form = (what: string, body: string | Buffer, status: number, code: string): Malformed => ({
  what,
  type: FORM_TYPE,
  body,
  authorization: withToken,
  status,
  code,
});
const saml = (what: string, response: string | Buffer, code = 'proof_malformed'): Malformed => ({
  what: `SAMLResponse: ${what}`,
  type: JSON_TYPE,
  body: JSON.stringify({ SAMLResponse: response.toString() }),
  status: 401,
  code,
});
const jwt = (what: string, text: string, code = 'proof_malformed', status = 401): Malformed => ({
  what: `JWT: ${what}`,
  type: JSON_TYPE,
  body: '{"Role":"deploy"}',
  authorization: `Bearer ${text}`,
  status,
  code,
});

const [header = '', payload = '', signature = ''] = token.split('.');
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const rows: readonly Malformed[] = [
  // The body
  json('empty JSON', '', 400, 'request_malformed'),
  json('not JSON', 'Role=deploy', 400, 'request_malformed'),
  json('half of JSON', '{"Role":"deploy"', 400, 'request_malformed'),
  json('JSON and more', '{"Role":"deploy"}{}', 400, 'request_malformed'),
  json('a list', '[]', 400, 'parameter_invalid'),
  json('a string', '"deploy"', 400, 'parameter_invalid'),
  json('null', 'null', 400, 'parameter_invalid'),
  json('a number', '1e999', 400, 'request_malformed'),
  json('broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'request_malformed'),
  json('UTF-16', Buffer.from('{"Role":"deploy"}', 'utf16le'), 400, 'request_malformed'),
  json('a name twice', '{"Role":"deploy","Role":"admin"}', 400, 'request_malformed'),
  json('a name twice, escaped', '{"Role":"deploy","R\\u006fle":"admin"}', 400, 'request_malformed'),
  json('__proto__', '{"__proto__":{"Role":"deploy"}}', 400, 'request_malformed'),
  json('deep nesting', `${'{"Role":'.repeat(2000)}1${'}'.repeat(2000)}`, 400, 'request_malformed'),
  json('100,000 brackets', '['.repeat(100_000), 400, 'request_malformed'),
  json('10 MB', Buffer.alloc(10_000_000, 0x20), 413, 'request_too_large'),
  json('an unknown field', '{"Role":"deploy","Rolle":"x"}', 400, 'parameter_invalid'),
  json('a field in other case', '{"role":"deploy"}', 400, 'parameter_invalid'),
  json('Role: a number', '{"Role":7}', 400, 'parameter_invalid'),
  json('Role: empty', '{"Role":""}', 400, 'parameter_invalid'),
  json('Role: too long', `{"Role":"${'x'.repeat(1025)}"}`, 400, 'parameter_invalid'),
  json('DurationSeconds: a string', '{"Role":"deploy","DurationSeconds":"900"}', 400, 'parameter_invalid'),
  json('DurationSeconds: a fraction', '{"Role":"deploy","DurationSeconds":900.5}', 400, 'parameter_invalid'),
  json('DurationSeconds: negative', '{"Role":"deploy","DurationSeconds":-900}', 400, 'parameter_invalid'),
  json(
    'DurationSeconds: below the least',
    '{"Role":"deploy","DurationSeconds":899}',
    400,
    'parameter_invalid',
  ),
  json('DurationSeconds: huge', '{"Role":"deploy","DurationSeconds":1e15}', 400, 'duration_exceeds_limit'),
  json('Policy: an object', '{"Role":"deploy","Policy":{}}', 400, 'parameter_invalid'),
  json('Policy: not JSON', '{"Role":"deploy","Policy":"allow all"}', 400, 'parameter_invalid'),
  json('Policy: a list', '{"Role":"deploy","Policy":"[]"}', 400, 'parameter_invalid'),
  json(
    'Policy: a character that STS does not accept',
    '{"Role":"deploy","Policy":"{\\"x\\":\\"\\u4e2d\\"}"}',
    400,
    'parameter_invalid',
  ),
  json('Policy: too long', JSON.stringify({ Policy: `"${'x'.repeat(2048)}"` }), 400, 'parameter_invalid'),
  json(
    'PolicyArns: a string',
    '{"Role":"deploy","PolicyArns":"arn:aws:iam::aws:policy/X"}',
    400,
    'parameter_invalid',
  ),
  json(
    'PolicyArns: not an ARN',
    '{"Role":"deploy","PolicyArns":["read-only-access-policy"]}',
    400,
    'parameter_invalid',
  ),
  json(
    'PolicyArns: eleven',
    JSON.stringify({ PolicyArns: Array(11).fill('arn:aws:iam::aws:policy/X') }),
    400,
    'parameter_invalid',
  ),
  json(
    'PolicyArns: ten thousands',
    JSON.stringify({ PolicyArns: Array(80_000).fill('') }),
    400,
    'parameter_invalid',
  ),
  form('PolicyArns: ten thousands', 'PolicyArns=&'.repeat(20_000), 400, 'parameter_invalid'),
  json('SAMLResponse: a number', '{"SAMLResponse":1}', 400, 'parameter_invalid', ''),
  form('a field twice', 'Role=deploy&Role=admin', 400, 'request_malformed'),
  form('half of an escape', 'Role=%d', 400, 'request_malformed'),
  form('an escape that is not UTF-8', 'Role=%ff', 400, 'request_malformed'),
  form('broken UTF-8', Buffer.from([0x52, 0x3d, 0xc3]), 400, 'request_malformed'),
  form('an unknown field', 'Rolle=deploy', 400, 'parameter_invalid'),
  form('DurationSeconds: text', 'Role=deploy&DurationSeconds=soon', 400, 'parameter_invalid'),
  form('DurationSeconds: hexadecimal', 'Role=deploy&DurationSeconds=0x384', 400, 'parameter_invalid'),
  form('__proto__', '__proto__=x', 400, 'parameter_invalid'),
  {
    what: 'XML',
    type: 'text/xml',
    body: '<x/>',
    authorization: withToken,
    status: 415,
    code: 'media_type_unsupported',
  },
  {
    what: 'plain text',
    type: 'text/plain',
    body: 'x',
    authorization: withToken,
    status: 415,
    code: 'media_type_unsupported',
  },
  {
    what: 'a broken Content-Type',
    type: ';;',
    body: '{}',
    authorization: withToken,
    status: 415,
    code: 'media_type_unsupported',
  },
  // The proof
  { what: 'no proof', type: JSON_TYPE, body: '{}', status: 401, code: 'proof_missing' },
  {
    what: 'Basic',
    type: JSON_TYPE,
    body: '{}',
    authorization: 'Basic YTpi',
    status: 401,
    code: 'proof_missing',
  },
  {
    what: 'Bearer and nothing',
    type: JSON_TYPE,
    body: '{}',
    authorization: 'Bearer ',
    status: 401,
    code: 'proof_missing',
  },
  {
    what: 'two tokens',
    type: JSON_TYPE,
    body: '{}',
    authorization: 'Bearer a b',
    status: 401,
    code: 'proof_missing',
  },
  jwt('one word', 'x'),
  jwt('two parts', `${header}.${payload}`),
  jwt('four parts', `${token}.x`),
  jwt('not base64url', `${header}.!!!.${signature}`),
  jwt('padding', `${header}.${payload}=.${signature}`),
  jwt('a header that is not JSON', `${Buffer.from('x').toString('base64url')}.${payload}.${signature}`),
  jwt('a payload that is a list', `${header}.${encoded([])}.${signature}`),
  jwt(
    'an unknown issuer',
    `${header}.${encoded({ iss: 'https://evil.example', aud: 'sallyport' })}.${signature}`,
    'issuer_unknown',
  ),
  saml('not base64', '!!!!'),
  saml('base64url', base64('<a>???>>></a>').replaceAll('/', '_').replaceAll('+', '-')),
  saml('base64 of nothing', '===='),
  saml('not XML', base64('SAML')),
  saml('half of XML', base64('<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"><A>')),
  saml('another root', base64('<html/>')),
  saml('broken UTF-8', base64(Buffer.from([0x3c, 0xff, 0xfe, 0x3e]))),
  saml('UTF-16', base64(Buffer.from('<a/>', 'utf16le'))),
  saml('a document type', base64('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>')),
  saml('200,000 characters', base64('<a>'.repeat(50_000))),
];

t.test(`${rows.length} malformed requests, and a good one after each`, async (t) => {
  t.ok(rows.length >= 40);
  for (const { what, type, body, authorization, status, code } of rows) {
    const headers = new Headers({
      ...(type && { 'content-type': type }),
      ...(authorization && { authorization }),
    });
    const answer = await readResponse(
      await fetch(`${broker.url}/v1/credentials`, {
        method: 'POST',
        headers,
        ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }),
      }),
    );
    t.match(
      answer,
      { status, json: { status, code, requestId: /^[0-9a-f-]{36}$/ } },
      `${what}: ${answer.text.slice(0, 300)}`,
    );
    t.match(answer.json.detail, /^[A-Z].{15,}\.$/s, what);
    t.ok(answer.text.length < 2000, `${what}: a short answer`);
    t.notMatch(answer.text, /\bat .*\.(js|ts):\d|node_modules|Error:/, `${what}: no stack trace`);
    const good = await broker.exchange({ Role: 'deploy' }, token);
    t.equal(good.status, 200, `the good request after ${what}`);
  }
});

/** Sends the bytes unchanged and returns the whole response. */
const raw = (bytes: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.once('error', reject).once('close', () => resolve(answer));
  });

t.test('bytes that are not HTTP get a problem document', async (t) => {
  const rows: readonly [what: string, bytes: string, status: RegExp][] = [
    ['nonsense', 'nonsense\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00', /^HTTP\/1\.1 400 /],
    ['a header without a colon', 'GET /healthz HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'headers of 100 kB',
      `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      /^HTTP\/1\.1 4\d\d /,
    ],
    [
      'a bad escape in the path',
      'GET /v1/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'two lengths',
      'POST /v1/credentials HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
      /^HTTP\/1\.1 400 /,
    ],
  ];
  for (const [what, bytes, status] of rows) {
    const answer = await raw(bytes);
    t.match(answer, status, what);
    t.match(answer, /"code":"request_malformed"/, what);
  }
  t.equal((await broker.exchange({ Role: 'deploy' }, token)).status, 200);
});

t.test('unknown paths and methods get 404 and 405', async (t) => {
  t.match(await broker.get('/v2/credentials'), { status: 404, json: { code: 'route_unknown' } });
  const answer = await broker.get('/v1/credentials');
  t.match(answer, { status: 405, json: { code: 'method_not_allowed' } });
  t.equal(answer.headers.get('allow'), 'POST');
});
