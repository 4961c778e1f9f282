// POST /: the broker as the STS of unmodified programs. AWS's Query protocol in, its XML out; the two actions that
// nobody signs. A signature, or anything in the URL, is not looked at.
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
import { decode, FORM_MEDIA_TYPE, formPairs, useBodyParsers } from '../../plugins/body-parsers.js';
import { createErrorHandler } from '../../problem.js';
import { exchangeRequestOf } from './exchange-request.js';
import { readCall } from './parameters.js';
import { faultOf, resultOf } from './render.js';

/** Where AWS sends whoever comes without an Action: it is taken for a browser that lost its way. */
const ELSEWHERE = 'https://aws.amazon.com/iam';

const text = (description: string) => ({
  description,
  content: {
    'text/xml': { schema: Type.String() },
    'application/json': { schema: Type.Unsafe<string>({ description: 'With `Accept: application/json`.' }) },
  },
});

const optional = Type.Optional(Type.String());

/** For readers of the API description: parameters are judged as AWS judges them. */
const Parameters = Type.Object({
  Action: Type.String({ description: '`AssumeRoleWithWebIdentity` or `AssumeRoleWithSAML`.' }),
  Version: Type.String({ description: '`2011-06-15`.' }),
  RoleArn: Type.String({
    description: "ARN of the IAM role; or the role's name, alone or after `urn:sallyport:role:`.",
  }),
  RoleSessionName: Type.Optional(
    Type.String({
      description:
        'Needed with AssumeRoleWithWebIdentity; counts where the role lets the caller name its session.',
    }),
  ),
  WebIdentityToken: optional,
  SAMLAssertion: Type.Optional(Type.String({ description: 'Base64 of the SAML Response.' })),
  PrincipalArn: Type.Optional(
    Type.String({ description: 'Needed with AssumeRoleWithSAML, and then not looked at.' }),
  ),
  DurationSeconds: optional,
  Policy: optional,
  'PolicyArns.member.1.arn': optional,
});

const formatOf = ({ headers: { accept = '' } }: FastifyRequest): Format =>
  accept.includes('application/json') ? 'json' : 'xml';

export async function stsRoutes(
  app: App,
  { exchange, log }: { readonly exchange: Exchange; readonly log: Log },
) {
  const answer = (request: FastifyRequest, reply: FastifyReply, body: (format: Format) => string) => {
    const format = formatOf(request);
    return reply
      .headers({ 'x-amzn-requestid': request.id, 'cache-control': 'no-store' })
      .type(contentType(format))
      .send(body(format));
  };
  const errorHandler = createErrorHandler(log, (error, request, reply) => {
    const fault = faultOf(error, request.id);
    if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
    return answer(request, reply.code(fault.status), (format) => renderError(fault, request.id, format));
  });

  // In a context of its own: it reads forms as AWS does, and nothing else.
  await app.register(async (scope) => {
    useBodyParsers(scope, {
      [FORM_MEDIA_TYPE]: (bytes) => parametersOf(decode(bytes)),
      '*': () => undefined,
    });
    scope.post(
      '/',
      {
        errorHandler,
        validatorCompiler: () => () => true,
        schema: {
          operationId: 'sts',
          summary: 'STS for unmodified AWS SDKs',
          description:
            'AssumeRoleWithWebIdentity and AssumeRoleWithSAML in the Query protocol of STS. Refusals have the codes of STS. See docs/clients.md.',
          tags: ['credentials'],
          security: [],
          consumes: [FORM_MEDIA_TYPE],
          body: Parameters,
          response: {
            200: text('The answer of STS to this action.'),
            302: { description: 'There is no Action, or no form.' },
            400: text('The request or the proof is not accepted, or there are too many requests.'),
            403: text('The caller may not have this.'),
            500: text('Something went wrong in the broker.'),
            503: text('Something the broker needs is not there just now.'),
          },
        },
      },
      async (request, reply) => {
        const parameters: unknown = request.body;
        const action = parameters instanceof Map ? parameters.get('Action') : undefined;
        if (!(parameters instanceof Map) || !action)
          return reply.header('x-amzn-requestid', request.id).redirect(ELSEWHERE);
        const call = inOurCodes(() => readCall(action, parameters));
        const exchanged = await exchange(exchangeRequestOf(call, request));
        const result = resultOf(call.action, exchanged);
        return answer(request, reply, (format) => renderResult(call.action, result, request.id, format));
      },
    );
  });
}

/** Of a parameter that is there twice the first counts. */
function parametersOf(form: string): QueryParameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of formPairs(form)) if (!parameters.has(name)) parameters.set(name, value);
  return parameters;
}

/** The broker's codes for what AWS says of a request before anything is done for it. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  InvalidAction: 'action_unknown',
  MalformedInput: 'request_malformed',
};

function inOurCodes<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StsError)) throw error;
    const code = CODES[error.code] ?? 'parameter_invalid';
    const said = error.text ?? 'DurationSeconds must be a whole number.';
    const detail = error.dispatch ? `${said}. ${ERRORS[code].text}` : said;
    throw new SallyportError(code, { reason: `sts.${error.code as StsErrorCode}`, detail });
  }
}
