// What every surface that exchanges a proof on /v1 takes in its body and tells of the decision: one schema, one reader.
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Exchanged } from '../broker/exchange.js';
import { SallyportError } from '../core/errors.js';
import { Secret } from '../core/secret.js';
import { DURATION_LIMITS, type ExchangeRequest, type MfaCode, OPERATIONS } from '../core/types.js';
import { readProof } from './proof.js';
import { sourceAddress } from './source-address.js';

export const closed = { additionalProperties: false } as const;

export const samlResponse = Type.Optional(
  Type.String({ minLength: 1, description: 'Base64 of the SAML Response, instead of a Bearer token.' }),
);

/** Fields of the body. */
export const exchangeFields = {
  SAMLResponse: samlResponse,
  Role: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1024,
      description:
        "The role's name, or the ARN of a role that a claim names. May be left out if exactly one is permitted; else 409 names the choices.",
    }),
  ),
  DurationSeconds: Type.Optional(
    Type.Integer({ minimum: 900, description: "Lifetime in seconds, up to the role's limit." }),
  ),
  Policy: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      description: 'Session policy as JSON text; it can only reduce.',
    }),
  ),
  PolicyArns: Type.Optional(
    Type.Array(Type.String({ minLength: 20, maxLength: 2048, pattern: '^arn:' }), {
      minItems: 1,
      maxItems: 10,
      description: 'ARNs of managed session policies; they can only reduce. In a form, repeat the field.',
    }),
  ),
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
  Reason: Type.Optional(
    Type.String({
      pattern: '\\S',
      maxLength: 500,
      description: 'Why, where the role requires it; kept in the audit log.',
    }),
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
  },
  closed,
);

/** @throws SallyportError `proof_missing`, `proof_ambiguous` or `parameter_invalid`. */
export function readExchangeRequest(
  request: Pick<FastifyRequest, 'id' | 'ip' | 'raw'> & { readonly body: ExchangeFields },
  surface: string,
): ExchangeRequest {
  const { SAMLResponse, Role, DurationSeconds, Policy, PolicyArns, Reason } = request.body;
  const mfa = readMfa(request.body);
  return {
    requestId: request.id,
    surface,
    sourceAddress: sourceAddress(request),
    proof: readProof(request, SAMLResponse),
    ...(Role !== undefined && { role: Role }),
    ...(DurationSeconds !== undefined && { durationSeconds: DurationSeconds }),
    ...(Policy !== undefined && { policy: Policy }),
    ...(PolicyArns !== undefined && { policyArns: PolicyArns }),
    ...(mfa && { mfa }),
    ...(Reason !== undefined && { reason: Reason }),
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
  { decision, issued }: Exchanged,
  requestId: string,
): Static<typeof SallyportFields> => ({
  RequestId: requestId,
  Role: decision.role,
  Operation: decision.target.operation,
  Grant: decision.grant,
  DurationLimitedBy: issued.durationLimitedBy ?? decision.durationLimitedBy,
});
