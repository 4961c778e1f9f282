// Maps an STS call to an ExchangeRequest. RoleSessionName, which AWS requires, is used only if the role lets the caller name
// the session. PrincipalArn is ignored: the config has it.
import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyRequest } from 'fastify';
import type { ExchangeRequest, Proof } from '../../../core/types.js';
import { sourceAddress } from '../../proof-request.js';
import type { StsCall } from './parameters.js';

/** The default of AWS. SDKs send no DurationSeconds. */
const DEFAULT_DURATION_SECONDS = 3600;

export function readExchangeRequest(
  call: StsCall,
  request: Pick<FastifyRequest, 'id' | 'ip'>,
): ExchangeRequest {
  const { RoleArn, DurationSeconds, Policy, PolicyArns = [] } = call.parameters;
  return {
    requestId: request.id,
    surface: 'sts',
    sourceAddress: sourceAddress(request),
    proof: proofOf(call),
    role: RoleArn,
    ...(DurationSeconds !== undefined && { durationSeconds: DurationSeconds }),
    ...(Policy !== undefined && { policy: Policy }),
    ...(PolicyArns.length > 0 && { policyArns: PolicyArns.map(({ arn }) => arn) }),
    preferred: {
      durationSeconds: DEFAULT_DURATION_SECONDS,
      ...(call.action === 'AssumeRoleWithWebIdentity' && {
        roleSessionName: call.parameters.RoleSessionName,
      }),
    },
  };
}

/** SDKs send a token file unchanged, with a trailing newline if it has one. */
const proofOf = (call: StsCall): Proof =>
  call.action === 'AssumeRoleWithSAML'
    ? { type: 'saml', value: new Secret(call.parameters.SAMLAssertion) }
    : { type: 'oidc', value: new Secret(call.parameters.WebIdentityToken.trim()) };
