// The OIDC endpoint of GitHub Actions as GitHub documents it: a URL with a query, the audience as additional parameter,
// a Bearer token, and a response `{ "count", "value" }`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { githubActionsToken } from '@sallyport/client/internal/github-actions';
import t from 'tap';

let status = 200;
const server = createServer((request, response) => {
  const { searchParams: query } = new URL(request.url ?? '', 'http://runner');
  const whole =
    query.get('api-version') === '2.0' && request.headers.authorization === 'Bearer of-the-runner';
  response.writeHead(whole ? status : 400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ count: 1, value: `jwt for ${query.get('audience')}` }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
t.teardown(() => server.close());
const { port } = server.address() as AddressInfo;
const runner = {
  ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-runner',
};

t.test('githubActionsToken requests a token for the audience', async (t) => {
  t.equal(await githubActionsToken('a&b=c', runner), 'jwt for a&b=c');
});

t.test('githubActionsToken reports a missing permission and a failing endpoint', async (t) => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL, ...withoutUrl } = runner;
  const { ACTIONS_ID_TOKEN_REQUEST_TOKEN, ...withoutToken } = runner;
  const clear = { ...runner, ACTIONS_ID_TOKEN_REQUEST_URL: 'http://runner.example/token' };
  for (const environment of [{}, withoutUrl, withoutToken, clear])
    await t.rejects(githubActionsToken('x', environment), /job with `permissions: { id-token: write }`/);
  const unknown = { ...runner, ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1:1/' };
  await t.rejects(githubActionsToken('x', unknown), /does not respond/);
  status = 500;
  await t.rejects(githubActionsToken('x', runner), /responded with status 500/);
});
