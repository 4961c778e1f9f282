// An STS answer -> Issued, and a session -> the parameters every operation shares.

import { Secret } from '@sallyport/client/internal/secret';
import { SallyportError } from '../../core/errors.js';
import type { Credentials, IssuedCredentials, MfaCode, Session } from '../../core/types.js';

interface Answer {
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

/** DurationSeconds and the session policies, as STS takes them. */
export function sharedParameters(session: Session) {
  return {
    DurationSeconds: session.durationSeconds,
    ...(session.policy !== undefined && { Policy: session.policy }),
    ...(session.policyArns && { PolicyArns: session.policyArns.map((arn) => ({ arn })) }),
  };
}

/** Tags, as STS takes them; nothing where there are none. */
export const tagList = (tags: readonly (readonly [key: string, value: string])[]) =>
  tags.length > 0 ? { Tags: tags.map(([Key, Value]) => ({ Key, Value })) } : {};

export const mfaParameters = (mfa: MfaCode | undefined) =>
  mfa ? { SerialNumber: mfa.serialNumber, TokenCode: mfa.tokenCode.reveal() } : {};

/**
 * `federation`: what the answer says of the proof, e.g. Subject and Issuer.
 * @throws SallyportError `sts_unavailable` when the credentials are not whole.
 */
export function toIssuedCredentials(
  answer: Answer,
  federation: Readonly<Record<string, string | undefined>> = {},
): IssuedCredentials {
  const { AssumedRoleUser: role, FederatedUser: user } = answer;
  const said = Object.entries(federation).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    credentials: whole(answer.Credentials),
    ...(role?.Arn &&
      role.AssumedRoleId && { assumedRoleUser: { assumedRoleId: role.AssumedRoleId, arn: role.Arn } }),
    ...(user?.Arn &&
      user.FederatedUserId && { federatedUser: { federatedUserId: user.FederatedUserId, arn: user.Arn } }),
    ...(answer.PackedPolicySize !== undefined && { packedPolicySize: answer.PackedPolicySize }),
    ...(answer.SourceIdentity !== undefined && { sourceIdentity: answer.SourceIdentity }),
    ...(said.length > 0 && { federation: Object.fromEntries(said) }),
    ...(answer.$metadata.requestId !== undefined && { stsRequestId: answer.$metadata.requestId }),
  };
}

function whole(credentials: Answer['Credentials']): Credentials {
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
