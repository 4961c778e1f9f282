// What every surface that exchanges a proof on /v1 takes in its body and tells of the decision: one schema, one reader.

import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { SallyportError } from '../core/errors.js';
import { DURATION_LIMITS, type ExchangeRequest, type MfaCode, OPERATIONS } from '../core/types.js';
import type { ExchangeResult } from '../exchange/exchange.js';
import { readProof } from './proof.js';
import { SAMLResponse, sessionParameterFields, toSessionParameters } from './request-fields.js';
import { sourceAddress } from './source-address.js';

export const closed = { additionalProperties: false } as const;

/** Fields of the body. */
export const exchangeFields = {
  SAMLResponse: Type.Optional(SAMLResponse),
  ...sessionParameterFields,
  SerialNumber: Type.Optional(
    Type.String({
      minLength: 9,
      maxLength: 256,
      pattern: '^[\\w+=/:,.@-]*$',
      description: 'MFA device of the IAM user of the broker, for roles that take a code. With TokenCode.',
    }),
  ),
  TokenCode: Type.Optional(
    Type.String({ pattern: '^[0-9]{6}$', description: 'The six digits it shows. With SerialNumber.' }),
  ),
};
const ExchangeFields = Type.Object(exchangeFields);
type ExchangeFields = Static<typeof ExchangeFields>;

/** What the broker decided, in the answer. */
export const SallyportFields = Type.Object(
  {
    RequestId: Type.String(),
    Role: Type.String(),
    Operation: Type.Enum([...OPERATIONS]),
    Grant: Type.String({ description: 'Id of the grant that permits it.' }),
    DurationLimitedBy: Type.Enum([...DURATION_LIMITS], {
      description:
        'What bounded the lifetime: the request, the role, the hour that STS gives to chained roles, the end of the sign-in session, or the proof.',
    }),
    Cached: Type.Optional(
      Type.Literal(true, { description: 'They were issued for an earlier request of yours.' }),
    ),
    Stale: Type.Optional(
      Type.Literal(true, {
        description: 'STS cannot be asked just now, so they end sooner than they otherwise would.',
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
    requestId: request.id,
    surface,
    sourceAddress: sourceAddress(request),
    proof: readProof(request, request.body.SAMLResponse),
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
    detail: 'SerialNumber and TokenCode go together. Send both, or none.',
  });
}

export const renderDecided = (
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
