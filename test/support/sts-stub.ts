// A stand-in for STS on loopback that answers what the test says and keeps what it was asked.
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

/** A refusal as STS writes it. The SDK need not wait before it tries again. */
export function failure(status: number, code: string, message = 'Said by STS'): StsAnswer {
  return {
    status,
    headers: { 'x-amz-retry-after': '1' },
    body: `<ErrorResponse xmlns="${NAMESPACE}">\n  <Error>\n    <Type>Sender</Type>\n    <Code>${code}</Code>\n    <Message>${message}</Message>\n  </Error>\n  <RequestId>${REQUEST_ID}</RequestId>\n</ErrorResponse>\n`,
  };
}

/**
 * Starts the stub; it is closed with the test. `answer` is asked at every call, and may hang up by giving nothing;
 * what it gives is sent after so many milliseconds.
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
    const given = answer(call);
    if (latency > 0) await delay(latency);
    if (!given) {
      request.socket.destroy();
      return;
    }
    response
      .writeHead(given.status ?? 200, {
        'content-type': 'text/xml',
        'x-amzn-requestid': REQUEST_ID,
        ...given.headers,
      })
      .end(given.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}
