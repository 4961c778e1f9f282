// A call of STS -> the pipeline's request. What AWS makes every caller send, and the broker does not need, is left
// aside: RoleSessionName where the role names its sessions, PrincipalArn always, as the config has it with the role.

import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyRequest } from 'fastify';
import type { ExchangeRequest, Proof } from '../../../core/types.js';
import { sourceAddress } from '../../source-address.js';
import type { StsCall } from './parameters.js';

/** What AWS gives whoever sends no DurationSeconds, and SDKs send none. */
const DEFAULT_SECONDS = 3600;

export function exchangeRequestOf(
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
      durationSeconds: DEFAULT_SECONDS,
      ...(call.action === 'AssumeRoleWithWebIdentity' && {
        roleSessionName: call.parameters.RoleSessionName,
      }),
    },
  };
}

/** SDKs send a token file as it is, with the line end that `echo` writes. */
const proofOf = (call: StsCall): Proof =>
  call.action === 'AssumeRoleWithSAML'
    ? { type: 'saml', value: new Secret(call.parameters.SAMLAssertion) }
    : { type: 'oidc', value: new Secret(call.parameters.WebIdentityToken.trim()) };
