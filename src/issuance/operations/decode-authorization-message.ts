// DecodeAuthorizationMessage: decodes why an AWS service refused a request. Signed by the broker itself, which needs
// sts:DecodeAuthorizationMessage.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
import { SallyportError } from '../../core/errors.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import type { Sts } from '../sts/sts.js';

export interface DecodedMessage {
  /** JSON, as STS writes it. */
  readonly text: string;
  /** CloudTrail's requestID. */
  readonly stsRequestId?: string;
}

/** @throws SallyportError `encoded_message_invalid`, `broker_not_permitted`, or as any STS call. */
export async function decodeAuthorizationMessage(
  sts: Pick<Sts, 'decodeAuthorizationMessage'>,
  encodedMessage: string,
): Promise<DecodedMessage> {
  try {
    const output = await sts.decodeAuthorizationMessage({ EncodedMessage: encodedMessage });
    const { DecodedMessage: text, $metadata } = output;
    if (!text) throw new SallyportError('sts_unavailable', { reason: 'sts.answer_incomplete' });
    return { text, ...omitUndefined({ stsRequestId: $metadata.requestId }) };
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== 'sts_access_denied') throw error;
    // STS refuses the broker here, not a role.
    const { reason, sts: failure, cause } = error;
    throw new SallyportError('broker_not_permitted', { reason, sts: failure, cause });
  }
}
