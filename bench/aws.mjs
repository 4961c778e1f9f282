// The rest of the world for the bench, in a process of its own: an STS that answers at once, and an OIDC issuer whose
// tokens the parent signs. It does nothing else, so that what is measured is the broker or the SDK.
import { createServer } from 'node:http';

const RESULT = `<AssumedRoleUser>
      <AssumedRoleId>AROAEXAMPLEEXAMPLE000:bench</AssumedRoleId>
      <Arn>arn:aws:sts::111122223333:assumed-role/bench/bench</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId>
      <SecretAccessKey>${'s'.repeat(40)}</SecretAccessKey>
      <SessionToken>${'t'.repeat(900)}</SessionToken>
      <Expiration>EXPIRATION</Expiration>
    </Credentials>`;

const [before, after] = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    ${RESULT}
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata>
    <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>
  </ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>
`.split('EXPIRATION');

const jwks = process.argv[2];
let calls = 0;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const issuer = `http://${request.headers.host}`;
    const body = request.url.endsWith('jwks') ? jwks : JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` });
    response.setHeader('content-type', 'application/json').end(body);
    return;
  }
  calls += 1;
  request.resume();
  request.on('end', () => {
    const expiration = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`;
    response.setHeader('content-type', 'text/xml').end(before + expiration + after);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on('message', () => process.send({ calls }));
process.on('disconnect', () => process.exit());
