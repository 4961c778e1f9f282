// The response of POST /v1/credentials, which POST /oauth/token and the browser sign-in return too.
import { stsCredentials } from '../../../core/credentials-json.js';
import type { ExchangeResult } from '../../../exchange/exchange.js';
import { renderSallyportFields } from '../../exchange-request.js';
import type { CredentialsResponse } from './schema.js';

export function renderCredentials(result: ExchangeResult, requestId: string): CredentialsResponse {
  const { credentials, assumedRoleUser, federatedUser, packedPolicySize, sourceIdentity, federation } =
    result.issued;
  return {
    Credentials: stsCredentials(credentials),
    ...(assumedRoleUser && {
      AssumedRoleUser: { AssumedRoleId: assumedRoleUser.assumedRoleId, Arn: assumedRoleUser.arn },
    }),
    ...(federatedUser && {
      FederatedUser: { FederatedUserId: federatedUser.federatedUserId, Arn: federatedUser.arn },
    }),
    ...(packedPolicySize !== undefined && { PackedPolicySize: packedPolicySize }),
    ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    ...federation,
    Sallyport: renderSallyportFields(result, requestId),
  };
}
