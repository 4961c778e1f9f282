// Exchanged -> the JSON of the STS operation.

import { toIsoSeconds } from '../../../core/time.js';
import type { ExchangeResult } from '../../../exchange/exchange.js';
import { renderDecided } from '../../exchange-request.js';
import type { CredentialsAnswer } from './schema.js';

export function renderCredentials(exchanged: ExchangeResult, requestId: string): CredentialsAnswer {
  const { credentials, assumedRoleUser, federatedUser, packedPolicySize, sourceIdentity, federation } =
    exchanged.issued;
  return {
    Credentials: {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey.reveal(),
      SessionToken: credentials.sessionToken.reveal(),
      Expiration: toIsoSeconds(credentials.expiration),
    },
    ...(assumedRoleUser && {
      AssumedRoleUser: { AssumedRoleId: assumedRoleUser.assumedRoleId, Arn: assumedRoleUser.arn },
    }),
    ...(federatedUser && {
      FederatedUser: { FederatedUserId: federatedUser.federatedUserId, Arn: federatedUser.arn },
    }),
    ...(packedPolicySize !== undefined && { PackedPolicySize: packedPolicySize }),
    ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    ...federation,
    Sallyport: renderDecided(exchanged, requestId),
  };
}
