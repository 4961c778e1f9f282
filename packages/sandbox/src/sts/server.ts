// The HTTP server of the sandbox STS. It uses node:http without a framework, so that responses have exactly the headers
// of AWS. Start reading at handleRequest in handle-request.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Iam } from '../iam/model.js';
import { type ListenOptions, listenOnLoopback } from '../loopback.js';
import { type OpenedSession, openSession } from './authenticate.js';
import type { StsState } from './call.js';
import { type HandledRequest, handleRequest } from './handle-request.js';
import type { HttpRequest } from './query.js';
import { SessionTokens } from './session-tokens.js';
import { ProviderKeys } from './web-identity-keys.js';

const MAX_BODY_BYTES = 10_000_000;
const LOG_ENTRIES = 1000;

/** A request and its result, for tests. Parameters are stored as received, including secrets. */
interface StsRequestLogEntry {
  time: Date;
  action: string | undefined;
  parameters: Record<string, string>;
  /** ARN of the signer. */
  caller?: string;
  status: number;
  errorCode?: string;
  requestId: string;
}

export interface StsServer {
  /** `http://host:port`, without a slash at the end. */
  url: string;
  /** The last 1,000 requests, oldest first. */
  requests: readonly StsRequestLogEntry[];
  /** For console sign-in: see `openSession`. */
  openSession(credentials: Parameters<typeof openSession>[0]): OpenedSession | undefined;
  close(): Promise<void>;
}

export interface StsOptions extends ListenOptions {
  iam: Iam;
  /** The clock of STS. */
  now?: () => Date;
  onRequest?: (entry: StsRequestLogEntry) => void;
}

/** Starts STS. Its sessions are valid for this instance only, and end with it. */
export async function startSts(options: StsOptions): Promise<StsServer> {
  const { iam, now = () => new Date(), onRequest } = options;
  const state: StsState = { iam, tokens: new SessionTokens(), providerKeys: new ProviderKeys() };
  const requests: StsRequestLogEntry[] = [];
  const record = (entry: StsRequestLogEntry) => {
    requests.push(entry);
    if (requests.length > LOG_ENTRIES) requests.shift();
    onRequest?.(entry);
  };
  const { server, origin, close } = await listenOnLoopback(options);
  server.on('request', (incoming, outgoing) => {
    serve(incoming, outgoing, state, now(), record).catch((error: unknown) =>
      outgoing.destroy(error instanceof Error ? error : undefined),
    );
  });
  return {
    url: origin,
    requests,
    openSession: (credentials) => openSession(credentials, iam, state.tokens, now()),
    close,
  };
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  state: StsState,
  now: Date,
  record: (entry: StsRequestLogEntry) => void,
): Promise<void> {
  const body = await readBody(incoming);
  if (!body) {
    outgoing.writeHead(413, { connection: 'close', 'content-length': 0 }).end();
    return;
  }
  const handled = await handleRequest(wireRequest(incoming, body), state, now);
  const { status, headers, body: text } = handled.response;
  record(logEntry(handled, now));
  outgoing.writeHead(status, {
    ...headers,
    date: now.toUTCString(),
    'content-length': Buffer.byteLength(text),
  });
  outgoing.end(text);
}

/** Undefined if the body is too large. The rest is not read. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function wireRequest(incoming: IncomingMessage, body: Buffer): HttpRequest {
  const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s, 2);
  const { rawHeaders } = incoming;
  return {
    method: incoming.method ?? 'GET',
    path,
    query,
    headers: rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ''] as const] : [],
    ),
    body,
    sourceIp: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  };
}

function logEntry(
  { response, requestId, parameters, callerArn, errorCode }: HandledRequest,
  time: Date,
): StsRequestLogEntry {
  return {
    time,
    action: parameters.get('Action'),
    parameters: Object.fromEntries(parameters),
    ...(callerArn !== undefined && { caller: callerArn }),
    status: response.status,
    ...(errorCode !== undefined && { errorCode }),
    requestId,
  };
}
