// An STS stub that returns the same response to every call immediately, and counts calls.
import { createServer } from 'node:http';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** As long as those of STS. */
export const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjE'.repeat(50);

const responseBody = (action) =>
  `<${action}Response xmlns="${NAMESPACE}"><${action}Result><AssumedRoleUser><AssumedRoleId>AROAEXAMPLEEXAMPLE00:alice</AssumedRoleId>` +
  `<Arn>arn:aws:sts::111122223333:assumed-role/deploy/alice</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId>` +
  `<SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey><SessionToken>${SESSION_TOKEN}</SessionToken>` +
  `<Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></${action}Result>` +
  `<ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata></${action}Response>`;

export async function startStsStub() {
  let calls = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      calls++;
      const action = /(?:^|&)Action=(\w+)/.exec(body)?.[1];
      response.setHeader('content-type', 'text/xml').end(responseBody(action));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    calls: () => calls,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
