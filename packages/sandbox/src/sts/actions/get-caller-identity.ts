// GetCallerIdentity: the identity of the signer. No policy can deny it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html

import type { Result } from '@sallyport/sts-protocol/render';
import type { SignedCall } from '../call.js';

export function getCallerIdentity({ caller }: SignedCall<unknown>): Result {
  return { Arn: caller.arn, UserId: caller.userId, Account: caller.account };
}
