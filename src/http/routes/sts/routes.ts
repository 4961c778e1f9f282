// POST / is an STS endpoint for unmodified AWS SDKs: AWS's Query protocol and its XML or JSON responses, for the two actions
// that need no signature. A signature and query parameters in the URL are ignored.
// https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
import { contentType, type Format, renderError, renderResult } from '@sallyport/sts-protocol/render';
import { StsError } from '@sallyport/sts-protocol/sts-error';
import type { QueryParameters } from '@sallyport/sts-protocol/validate';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ERRORS, type ErrorCode, SallyportError } from '../../../core/errors.js';
import type { Log } from '../../../core/ports.js';
import type { StsErrorCode } from '../../../core/reasons/sts.js';
import type { Exchange } from '../../../exchange/exchange.js';
import type { App } from '../../fastify.js';
import { decodeUtf8, FORM_MEDIA_TYPE, formPairs, useBodyParsers } from '../../plugins/body-parsers.js';
import { createErrorHandler } from '../../problem.js';
import { readExchangeRequest } from './exchange-request.js';
import { readCall } from './parameters.js';
import { renderStsError, renderStsResult } from './render.js';

/** AWS redirects requests without an Action to this page: they come from browsers. */
const NO_ACTION_REDIRECT = 'https://aws.amazon.com/iam';

const stsResponse = (description: string) => ({
  description,
  content: {
    'text/xml': { schema: Type.String() },
    'application/json': { schema: Type.Unsafe<string>({ description: 'With `Accept: application/json`.' }) },
  },
});

const optional = Type.Optional(Type.String());

/** For the API description only: `readCall` validates the parameters as AWS does. */
const Parameters = Type.Object({
  Action: Type.String({ description: '`AssumeRoleWithWebIdentity` or `AssumeRoleWithSAML`.' }),
  Version: Type.String({ description: '`2011-06-15`.' }),
  RoleArn: Type.String({
    description:
      'ARN of the IAM role, or the name of a role in the config, alone or after `urn:sallyport:role:`.',
  }),
  RoleSessionName: Type.Optional(
    Type.String({
      description:
        'Required with AssumeRoleWithWebIdentity. Ignored unless the role lets the caller name the session.',
    }),
  ),
  WebIdentityToken: optional,
  SAMLAssertion: Type.Optional(Type.String({ description: 'The SAML Response in base64.' })),
  PrincipalArn: Type.Optional(
    Type.String({ description: 'Required with AssumeRoleWithSAML. Its value is ignored.' }),
  ),
  DurationSeconds: optional,
  Policy: optional,
  'PolicyArns.member.1.arn': optional,
});

const formatOf = ({ headers: { accept = '' } }: FastifyRequest): Format =>
  accept.includes('application/json') ? 'json' : 'xml';

export async function stsRoutes(
  app: App,
  { exchange, log }: { readonly exchange: Pick<Exchange, 'run'>; readonly log: Log },
) {
  const send = (request: FastifyRequest, reply: FastifyReply, body: (format: Format) => string) => {
    const format = formatOf(request);
    return reply
      .headers({ 'x-amzn-requestid': request.id, 'cache-control': 'no-store' })
      .type(contentType(format))
      .send(body(format));
  };
  const errorHandler = createErrorHandler(log, (error, request, reply) => {
    const stsError = renderStsError(error, request.id);
    if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
    return send(request, reply.code(stsError.status), (format) => renderError(stsError, request.id, format));
  });

  // A scope with its own parsers: it reads forms as AWS does, and nothing else.
  await app.register(async (scope) => {
    useBodyParsers(scope, {
      [FORM_MEDIA_TYPE]: (bytes) => parametersOf(decodeUtf8(bytes)),
      '*': () => undefined,
    });
    scope.post(
      '/',
      {
        errorHandler,
        validatorCompiler: () => () => true,
        schema: {
          operationId: 'sts',
          summary: 'STS endpoint for unmodified AWS SDKs',
          description:
            'AssumeRoleWithWebIdentity and AssumeRoleWithSAML in the Query protocol of STS. Errors have the codes of STS. See docs/clients.md.',
          tags: ['credentials'],
          security: [],
          consumes: [FORM_MEDIA_TYPE],
          body: Parameters,
          response: {
            200: stsResponse('The STS response of the action.'),
            302: { description: 'The request has no Action, or is not a form.' },
            400: stsResponse('The request or the proof was not accepted, or there are too many requests.'),
            403: stsResponse('The caller is not permitted to do this.'),
            500: stsResponse('Internal error of the broker.'),
            503: stsResponse('A dependency of the broker is unavailable.'),
          },
        },
      },
      async (request, reply) => {
        const parameters: unknown = request.body;
        const action = parameters instanceof Map ? parameters.get('Action') : undefined;
        if (!(parameters instanceof Map) || !action)
          return reply.header('x-amzn-requestid', request.id).redirect(NO_ACTION_REDIRECT);
        const call = withBrokerCodes(() => readCall(action, parameters));
        const exchanged = await exchange.run(readExchangeRequest(call, request));
        const result = renderStsResult(call.action, exchanged);
        return send(request, reply, (format) => renderResult(call.action, result, request.id, format));
      },
    );
  });
}

/** The first of several values of a parameter counts. */
function parametersOf(form: string): QueryParameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of formPairs(form)) if (!parameters.has(name)) parameters.set(name, value);
  return parameters;
}

/** Broker error codes for the STS codes of an invalid request. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  InvalidAction: 'action_unknown',
  MalformedInput: 'request_malformed',
};

function withBrokerCodes<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StsError)) throw error;
    const code = CODES[error.code] ?? 'parameter_invalid';
    const text = error.text ?? 'DurationSeconds must be a whole number.';
    const detail = error.dispatch ? `${text}. ${ERRORS[code].text}` : text;
    throw new SallyportError(code, { reason: `sts.${error.code as StsErrorCode}`, detail });
  }
}
