// Handles a request: finds the operation, authenticates the caller, runs the operation and renders the response.
import { randomBytes, randomUUID } from 'node:crypto';
import {
  contentType,
  type Format,
  type Result,
  renderError,
  renderResult,
} from '@sallyport/sts-protocol/render';
import { invalidAction, StsError } from '@sallyport/sts-protocol/sts-error';
import type { QueryParameters } from '@sallyport/sts-protocol/validate';
import { authenticate } from './authenticate.js';
import type { StsState } from './call.js';
import type { Caller } from './caller.js';
import { notImplemented } from './errors.js';
import { OPERATIONS, type Operation, UNIMPLEMENTED } from './operations.js';
import { type HttpRequest, header, readParameters } from './query.js';

const VERSION = '2011-06-15';

/** The Region of the global endpoint, for unsigned requests, which name no Region. */
const DEFAULT_REGION = 'us-east-1';

interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The response, with the values for the request log. */
export interface HandledRequest {
  readonly response: WireResponse;
  readonly requestId: string;
  readonly parameters: QueryParameters;
  readonly callerArn: string | undefined;
  readonly errorCode: string | undefined;
}

export async function handleRequest(
  request: HttpRequest,
  state: StsState,
  now: Date,
): Promise<HandledRequest> {
  const requestId = randomUUID();
  const format: Format = header(request, 'accept')?.includes('application/json') ? 'json' : 'xml';
  const parameters = readParameters(request) ?? new Map<string, string>();
  const handler = new RequestHandler(request, state, now);
  const outcome = await handler.run(parameters).catch((error: unknown) => toStsError(error));
  const response = renderOutcome(outcome, parameters.get('Action') ?? '', requestId, format);
  return {
    response: {
      ...response,
      headers: { ...response.headers, ...idHeaders(requestId, handler.region, now) },
    },
    requestId,
    parameters,
    callerArn: handler.caller?.arn,
    errorCode: outcome instanceof StsError ? outcome.code : undefined,
  };
}

type RequestOutcome = Result | StsError | PlainResponse;

/** A response other than a result or an error of STS: a redirect, or an unknown path. */
class PlainResponse {
  readonly response: WireResponse;

  constructor(response: WireResponse) {
    this.response = response;
  }
}

/** Runs one request. Keeps the caller and the Region for the log and for the headers of an error. */
class RequestHandler {
  readonly #request: HttpRequest;
  readonly #state: StsState;
  readonly #now: Date;
  caller: Caller | undefined;
  region = DEFAULT_REGION;

  constructor(request: HttpRequest, state: StsState, now: Date) {
    this.#request = request;
    this.#state = state;
    this.#now = now;
  }

  async run(parameters: QueryParameters): Promise<RequestOutcome> {
    if (this.#request.path !== '/') {
      // AWS's response to an unsigned request to another path is not known; here it is the same.
      if (header(this.#request, 'authorization')) this.#authenticate();
      return new PlainResponse({ status: 404, headers: {}, body: '<UnknownOperationException/>' });
    }
    const action = parameters.get('Action');
    if (!action) return redirect(this.#request);
    const operation = findOperation(action, parameters.get('Version'));
    const call = {
      ...this.#state,
      parameters,
      now: this.#now,
      sourceIp: this.#request.sourceIp,
      userAgent: header(this.#request, 'user-agent'),
    };
    if (!operation.signed) return operation.run(call);
    return operation.run({ ...call, caller: this.#authenticate(), region: this.region });
  }

  #authenticate(): Caller {
    const { iam, tokens } = this.#state;
    const { caller, region } = authenticate(this.#request, iam, tokens, this.#now);
    this.caller = caller;
    this.region = region;
    return caller;
  }
}

/** AWS redirects a request without an Action to a web page. */
function redirect({ method, query }: HttpRequest): PlainResponse {
  const suffix = method === 'GET' && query ? `?${query}` : '';
  return new PlainResponse({
    status: 302,
    headers: { location: `https://aws.amazon.com/iam${suffix}` },
    body: '',
  });
}

function findOperation(action: string, version: string | undefined): Operation {
  const operation = OPERATIONS.get(action);
  if (version === VERSION && UNIMPLEMENTED.has(action)) throw notImplemented(action);
  if (version === VERSION && operation) return operation;
  throw invalidAction(action, version);
}

function toStsError(error: unknown): StsError {
  if (error instanceof StsError) return error;
  return new StsError(500, 'InternalFailure', `The sandbox STS failed: ${String(error)}`, {
    type: 'Receiver',
  });
}

function renderOutcome(
  outcome: RequestOutcome,
  action: string,
  requestId: string,
  format: Format,
): WireResponse {
  if (outcome instanceof PlainResponse) return outcome.response;
  const headers = { 'content-type': contentType(format) };
  if (outcome instanceof StsError) {
    return { status: outcome.status, headers, body: renderError(outcome, requestId, format) };
  }
  return { status: 200, headers, body: renderResult(action, outcome, requestId, format) };
}

function idHeaders(requestId: string, region: string, now: Date): Record<string, string> {
  const extended = `1:${region}:S:${now.getTime()}:R:${randomBytes(6).toString('base64url')}`;
  return {
    'x-amzn-requestid': requestId,
    'x-amz-sts-extended-request-id': Buffer.from(extended).toString('base64'),
  };
}
