// Refusals on /v1 as problem documents (RFC 9457): code, a sentence that says what to do, the request id. The cause
// goes to the log under that id, by code and reason, never by text that someone else wrote.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ERRORS, SallyportError } from '../core/errors.js';
import type { Log } from '../core/ports.js';

const PROBLEM_TYPE = 'application/problem+json';

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: '`urn:sallyport:error:` and the code.' }),
    title: Type.String({ description: 'The sentence of this code: what is wrong and what to do.' }),
    status: Type.Integer(),
    detail: Type.String({ description: 'The same, more exactly where possible.' }),
    code: Type.String({ description: 'The code, for programs.' }),
    requestId: Type.String({ description: 'Give it to the operator: log and audit log have it.' }),
    Roles: Type.Optional(Type.Array(Type.String(), { description: 'With `role_ambiguous`: the choices.' })),
    MaxDurationSeconds: Type.Optional(
      Type.Integer({ description: 'With `duration_exceeds_limit`: the limit.' }),
    ),
  },
  { $id: 'Problem', description: 'A refusal (RFC 9457).' },
);

export function problemOf(error: SallyportError, requestId: string) {
  const { status, text } = ERRORS[error.code];
  return {
    type: `urn:sallyport:error:${error.code}`,
    title: text,
    status,
    detail: error.detail,
    code: error.code,
    requestId,
    ...error.members,
  };
}

/** Headers a refusal carries besides its body (RFC 6750 section 3; RFC 9110 section 10.2.3). */
export function errorHeaders(error: SallyportError): Record<string, string> {
  const { status } = ERRORS[error.code];
  return {
    'cache-control': 'no-store',
    ...(status === 401 && {
      'www-authenticate': error.code === 'proof_missing' ? 'Bearer' : 'Bearer error="invalid_token"',
    }),
    ...(error.retryAfter !== undefined && { 'retry-after': String(error.retryAfter) }),
  };
}

interface SchemaIssue {
  readonly instancePath?: string;
  readonly keyword?: string;
  readonly message?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Names what the schema wants, not what was sent: a name that is unknown here could be a misplaced secret. */
function describeIssue({
  instancePath = '',
  keyword,
  message = 'is not valid',
  params,
}: SchemaIssue): string {
  if (keyword === 'additionalProperties') return 'there is a field this request does not take';
  const field = instancePath.slice(1).replaceAll('/', '.') || 'the body';
  const allowed = params?.['allowedValues'];
  return `${field} ${message}${Array.isArray(allowed) ? `: ${allowed.join(', ')}` : ''}`;
}

/** Issues that a refusal names. A long list of wrong values has as many. */
const MAX_ISSUES = 10;

const FRAMEWORK_CODES: Readonly<Record<string, ConstructorParameters<typeof SallyportError>[0]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
};

/** Whatever was thrown -> a SallyportError. */
function asSallyportError(error: unknown, known: readonly string[] = []): SallyportError {
  if (error instanceof SallyportError) return error;
  const { code = '', statusCode = 500, validation } = (error ?? {}) as Partial<FastifyError>;
  if (validation) {
    const issues = [
      ...new Set((validation as readonly SchemaIssue[]).slice(0, MAX_ISSUES).map(describeIssue)),
    ];
    return new SallyportError('parameter_invalid', {
      reason: 'parameter.schema',
      detail: `Not valid: ${issues.join('; ')}.${known.length > 0 ? ` Fields here: ${known.join(', ')}.` : ''}`,
    });
  }
  const ours = FRAMEWORK_CODES[code];
  if (ours) return new SallyportError(ours);
  if (statusCode >= 400 && statusCode < 500) return new SallyportError('request_malformed', { cause: error });
  return new SallyportError('internal', { cause: error });
}

/** The error handler: every surface's refusals that it does not render itself. */
export const createProblemHandler = (log: Log) => createErrorHandler(log, sendProblem);

export const sendProblem = (error: SallyportError, request: FastifyRequest, reply: FastifyReply) =>
  reply.headers({ ...errorHeaders(error), 'content-type': PROBLEM_TYPE }).send(problemOf(error, request.id));

/** An error handler that logs whatever was thrown and has it sent as a refusal; the status is set already. */
export function createErrorHandler(
  log: Log,
  send: (error: SallyportError, request: FastifyRequest, reply: FastifyReply) => FastifyReply,
) {
  return async (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const { body, querystring = body } = request.routeOptions.schema ?? {};
    const fieldsOf = querystring as { properties?: object } | undefined;
    const error = asSallyportError(thrown, Object.keys(fieldsOf?.properties ?? {}));
    const { status } = ERRORS[error.code];
    const { code, reason, sts, cause: err } = error;
    const fields = { requestId: request.id, code, reason, ...(sts && { sts }), err };
    if (status >= 500) log.error(fields, 'request failed');
    else log.info(fields, 'request refused');
    return send(error, request, reply.code(status));
  };
}

const refusal = (description: string) => ({
  description,
  content: { [PROBLEM_TYPE]: { schema: Type.Ref('Problem#') } },
});

/** The refusals every /v1 route can answer with. */
export const problemResponses = {
  400: refusal('The request is not valid.'),
  401: refusal('There is no proof, or it is not accepted.'),
  403: refusal('The caller may not have this.'),
  404: refusal('What is asked about is not there.'),
  409: refusal('There are several roles to choose from.'),
  413: refusal('The request is too large.'),
  415: refusal('The Content-Type is not accepted.'),
  429: refusal('There are too many requests; Retry-After says when to try again.'),
  500: refusal('Something went wrong in the broker.'),
  502: refusal('STS refused what the broker asked.'),
  503: refusal('Something the broker needs is not there just now; Retry-After says when to try again.'),
};
