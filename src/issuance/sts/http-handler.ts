// The HTTP handler of the AWS SDK, over undici: bounds connections, response time and response size. A 200 response
// that is not complete for the requested operation is an error, since the SDK would parse as much as it finds.
import { Agent, type Dispatcher, errors } from 'undici';

/** `connect`: nothing was sent. After the others, STS may have received the call. */
type TransportCode = 'connect' | 'connection' | 'timeout' | 'too_large' | 'malformed';

/** STS sent no readable response. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** Makes the SDK retry. */
  readonly $retryable = {};
  readonly code: TransportCode;

  constructor(code: TransportCode, cause?: unknown) {
    super(`No response from STS: ${code}.`, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

export interface HttpLimits {
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** From the request to the last byte of the response, connecting included. */
  readonly responseTimeoutMs: number;
}

/** Bytes. Responses of STS have less than ten thousand. */
const MAX_RESPONSE_SIZE = 64 * 1024;

/** Milliseconds for which an idle connection is kept. */
const KEEP_ALIVE = 15_000;

/** As the SDK passes it; with the Query protocol, the body is a string. */
interface HttpRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/**
 * A `RequestHandler` of `@smithy/types`. `signalOf`: the signal that aborts a request, if any.
 * @throws TransportError, or the signal's reason.
 */
export function createHttpHandler(
  { connections, connectTimeoutMs, responseTimeoutMs }: HttpLimits,
  signalOf: (request: object) => AbortSignal | undefined,
) {
  const agent = new Agent({
    connections,
    maxResponseSize: MAX_RESPONSE_SIZE,
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: 0, // One timer covers the whole response, also if it trickles in.
    bodyTimeout: 0,
    connect: {
      timeout: connectTimeoutMs,
      rejectUnauthorized: true, // NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored.
      minVersion: 'TLSv1.2',
    },
  });
  return {
    handle: async (request: HttpRequest) => {
      const body = typeof request.body === 'string' ? request.body : '';
      const response = await sendRequest(agent, { ...request, body }, responseTimeoutMs, signalOf(request));
      const [, action] = /^Action=(\w+)&/.exec(body) ?? [];
      if (action !== undefined && response.statusCode === 200 && !isResponseTo(action, response.body))
        throw new TransportError('malformed');
      return { response };
    },
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
    destroy: () => void agent.destroy(),
  };
}

function sendRequest(
  agent: Agent,
  { protocol, hostname, port, path, method, headers, body }: HttpRequest & { readonly body: string },
  responseTimeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let failure: unknown;
    let start = { statusCode: 0, headers: {} };
    const chunks: Buffer[] = [];

    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    /** Ends the request at any stage. Later events are ignored. */
    const fail = (error: unknown) => {
      if (failure) return;
      failure = error;
      settle();
      reject(error);
      controller?.abort(error instanceof Error ? error : new TransportError('connection', error));
    };
    const abort = () => fail(signal?.reason);
    const timer = setTimeout(
      () => fail(new TransportError(controller ? 'timeout' : 'connect')),
      responseTimeoutMs,
    );
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) {
      abort();
      return;
    }

    agent.dispatch(
      {
        origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
        path,
        method,
        headers,
        body,
      },
      {
        onRequestStart: (started) => {
          controller = started;
          if (failure) started.abort(new TransportError('connect'));
        },
        onResponseStart: (_, statusCode, received) => {
          start = { statusCode, headers: singleValues(received) };
        },
        onResponseData: (_, chunk) => {
          chunks.push(chunk);
        },
        onResponseEnd: () => {
          settle();
          resolve({ ...start, body: Buffer.concat(chunks) });
        },
        onResponseError: (_, error) =>
          fail(new TransportError(codeOf(error, controller !== undefined), error)),
      },
    );
  });
}

function codeOf(error: Error, started: boolean): TransportCode {
  if (!started) return 'connect';
  if (error instanceof errors.ResponseExceededMaxSizeError) return 'too_large';
  return error instanceof errors.HTTPParserError ? 'malformed' : 'connection';
}

/** Header names are already in lower case. */
const singleValues = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );

/** Whether this begins and ends as the response to the operation. */
function isResponseTo(action: string, body: Buffer): boolean {
  const text = body.toString().trimEnd();
  const start = /^\s*(?:<\?xml [^>]*>\s*)?<(\w+)Response[\s>]/.exec(text);
  return start?.[1] === action && text.endsWith(`</${action}Response>`);
}
