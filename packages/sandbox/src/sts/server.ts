// The sandbox STS over HTTP: AWS's Query API for this machine, with IAM from a YAML file. Plain node:http, so that
// every header on the wire is one that was meant.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Iam } from '../iam/model.js';
import { type ListenOptions, listenOnLoopback } from '../loopback.js';
import { type OpenedSession, openSession } from './authenticate.js';
import type { StsState } from './call.js';
import { type Answered, answer } from './dispatch.js';
import type { WireRequest } from './query.js';
import { SessionTokens } from './session-tokens.js';
import { ProviderKeys } from './web-identity-keys.js';

const MAX_BODY_BYTES = 10_000_000;
const LOG_ENTRIES = 1000;

/** A request and what became of it, for tests. Parameters are kept as they came, secrets too. */
interface StsRequestLog {
  time: Date;
  action: string | undefined;
  parameters: Record<string, string>;
  /** ARN of whoever signed. */
  caller?: string;
  status: number;
  errorCode?: string;
  requestId: string;
}

export interface StsServer {
  /** `http://host:port`, without a slash at the end. */
  url: string;
  /** The latest requests, oldest first: a thousand at most. */
  requests: readonly StsRequestLog[];
  /** What sign-in asks: see `openSession`. */
  openSession(credentials: Parameters<typeof openSession>[0]): OpenedSession | undefined;
  close(): Promise<void>;
}

export interface StsOptions extends ListenOptions {
  iam: Iam;
  /** The clock everything goes by. */
  now?: () => Date;
  onRequest?: (entry: StsRequestLog) => void;
}

/** Starts the STS. Sessions it issues are valid at this instance only, and end with it. */
export async function startSts(options: StsOptions): Promise<StsServer> {
  const { iam, now = () => new Date(), onRequest } = options;
  const state: StsState = { iam, tokens: new SessionTokens(), providerKeys: new ProviderKeys() };
  const requests: StsRequestLog[] = [];
  const record = (entry: StsRequestLog) => {
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
  record: (entry: StsRequestLog) => void,
): Promise<void> {
  const body = await readBody(incoming);
  if (!body) {
    outgoing.writeHead(413, { connection: 'close', 'content-length': 0 }).end();
    return;
  }
  const answered = await answer(wireRequest(incoming, body), state, now);
  const { status, headers, body: text } = answered.response;
  record(logEntry(answered, now));
  outgoing.writeHead(status, {
    ...headers,
    date: now.toUTCString(),
    'content-length': Buffer.byteLength(text),
  });
  outgoing.end(text);
}

/** Undefined when the body is too large; the rest of it is then left unread. */
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

function wireRequest(incoming: IncomingMessage, body: Buffer): WireRequest {
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
  { response, requestId, parameters, callerArn, errorCode }: Answered,
  time: Date,
): StsRequestLog {
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
