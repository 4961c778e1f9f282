// Exchanged -> the JSON of the STS operation.
import type { Exchanged } from '../../broker/exchange.js';
import { wholeSecond } from '../../core/time.js';
import type { CredentialsAnswer } from './schema.js';

export function renderCredentials({ decision, issued }: Exchanged, requestId: string): CredentialsAnswer {
  const {
    credentials,
    assumedRoleUser,
    federatedUser,
    packedPolicySize,
    sourceIdentity,
    federation,
    cached,
  } = issued;
  return {
    Credentials: {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey.reveal(),
      SessionToken: credentials.sessionToken.reveal(),
      Expiration: wholeSecond(credentials.expiration),
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
    Sallyport: {
      RequestId: requestId,
      Role: decision.role,
      Operation: decision.target.operation,
      Grant: decision.grant,
      DurationLimitedBy: issued.durationLimitedBy ?? decision.durationLimitedBy,
      ...(cached && { Cached: true }),
      ...(cached === 'stale' && { Stale: true }),
    },
  };
}
