// What the /v1 routes that exchange a proof share: the fields of their request body, and the `Sallyport` member of their
// response.
import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { SallyportError } from '../core/errors.js';
import { DURATION_LIMITS, type ExchangeRequest, type MfaCode, OPERATIONS } from '../core/types.js';
import type { ExchangeResult } from '../exchange/exchange.js';
import { readProofRequest } from './proof-request.js';
import { closed, SAMLResponse, sessionParameterFields, toSessionParameters } from './request-fields.js';

/** Fields of the request body. */
export const exchangeFields = {
  SAMLResponse: Type.Optional(SAMLResponse),
  ...sessionParameterFields,
  SerialNumber: Type.Optional(
    Type.String({
      minLength: 9,
      maxLength: 256,
      pattern: '^[\\w+=/:,.@-]*$',
      description:
        "Serial number or ARN of the MFA device of the broker's IAM user, for roles that require a code. Send TokenCode with it.",
    }),
  ),
  TokenCode: Type.Optional(
    Type.String({
      pattern: '^[0-9]{6}$',
      description: 'The six-digit code that the MFA device shows. Send SerialNumber with it.',
    }),
  ),
};
const ExchangeFields = Type.Object(exchangeFields);
type ExchangeFields = Static<typeof ExchangeFields>;

/** The broker's decision, as a member of the response. */
export const SallyportFields = Type.Object(
  {
    RequestId: Type.String(),
    Role: Type.String(),
    Operation: Type.Enum([...OPERATIONS]),
    Grant: Type.String({ description: 'Id of the grant that permits the role.' }),
    DurationLimitedBy: Type.Enum([...DURATION_LIMITS], {
      description:
        'What limited the lifetime: the request, the role, the one-hour limit of STS for role chaining (`chain`), the end of the sign-in session, the expiry of the proof, or STS itself, which did not apply what was decided (`sts`).',
    }),
    Cached: Type.Optional(
      Type.Literal(true, {
        description:
          'The credentials come from the cache: they were issued for an earlier request of the caller.',
      }),
    ),
    Stale: Type.Optional(
      Type.Literal(true, {
        description:
          'STS is unavailable, so these are cached credentials that expire sooner than new ones would.',
      }),
    ),
  },
  closed,
);

/** @throws SallyportError `proof_missing`, `proof_ambiguous` or `parameter_invalid`. */
export function readExchangeRequest(
  request: Pick<FastifyRequest, 'id' | 'ip' | 'raw'> & { readonly body: ExchangeFields },
  surface: string,
): ExchangeRequest {
  const mfa = readMfa(request.body);
  return {
    ...readProofRequest(request, surface, request.body.SAMLResponse),
    ...toSessionParameters(request.body),
    ...(mfa && { mfa }),
  };
}

function readMfa({ SerialNumber, TokenCode }: ExchangeFields): MfaCode | undefined {
  if (SerialNumber !== undefined && TokenCode !== undefined)
    return { serialNumber: SerialNumber, tokenCode: new Secret(TokenCode) };
  if (SerialNumber === undefined && TokenCode === undefined) return undefined;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.mfa',
    detail: 'SerialNumber and TokenCode belong together. Send both or neither.',
  });
}

export const renderSallyportFields = (
  { decision, issued }: ExchangeResult,
  requestId: string,
): Static<typeof SallyportFields> => ({
  RequestId: requestId,
  Role: decision.role,
  Operation: decision.target.operation,
  Grant: decision.grant,
  DurationLimitedBy: issued.durationLimitedBy ?? decision.durationLimitedBy,
  ...(issued.cached && { Cached: true }),
  ...(issued.cached === 'stale' && { Stale: true }),
});
