// GetAccessKeyInfo: the account an access key belongs to.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html

import type { ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { validationError } from '@sallyport/sts-protocol/sts-error';
import { findKeyHolder } from '../../iam/model.js';
import { authorizeCaller } from '../authorize.js';
import type { SignedCall } from '../call.js';

/**
 * Long-term keys only: an ASIA key of AWS encodes its account, one of the sandbox does not. AWS's message for an unknown
 * key is not known.
 */
export function getAccessKeyInfo(call: SignedCall<ParametersOf<'GetAccessKeyInfo'>>): Result {
  authorizeCaller(call, 'sts:GetAccessKeyInfo', undefined);
  const holder = findKeyHolder(call.iam, call.parameters.AccessKeyId);
  if (!holder) throw validationError(`Invalid access key ID: ${call.parameters.AccessKeyId}`);
  return { Account: holder.account.id };
}
