// SIGTERM with a pending request: the request is completed and recorded, then the server ends.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { startSandbox } from '@sallyport/sandbox/internal/sandbox';
import t from 'tap';
import { start } from '../support/command.js';

t.test('serve completes pending requests on SIGTERM', async (t) => {
  const sandbox = await startSandbox();
  t.teardown(() => sandbox.close());
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const slow = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    arrived();
    await released;
    const { 'content-type': type = '' } = request.headers;
    const answer = await fetch(sandbox.sts.url, { method: 'POST', headers: { 'content-type': type }, body });
    response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => {
    slow.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => slow.close());
  const { port } = slow.address() as { port: number };
  const folder = t.testdir({
    'sallyport.yaml': `
server: { url: http://127.0.0.1:1, listen: { port: 0 } }
aws: { region: eu-west-1, endpoint: "http://127.0.0.1:${port}" }
issuers: { corp: { type: oidc, issuer: ${sandbox.oidc.issuer}, audience: sallyport } }
roles: { deploy: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/deploy" } }
grants: [{ id: all, issuer: corp, match: {}, roles: [deploy] }]
`,
  });
  const server = start(t, ['serve', '--config', join(folder, 'sallyport.yaml')]);
  const { url } = JSON.parse(await server.line('stderr', /"listening"/));
  const jwt = await fetchToken(sandbox.oidc.issuer, {
    user: 'alice',
    password: 'sandbox-alice',
    audience: 'sallyport',
  });
  const answer = fetch(`${url}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${jwt}` },
  });
  await arrival;
  server.child.kill('SIGTERM');
  await server.line('stderr', /"stopping"/);
  release();
  t.equal((await answer).status, 200);
  const { code, stdout, stderr } = await server.finished;
  t.equal(code, 0);
  t.strictSame(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).Event),
    ['intent', 'issued'],
  );
  for (const line of stderr.trim().split('\n')) t.ok(JSON.parse(line), 'the log is JSON lines');
});
