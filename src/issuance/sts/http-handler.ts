// HTTP for the AWS SDK, over undici: connections bounded in number, answers in time and bytes. A success that is not
// the whole answer to the operation that was asked is a failure, since the SDK would read what it finds in it.
import { Agent, type Dispatcher, errors } from 'undici';

/** `connect` comes before anything was sent; after the others STS may have acted. */
type TransportCode = 'connect' | 'connection' | 'timeout' | 'too_large' | 'malformed';

/** No answer that could be read. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** Tells the SDK that trying again may help. */
  readonly $retryable = {};
  readonly code: TransportCode;

  constructor(code: TransportCode, cause?: unknown) {
    super(`No answer from STS: ${code}.`, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

export interface HttpLimits {
  readonly connections: number;
  /** Milliseconds. */
  readonly connectMs: number;
  /** Milliseconds from the request to the last byte of the answer, connecting included. */
  readonly answerMs: number;
}

/** Bytes. An answer of STS has less than ten thousand. */
const MAX_ANSWER = 64 * 1024;

/** Milliseconds an unused connection is kept. */
const KEEP_ALIVE = 15_000;

/** What the SDK hands over; the body is a string for the Query protocol. */
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
 * A request handler as `@smithy/types` describes it. `signalOf`: what ends a request early, if anything does. Rejects
 * with `TransportError`, or the reason of the signal.
 */
export function createHttpHandler(
  { connections, connectMs, answerMs }: HttpLimits,
  signalOf: (request: object) => AbortSignal | undefined,
) {
  const agent = new Agent({
    connections,
    maxResponseSize: MAX_ANSWER,
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: 0, // One timer is for all of it: an answer that trickles in is late too.
    bodyTimeout: 0,
    connect: {
      timeout: connectMs,
      rejectUnauthorized: true, // NODE_TLS_REJECT_UNAUTHORIZED=0 has no say here.
      minVersion: 'TLSv1.2',
    },
  });
  return {
    handle: async (request: HttpRequest) => {
      const body = typeof request.body === 'string' ? request.body : '';
      const response = await exchange(agent, { ...request, body }, answerMs, signalOf(request));
      const [, action] = /^Action=(\w+)&/.exec(body) ?? [];
      if (action !== undefined && response.statusCode === 200 && !answers(action, response.body))
        throw new TransportError('malformed');
      return { response };
    },
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
    destroy: () => void agent.destroy(),
  };
}

function exchange(
  agent: Agent,
  { protocol, hostname, port, path, method, headers, body }: HttpRequest & { readonly body: string },
  answerMs: number,
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
    /** Ends the request wherever it is, and what comes of it later is not heard. */
    const fail = (error: unknown) => {
      if (failure) return;
      failure = error;
      settle();
      reject(error);
      controller?.abort(error instanceof Error ? error : new TransportError('connection', error));
    };
    const abort = () => fail(signal?.reason);
    const timer = setTimeout(() => fail(new TransportError(controller ? 'timeout' : 'connect')), answerMs);
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

/** Names are lower-case already. */
const singleValues = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );

/** Whether this begins and ends as the answer to the operation asked for. */
function answers(action: string, answer: Buffer): boolean {
  const text = answer.toString().trimEnd();
  const start = /^\s*(?:<\?xml [^>]*>\s*)?<(\w+)Response[\s>]/.exec(text);
  return start?.[1] === action && text.endsWith(`</${action}Response>`);
}
