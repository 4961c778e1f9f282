// A stub of STS on loopback that returns the test's responses and records the requests.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';

export interface StsCall {
  /** Decoded form fields. */
  readonly form: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
}

export interface StsAnswer {
  readonly status?: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
export const REQUEST_ID = 'c6104cbe-af31-11e0-8154-cbc7ccf896c7';

/** A success as STS writes it: `result` is the XML inside of `<ActionResult>`. */
export function success(action: string, result: string): StsAnswer {
  return {
    body: `<${action}Response xmlns="${NAMESPACE}">\n  <${action}Result>${result}</${action}Result>\n  <ResponseMetadata>\n    <RequestId>${REQUEST_ID}</RequestId>\n  </ResponseMetadata>\n</${action}Response>\n`,
  };
}

/** An error as STS writes it. The SDK retries it without delay. */
export function failure(status: number, code: string, message = 'Message of STS'): StsAnswer {
  return {
    status,
    headers: { 'x-amz-retry-after': '1' },
    body: `<ErrorResponse xmlns="${NAMESPACE}">\n  <Error>\n    <Type>Sender</Type>\n    <Code>${code}</Code>\n    <Message>${message}</Message>\n  </Error>\n  <RequestId>${REQUEST_ID}</RequestId>\n</ErrorResponse>\n`,
  };
}

/**
 * Closed when the test ends. `answer` returns the response to each call, or undefined to close the connection.
 * `latency`: milliseconds before the response.
 */
export async function startStsStub(
  t: Test,
  answer: (call: StsCall) => StsAnswer | undefined,
  latency = 0,
): Promise<{ readonly url: string; readonly calls: readonly StsCall[] }> {
  const calls: StsCall[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const call = { form: Object.fromEntries(new URLSearchParams(body)), headers: request.headers };
    calls.push(call);
    const result = answer(call);
    if (latency > 0) await delay(latency);
    if (!result) {
      request.socket.destroy();
      return;
    }
    response
      .writeHead(result.status ?? 200, {
        'content-type': 'text/xml',
        'x-amzn-requestid': REQUEST_ID,
        ...result.headers,
      })
      .end(result.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}
