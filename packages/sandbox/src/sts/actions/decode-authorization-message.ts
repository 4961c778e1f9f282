// DecodeAuthorizationMessage: why a service refused a request, for those who may know.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html

import type { ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { StsError } from '@sallyport/sts-protocol/sts-error';
import { decodeMessage } from '../authorization-messages.js';
import { authorizeCaller } from '../authorize.js';
import type { SignedCall } from '../call.js';

/** The text of the refusal is not known, nor whether AWS looks at the message before the permission. */
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
