// Errors on /v1 as problem documents (RFC 9457): code, a sentence that says what to do, the request id. The log has the
// cause under that id, as code and reason; text from the request is not logged.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ConditionEvaluationError } from '../authz/permitted-roles.js';
import { ERRORS, SallyportError } from '../core/errors.js';
import { OMITTED_CLAIMS_ADVICE } from '../core/omitted-claims.js';
import type { Log } from '../core/ports.js';

const PROBLEM_TYPE = 'application/problem+json';

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: '`urn:sallyport:error:` followed by the code.' }),
    title: Type.String({
      description: 'What is wrong and what to do; the same text for every error of this code.',
    }),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong and what to do, in more detail where possible.' }),
    code: Type.String({ description: 'Error code for programs.' }),
    requestId: Type.String({
      description: 'Request id, as in the log and the audit log. Quote it when asking the operator.',
    }),
    Roles: Type.Optional(
      Type.Array(Type.String(), { description: 'With `role_ambiguous`: the permitted roles.' }),
    ),
    MaxDurationSeconds: Type.Optional(
      Type.Integer({ description: 'With `duration_exceeds_limit`: the limit of the role.' }),
    ),
  },
  { $id: 'Problem', description: 'An error (RFC 9457).' },
);

export function toProblem(error: SallyportError, requestId: string) {
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

/** Headers of an error response (RFC 6750 section 3; RFC 9110 section 10.2.3). */
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

/** Names what the schema expects, not what was sent: an unknown field name could be a misplaced secret. */
function describeIssue({
  instancePath = '',
  keyword,
  message = 'is not valid',
  params,
}: SchemaIssue): string {
  if (keyword === 'additionalProperties') return 'unknown field';
  const field = instancePath.slice(1).replaceAll('/', '.') || 'the body';
  const allowed = params?.['allowedValues'];
  return `${field} ${message}${Array.isArray(allowed) ? `: ${allowed.join(', ')}` : ''}`;
}

/** Upper limit for issues in one response: a long list of invalid values has one issue each. */
const MAX_ISSUES = 10;

const FRAMEWORK_CODES: Readonly<Record<string, ConstructorParameters<typeof SallyportError>[0]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
};

/** `fieldNames`: the fields that the route accepts. */
function toSallyportError(error: unknown, fieldNames: readonly string[]): SallyportError {
  if (error instanceof SallyportError) return error;
  const { code = '', statusCode = 500, validation } = (error ?? {}) as Partial<FastifyError>;
  if (validation) {
    const issues = [
      ...new Set((validation as readonly SchemaIssue[]).slice(0, MAX_ISSUES).map(describeIssue)),
    ];
    return new SallyportError('parameter_invalid', {
      reason: 'parameter.schema',
      detail: `Invalid request: ${issues.join('; ')}.${fieldNames.length > 0 ? ` Accepted fields: ${fieldNames.join(', ')}.` : ''}`,
    });
  }
  const known = FRAMEWORK_CODES[code];
  if (known) return new SallyportError(known);
  if (statusCode >= 400 && statusCode < 500) return new SallyportError('request_malformed', { cause: error });
  return new SallyportError('internal', { cause: error });
}

/** The default error handler, for surfaces without a format of their own. */
export const createProblemHandler = (log: Log) => createErrorHandler(log, sendProblem);

export const sendProblem = (error: SallyportError, request: FastifyRequest, reply: FastifyReply) =>
  reply.headers({ ...errorHeaders(error), 'content-type': PROBLEM_TYPE }).send(toProblem(error, request.id));

/** An error handler that logs the error, sets the status and leaves the response to `send`. */
export function createErrorHandler(
  log: Log,
  send: (error: SallyportError, request: FastifyRequest, reply: FastifyReply) => FastifyReply,
) {
  return async (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const { body, querystring = body } = request.routeOptions.schema ?? {};
    const parameters = querystring as { properties?: object } | undefined;
    const error = toSallyportError(thrown, Object.keys(parameters?.properties ?? {}));
    const { status } = ERRORS[error.code];
    const { code, reason, sts, cause: err } = error;
    const undecided = err instanceof ConditionEvaluationError ? err.undecided : [];
    const fields = {
      requestId: request.id,
      code,
      reason,
      ...(sts && { sts }),
      ...(undecided.length > 0 && { grantsWithOmittedClaims: undecided, advice: OMITTED_CLAIMS_ADVICE }),
      err,
    };
    if (status >= 500) log.error(fields, 'request failed');
    else log.info(fields, 'request refused');
    return send(error, request, reply.code(status));
  };
}

const problem = (description: string) => ({
  description,
  content: { [PROBLEM_TYPE]: { schema: Type.Ref('Problem#') } },
});

/** The error responses of every /v1 route. */
export const problemResponses = {
  400: problem('The request is not valid.'),
  401: problem('The proof is missing or was not accepted.'),
  403: problem('The caller is not permitted to do this.'),
  404: problem('The resource does not exist.'),
  409: problem('Several roles are permitted; the request must name one.'),
  413: problem('The request is too large.'),
  415: problem('The Content-Type is not supported.'),
  429: problem('Too many requests. Retry after the time in Retry-After.'),
  500: problem('Internal error of the broker.'),
  502: problem('STS rejected the request of the broker.'),
  503: problem('A dependency of the broker is unavailable. Retry after the time in Retry-After.'),
};
