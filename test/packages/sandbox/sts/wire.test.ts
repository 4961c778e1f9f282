// The Query API byte by byte: unsigned requests, and requests signed by the SDK and sent by the test.
import { createHash, createHmac } from 'node:crypto';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import t from 'tap';
import {
  exampleIam,
  FORM,
  form,
  type Keys,
  type RawRequest,
  SALLYPORT,
  type Sandbox,
  send,
  startSandbox,
} from './sandbox.js';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
const STANDARD_MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

const post = (body: string | Buffer, headers: Record<string, string> = FORM): RawRequest => ({
  method: 'POST',
  headers,
  body,
});

interface Signable {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body?: string;
}

/** A GetCallerIdentity request as the SDK signs it, after `change` and before it is sent. */
async function signed(
  { sts, clock }: Sandbox,
  change: Partial<Signable> = {},
  { keys = SALLYPORT, region = 'eu-west-1' }: { keys?: Keys; region?: string } = {},
): Promise<RawRequest> {
  let captured: Signable | undefined;
  const client = new STSClient({
    endpoint: sts.url,
    region,
    credentials: keys,
    maxAttempts: 1,
    systemClockOffset: clock.now.getTime() - Date.now(),
    requestHandler: {
      handle: async (request: unknown) => {
        captured = request as Signable;
        throw new Error('not sent');
      },
    },
  });
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign(args.request as Signable, change);
      return next(args);
    },
    { step: 'build', priority: 'high' },
  );
  await client.send(new GetCallerIdentityCommand({})).catch(() => undefined);
  client.destroy();
  if (!captured) throw new Error('the SDK sent no request');
  const query = new URLSearchParams(captured.query).toString();
  return {
    method: captured.method,
    path: captured.path + (query && `?${query}`),
    headers: captured.headers,
    ...(captured.body !== undefined && { body: captured.body }),
  };
}

/** A request with a correct signature that covers only the time. */
function signedWithoutHost({ clock }: Sandbox, body: string): RawRequest {
  const timestamp = clock.now.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [timestamp.slice(0, 8), 'eu-west-1', 'sts', 'aws4_request'];
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = ['POST', '/', '', `x-amz-date:${timestamp}`, '', 'x-amz-date', sha256(body)].join('\n');
  const stringToSign = ['AWS4-HMAC-SHA256', timestamp, scope.join('/'), sha256(canonical)].join('\n');
  const signature = [...scope, stringToSign]
    .reduce<Buffer>(
      (key, text) => createHmac('sha256', key).update(text).digest(),
      Buffer.from(`AWS4${SALLYPORT.secretAccessKey}`),
    )
    .toString('hex');
  const credential = [SALLYPORT.accessKeyId, ...scope].join('/');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=x-amz-date, Signature=${signature}`;
  return post(body, { ...FORM, 'x-amz-date': timestamp, authorization });
}

const error = (code: string, message: string, namespace = 'https://sts.amazonaws.com/doc/2011-06-15/') =>
  `<ErrorResponse xmlns="${namespace}">\n  <Error>\n    <Type>Sender</Type>\n    <Code>${code}</Code>\n    <Message>${message}</Message>\n  </Error>\n  <RequestId>ID</RequestId>\n</ErrorResponse>\n`;

t.test("response has AWS's XML, headers and request IDs", async (t) => {
  const sandbox = await startSandbox(t, exampleIam());
  const { status, headers, body } = await send(sandbox.sts.url, await signed(sandbox));
  const id = UUID.exec(body)?.[0] ?? '';
  t.equal(status, 200);
  t.match(
    body,
    /^<GetCallerIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/">\n {2}<GetCallerIdentityResult>\n {4}<Arn>arn:aws:iam::111122223333:user\/sallyport<\/Arn>\n {4}<UserId>AIDA[A-Z2-7]{17}<\/UserId>\n {4}<Account>111122223333<\/Account>\n {2}<\/GetCallerIdentityResult>\n {2}<ResponseMetadata>\n {4}<RequestId>.{36}<\/RequestId>\n {2}<\/ResponseMetadata>\n<\/GetCallerIdentityResponse>\n$/,
  );
  t.equal(headers['content-type'], 'text/xml');
  t.equal(headers['x-amzn-requestid'], id);
  const extended = Buffer.from(String(headers['x-amz-sts-extended-request-id']), 'base64').toString();
  t.match(extended, new RegExp(`^1:eu-west-1:S:${sandbox.clock.now.getTime()}:R:.{8}$`));
  t.equal(sandbox.sts.requests[0]?.requestId, id, 'the log has the same id');
});

t.test('response is JSON for Accept: application/json', async (t) => {
  const sandbox = await startSandbox(t, exampleIam());
  const accept = { headers: { ...FORM, accept: 'application/json' } };
  const request = await signed(sandbox);
  const json = await send(sandbox.sts.url, {
    ...request,
    headers: { ...request.headers, accept: 'application/json' },
  });
  t.equal(json.headers['content-type'], 'application/json');
  t.match(JSON.parse(json.body), {
    GetCallerIdentityResponse: {
      GetCallerIdentityResult: { Account: '111122223333' },
      ResponseMetadata: { RequestId: UUID },
    },
  });
  const token = await signed(sandbox, { body: form({ Action: 'GetSessionToken' }) });
  const issued = await send(sandbox.sts.url, {
    ...token,
    headers: { ...token.headers, accept: 'application/json' },
  });
  const { Expiration } = JSON.parse(issued.body).GetSessionTokenResponse.GetSessionTokenResult.Credentials;
  t.equal(Expiration, sandbox.clock.now.getTime() / 1000 + 43_200, 'a time is a number');
  const refused = await send(sandbox.sts.url, { ...post(form({ Action: 'GetCallerIdentity' })), ...accept });
  t.match(JSON.parse(refused.body), { Error: { Code: 'MissingAuthenticationToken' }, RequestId: UUID });
});

t.test("unknown actions, versions and paths return AWS's errors", async (t) => {
  const { sts } = await startSandbox(t, exampleIam());
  const dispatch = 'http://webservices.amazon.com/AWSFault/2005-15-09';
  const unknown = async (body: string, message: string) => {
    const response = await send(sts.url, post(body));
    t.equal(response.status, 400);
    t.equal(response.body.replace(UUID, 'ID'), error('InvalidAction', message, dispatch));
  };
  const noOperation = (action: string, version: string) =>
    `Could not find operation ${action} for version ${version}`;
  await unknown(form({ Action: 'NoSuchAction' }), noOperation('NoSuchAction', '2011-06-15'));
  await unknown('Action=GetCallerIdentity', noOperation('GetCallerIdentity', 'NO_VERSION_SPECIFIED'));
  await unknown('Action=GetCallerIdentity&Version=', noOperation('GetCallerIdentity', ''));
  await unknown('Action=AssumeRoot&Version=2000-01-01', noOperation('AssumeRoot', '2000-01-01'));
  await unknown('Action=A%3CB&Version=2011-06-15', noOperation('A&lt;B', '2011-06-15'));

  const page = 'https://aws.amazon.com/iam';
  const redirected = async (request: RawRequest, location = page) => {
    const { status, headers, body } = await send(sts.url, request);
    t.match({ status, location: headers.location, body }, { status: 302, location, body: '' });
  };
  await redirected({ path: '/' });
  await redirected({ path: '/?a=b' }, `${page}?a=b`);
  await redirected(post(''));
  await redirected(post(form({ Action: 'GetCallerIdentity' }), { 'content-type': 'text/plain' }));
  await redirected(post(form({ Action: 'GetCallerIdentity' }), {}));

  const charset = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  t.match(await send(sts.url, post(form({ Action: 'GetCallerIdentity' }), charset)), { status: 403 });
  t.match(await send(sts.url, { path: `/?${form({ Action: 'GetCallerIdentity' })}` }), {
    status: 403,
    body: /<Code>MissingAuthenticationToken<\/Code>\n {4}<Message>Request is missing Authentication Token<\/Message>/,
  });
});

t.test('first value of a repeated parameter is used and unknown parameters are ignored', async (t) => {
  const { sts } = await startSandbox(t, exampleIam());
  const base = { Action: 'AssumeRoleWithWebIdentity', RoleSessionName: 'one', WebIdentityToken: 'a.b.c' };
  const response = async (parameters: string) =>
    (await send(sts.url, post(`${form(base)}&${parameters}`))).body.replace(UUID, 'ID');
  const invalid = "1 validation error detected: Value 'short' at 'roleArn' failed to satisfy constraint";
  const role = encodeURIComponent('arn:aws:iam::111122223333:role/deploy');
  t.match(await response(`RoleArn=short&RoleArn=${role}`), invalid);
  t.notMatch(await response(`RoleArn=${role}&RoleArn=short&Nonsense=1`), 'validation error');
  t.equal(
    await response(''),
    error(
      'ValidationError',
      "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
    ),
  );
  const emoji = encodeURIComponent('arn:aws:iam::111122223333:role/😀');
  t.match(
    await response(`RoleArn=${emoji}`),
    'failed to satisfy constraint: Member must satisfy regular expression',
  );
  const arn = encodeURIComponent(`arn:aws:iam::111122223333:role/${'ü'.repeat(2017)}`);
  t.notMatch(await response(`RoleArn=${arn}`), 'validation error', 'lengths count characters, not bytes');
  const arnEntry = 'PolicyArns.member.1.arn=short';
  t.match(await response(`RoleArn=${role}&${arnEntry}`), "Value 'short' at 'policyArns.1.member.arn' failed");

  const duration = (value: string) => response(`RoleArn=${role}&DurationSeconds=${value}`);
  const malformed = (message = '') =>
    error('MalformedInput', 'MESSAGE').replace('    <Message>MESSAGE</Message>\n', message);
  for (const value of ['1.5', 'x', '2147483648', '-2147483649', '1e3', '%20900']) {
    t.equal(await duration(value), malformed(), value);
  }
  t.equal(await duration(''), malformed('    <Message>missing value for decimal type</Message>\n'));
  for (const value of ['%2B900', '0900']) t.match(await duration(value), 'is not a valid JWT', value);
  t.match(await duration('-1'), "Value '-1' at 'durationSeconds'");
});

t.test('body above the size limit returns 413', async (t) => {
  const { sts } = await startSandbox(t, exampleIam());
  const body = Buffer.alloc(10_000_000, 'a');
  t.match(await send(sts.url, post(body)), { status: 302 }, 'ten million bytes are read');
  const response = await send(sts.url, post(Buffer.concat([body, Buffer.from('a')])));
  t.match(response, { status: 413, body: '' });
  t.notOk(response.headers['x-amzn-requestid']);
});

t.test('Signature Version 4 covers signed headers, method, query and body', async (t) => {
  const sandbox = await startSandbox(t, exampleIam());
  const { url } = sandbox.sts;
  const status = async (request: RawRequest) => (await send(url, request)).status;
  const body = form({ Action: 'GetCallerIdentity', Note: '1' });
  const request = await signed(sandbox, { body });
  t.equal(await status(request), 200);
  t.equal(await status({ ...request, headers: { ...request.headers, 'x-unsigned': 'new' } }), 200);
  const get = {
    method: 'GET',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15', 'a b': "é!*'()" },
    body: '',
  };
  t.equal(await status(await signed(sandbox, get)), 200, 'a query with odd characters');
  const spaced = await signed(sandbox, {
    headers: { ...FORM, host: new URL(url).host, 'x-note': '  two  words ' },
  });
  t.equal(await status(spaced), 200, 'header values are trimmed');
  const mismatch = async (changed: RawRequest) => {
    const response = await send(url, changed);
    t.equal(response.status, 403);
    t.equal(response.body.replace(UUID, 'ID'), error('SignatureDoesNotMatch', STANDARD_MISMATCH));
  };
  const authorization = request.headers?.['authorization'] ?? '';
  await mismatch({ ...request, body: body.replace('Note=1', 'Note=2') });
  await mismatch({ ...request, path: '/?a=b' });
  await mismatch({ ...request, headers: { ...request.headers, 'x-amz-user-agent': 'other' } });
  await mismatch({
    ...request,
    headers: { ...request.headers, authorization: authorization.replace(/.$/, '') },
  });
  await mismatch(signedWithoutHost(sandbox, body));
  const incomplete = { ...request.headers, authorization: authorization.replace(/, Signature=.*/, '') };
  t.match(await send(url, { ...request, headers: incomplete }), { status: 400, body: /IncompleteSignature/ });

  const elsewhere = await signed(sandbox, { path: '/elsewhere' });
  t.match(await send(url, elsewhere), { status: 404, body: '<UnknownOperationException/>' });
  await mismatch({ ...elsewhere, path: '/other' });
});

t.test('authentication checks scope, key, token, time and HMAC in this order', async (t) => {
  const sandbox = await startSandbox(t, exampleIam());
  const { url } = sandbox.sts;
  const message = async (request: RawRequest) =>
    /<Code>(.*)<\/Code>\n\s*<Message>(.*)<\/Message>/.exec((await send(url, request)).body)?.slice(1);
  const nobody = { accessKeyId: 'AKIANOBODYNOBODYNOBO', secretAccessKey: 'x' };
  const region = 'Credential should be scoped to a valid region. ';
  t.same(await message(await signed(sandbox, {}, { keys: nobody, region: 'nowhere' })), [
    'SignatureDoesNotMatch',
    region,
  ]);
  const request = await signed(sandbox, {}, { keys: nobody });
  const scoped = (scope: string): RawRequest => {
    const authorization =
      request.headers?.['authorization']?.replace('eu-west-1/sts/aws4_request', scope) ?? '';
    return { ...request, headers: { ...request.headers, authorization } };
  };
  const service = "Credential should be scoped to correct service: 'sts'. ";
  t.same(await message(scoped('eu-west-1/s3/aws4_request')), ['SignatureDoesNotMatch', service]);
  t.same(await message(scoped('x/s3/aws4_request')), ['SignatureDoesNotMatch', region + service]);
  t.match(await message(scoped('eu-west-1/sts/aws5')), ['SignatureDoesNotMatch', /valid terminator/]);
  t.same(await message(request), [
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
  ]);
  const wrong = { ...SALLYPORT, secretAccessKey: 'x' };
  const old = await signed(sandbox, {}, { keys: wrong });
  const sentAt = sandbox.clock.now;
  sandbox.clock.now = new Date(sentAt.getTime() + 301_000);
  t.match(await message(old), [
    'SignatureDoesNotMatch',
    /^Signature expired: 20261121T120000Z is now earlier than 20261121T120001Z \(20261121T120501Z - 5 min\.\)$/,
  ]);
  sandbox.clock.now = new Date(sentAt.getTime() - 301_000);
  t.match(await message(old), ['SignatureDoesNotMatch', /^Signature not yet current: .* \+ 5 min\.\)$/]);
  sandbox.clock.now = sentAt;
  t.same(await message(old), ['SignatureDoesNotMatch', STANDARD_MISMATCH]);
});

t.test('request log has the last requests', async (t) => {
  const sandbox = await startSandbox(t, exampleIam());
  for (let count = 0; count < 1001; count++) {
    await send(sandbox.sts.url, post(form({ Action: 'GetCallerIdentity', Number: String(count) })));
  }
  t.equal(sandbox.sts.requests.length, 1000, 'bounded');
  t.match(sandbox.sts.requests[0], {
    time: sandbox.clock.now,
    action: 'GetCallerIdentity',
    parameters: { Number: '1' },
    status: 403,
    errorCode: 'MissingAuthenticationToken',
    requestId: UUID,
  });
});
