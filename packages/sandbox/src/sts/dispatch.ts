// One request, one answer: finds the operation, authenticates the caller, runs it and renders what came of it.
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
import { header, readParameters, type WireRequest } from './query.js';

const VERSION = '2011-06-15';

/** Where AWS's global endpoint is; an unsigned request names no region. */
const DEFAULT_REGION = 'us-east-1';

interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer with what the sandbox's log wants to know of it. */
export interface Answered {
  readonly response: WireResponse;
  readonly requestId: string;
  readonly parameters: QueryParameters;
  readonly callerArn: string | undefined;
  readonly errorCode: string | undefined;
}

export async function answer(request: WireRequest, state: StsState, now: Date): Promise<Answered> {
  const requestId = randomUUID();
  const format: Format = header(request, 'accept')?.includes('application/json') ? 'json' : 'xml';
  const parameters = readParameters(request) ?? new Map<string, string>();
  const progress = new Progress(request, state, now);
  const outcome = await progress.run(parameters).catch((error: unknown) => faultOf(error));
  const response = respond(outcome, parameters.get('Action') ?? '', requestId, format);
  return {
    response: {
      ...response,
      headers: { ...response.headers, ...idHeaders(requestId, progress.region, now) },
    },
    requestId,
    parameters,
    callerArn: progress.caller?.arn,
    errorCode: outcome instanceof StsError ? outcome.code : undefined,
  };
}

/** What is neither a result nor a fault of STS: a page to go to, or a path that is none. */
type Outcome = Result | StsError | Elsewhere;
class Elsewhere {
  readonly response: WireResponse;

  constructor(response: WireResponse) {
    this.response = response;
  }
}

/** Runs one request and remembers on the way who signed it, for the log and the headers of a refusal. */
class Progress {
  readonly #request: WireRequest;
  readonly #state: StsState;
  readonly #now: Date;
  caller: Caller | undefined;
  region = DEFAULT_REGION;

  constructor(request: WireRequest, state: StsState, now: Date) {
    this.#request = request;
    this.#state = state;
    this.#now = now;
  }

  async run(parameters: QueryParameters): Promise<Outcome> {
    if (this.#request.path !== '/') {
      // What an unsigned request to another path is answered is not known; here it is the same.
      if (header(this.#request, 'authorization')) this.#authenticate();
      return new Elsewhere({ status: 404, headers: {}, body: '<UnknownOperationException/>' });
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

/** A request without an Action is taken for a browser that lost its way. */
function redirect({ method, query }: WireRequest): Elsewhere {
  const suffix = method === 'GET' && query ? `?${query}` : '';
  return new Elsewhere({
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

function faultOf(error: unknown): StsError {
  if (error instanceof StsError) return error;
  return new StsError(500, 'InternalFailure', `The sandbox STS failed: ${String(error)}`, {
    type: 'Receiver',
  });
}

function respond(outcome: Outcome, action: string, requestId: string, format: Format): WireResponse {
  if (outcome instanceof Elsewhere) return outcome.response;
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
