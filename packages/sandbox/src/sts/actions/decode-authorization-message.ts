// DecodeAuthorizationMessage: why a service denied a request.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html

import type { ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { StsError } from '@sallyport/sts-protocol/sts-error';
import { decodeMessage } from '../authorization-messages.js';
import { authorizeCaller } from '../authorize.js';
import type { SignedCall } from '../call.js';

/** AWS's error message is not known, nor whether AWS checks the message or the permission first. */
export function decodeAuthorizationMessage(
  call: SignedCall<ParametersOf<'DecodeAuthorizationMessage'>>,
): Result {
  authorizeCaller(call, 'sts:DecodeAuthorizationMessage', undefined);
  const message = decodeMessage(call.parameters.EncodedMessage);
  if (message === undefined) {
    throw new StsError(400, 'InvalidAuthorizationMessageException', 'Message is not valid');
  }
  return { DecodedMessage: message };
}
