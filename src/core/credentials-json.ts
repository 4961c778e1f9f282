// Credentials as JSON in AWS's spelling: as STS returns them, as the container credential provider of the AWS SDKs
// reads them from the broker or a sidecar, and as a `credential_process` prints them.
import { toIsoSeconds } from './time.js';
import type { Credentials } from './types.js';

/** Milliseconds. Some SDKs wait one second for the container credential provider, then retry. */
export const CLIENT_TIMEOUT_MS = 850;

export interface StsCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  /** ISO 8601 in UTC, whole seconds. */
  readonly Expiration: string;
}

export interface ContainerCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  /** ISO 8601 in UTC with `Z`: the SDKs accept no other form, and no number. */
  readonly Expiration: string;
  readonly AccountId?: string;
  readonly RoleArn?: string;
}

/** The one place where credentials for callers become text. */
export const stsCredentials = ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  expiration,
}: Credentials): StsCredentials => ({
  AccessKeyId: accessKeyId,
  SecretAccessKey: secretAccessKey.reveal(),
  SessionToken: sessionToken.reveal(),
  Expiration: toIsoSeconds(expiration),
});

export function containerCredentials(
  credentials: Credentials,
  { accountId, roleArn }: { readonly accountId?: string | undefined; readonly roleArn?: string | undefined },
): ContainerCredentials {
  const { SessionToken, Expiration, ...keys } = stsCredentials(credentials);
  return {
    ...keys,
    Token: SessionToken,
    Expiration,
    ...(accountId !== undefined && { AccountId: accountId }),
    ...(roleArn !== undefined && { RoleArn: roleArn }),
  };
}

/** The output of a `credential_process`, version 1. `Expiration` must end with `Z`: some SDKs accept no other offset. */
export const processCredentials = (credentials: Credentials, accountId: string | undefined) => ({
  Version: 1,
  ...stsCredentials(credentials),
  Expiration: credentials.expiration.toISOString(),
  AccountId: accountId,
});

/** Both spellings: the SDK for JavaScript reads `Code` and `Message`, those for Go and Python `code` and `message`. */
export const containerError = (code: string, message: string) => ({
  code,
  message,
  Code: code,
  Message: message,
});
