// Maps a session to the parameters that several operations share, and the output of an operation to IssuedCredentials.

import { Secret } from '@sallyport/client/internal/secret';
import { SallyportError } from '../../core/errors.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import type { Credentials, IssuedCredentials, MfaCode, Session } from '../../core/types.js';

/** What the operations have in common; each returns some of it. */
interface StsOperationOutput {
  readonly Credentials?:
    | {
        readonly AccessKeyId: string | undefined;
        readonly SecretAccessKey: string | undefined;
        readonly SessionToken: string | undefined;
        readonly Expiration: Date | undefined;
      }
    | undefined;
  readonly AssumedRoleUser?:
    | { readonly AssumedRoleId: string | undefined; readonly Arn: string | undefined }
    | undefined;
  readonly FederatedUser?:
    | { readonly FederatedUserId: string | undefined; readonly Arn: string | undefined }
    | undefined;
  readonly PackedPolicySize?: number | undefined;
  readonly SourceIdentity?: string | undefined;
  readonly $metadata: { readonly requestId?: string | undefined };
}

/** DurationSeconds and the session policies. */
export const sessionParameters = ({ durationSeconds, policy, policyArns }: Session) =>
  omitUndefined({
    DurationSeconds: durationSeconds,
    Policy: policy,
    PolicyArns: policyArns?.map((arn) => ({ arn })),
  });

/** Nothing where there are no tags. */
export const tagParameters = (tags: readonly (readonly [key: string, value: string])[]) =>
  tags.length > 0 ? { Tags: tags.map(([Key, Value]) => ({ Key, Value })) } : {};

export const mfaParameters = (mfa: MfaCode | undefined) =>
  mfa ? { SerialNumber: mfa.serialNumber, TokenCode: mfa.tokenCode.reveal() } : {};

/**
 * `federation`: members about the proof, e.g. Subject and Issuer.
 * @throws SallyportError `sts_unavailable` where the credentials are incomplete.
 */
export function toIssuedCredentials(
  { Credentials, AssumedRoleUser, FederatedUser, ...output }: StsOperationOutput,
  federation: Readonly<Record<string, string | undefined>> = {},
): IssuedCredentials {
  const present = omitUndefined(federation) as Readonly<Record<string, string>>;
  return {
    credentials: completeCredentials(Credentials),
    ...omitUndefined({
      assumedRoleUser:
        AssumedRoleUser?.Arn && AssumedRoleUser.AssumedRoleId
          ? { assumedRoleId: AssumedRoleUser.AssumedRoleId, arn: AssumedRoleUser.Arn }
          : undefined,
      federatedUser:
        FederatedUser?.Arn && FederatedUser.FederatedUserId
          ? { federatedUserId: FederatedUser.FederatedUserId, arn: FederatedUser.Arn }
          : undefined,
      packedPolicySize: output.PackedPolicySize,
      sourceIdentity: output.SourceIdentity,
      federation: Object.keys(present).length > 0 ? present : undefined,
      stsRequestId: output.$metadata.requestId,
    }),
  };
}

function completeCredentials(credentials: StsOperationOutput['Credentials']): Credentials {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {};
  if (
    !AccessKeyId ||
    !SecretAccessKey ||
    !SessionToken ||
    !Expiration ||
    Number.isNaN(Expiration.getTime())
  ) {
    throw new SallyportError('sts_unavailable', { reason: 'sts.answer_incomplete' });
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: new Secret(SecretAccessKey),
    sessionToken: new Secret(SessionToken),
    expiration: Expiration,
  };
}
