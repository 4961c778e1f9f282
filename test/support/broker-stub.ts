// A stub of the broker, and an HTTP client that sends any header.
import { createServer, request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

interface ReceivedRequest {
  readonly authorization: string | undefined;
  readonly role: string | undefined;
  readonly durationSeconds?: number;
}

/** Responds like POST /v1/credentials, or with `state.answer` if a test sets it. */
export async function startBrokerStub(t: Test, port = 0) {
  const requests: ReceivedRequest[] = [];
  const state: { answer: { status: number; body: object } | 'nothing' | undefined } = { answer: undefined };
  const server = createServer(async (request, response) => {
    const { Role, DurationSeconds } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    requests.push({
      authorization: request.headers.authorization,
      role: Role,
      ...(DurationSeconds !== undefined && { durationSeconds: DurationSeconds }),
    });
    if (state.answer === 'nothing') return;
    const { status, body } = state.answer ?? { status: 200, body: credentialsOf(Role, requests.length) };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, state };
}

/** `left`: milliseconds until expiration. */
export const credentialsOf = (role = 'only', serial = 1, left = 3600_000) => ({
  Credentials: {
    AccessKeyId: `ASIA${role.toUpperCase()}${serial}`,
    SecretAccessKey: 'secret-access-key',
    SessionToken: 'session-token',
    Expiration: new Date(Date.now() + left).toISOString().replace(/\.\d+Z$/, 'Z'),
  },
  AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/Reader/alice' },
  Sallyport: { Role: role },
});

interface StubResponse {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Sends headers that `fetch` does not allow. */
export function get(url: string, headers: OutgoingHttpHeaders = {}, method = 'GET'): Promise<StubResponse> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers, method }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      const { statusCode, headers } = response;
      resolve({ status: statusCode, type: headers['content-type'], json: JSON.parse(text || '{}') });
    })
      .on('error', reject)
      .end();
  });
}
