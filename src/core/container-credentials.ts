// The JSON by which the AWS SDKs' container credential provider takes credentials and refusals, from the broker as
// from a sidecar.
import { toIsoSeconds } from './time.js';
import type { Credentials } from './types.js';

/** Milliseconds in which they want an answer: some wait one second, and then ask again. */
export const CLIENT_TIMEOUT_MS = 850;

export interface ContainerCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  /** ISO 8601 in UTC with `Z`: the SDKs take no other form, and no number. */
  readonly Expiration: string;
  readonly AccountId?: string;
  readonly RoleArn?: string;
}

export const containerCredentials = (
  { accessKeyId, secretAccessKey, sessionToken, expiration }: Credentials,
  { accountId, roleArn }: { readonly accountId?: string | undefined; readonly roleArn?: string | undefined },
): ContainerCredentials => ({
  AccessKeyId: accessKeyId,
  SecretAccessKey: secretAccessKey.reveal(),
  Token: sessionToken.reveal(),
  Expiration: toIsoSeconds(expiration),
  ...(accountId !== undefined && { AccountId: accountId }),
  ...(roleArn !== undefined && { RoleArn: roleArn }),
});

/** Both spellings: the SDK for JavaScript reads `Code` and `Message`, those for Go and Python `code` and `message`. */
export const containerError = (code: string, message: string) => ({
  code,
  message,
  Code: code,
  Message: message,
});
