// DecodeAuthorizationMessage: what an AWS service said when it refused a request, readable. Asked with the broker's own
// identity, which needs sts:DecodeAuthorizationMessage.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
import { SallyportError } from '../../core/errors.js';
import type { Asks } from '../sts/client.js';

export interface DecodedMessage {
  /** JSON, as STS writes it. */
  readonly text: string;
  /** CloudTrail's requestID. */
  readonly stsRequestId?: string;
}

/** @throws SallyportError `encoded_message_invalid`, `broker_not_permitted`, or as any STS call. */
export type DecodeMessage = (encodedMessage: string) => Promise<DecodedMessage>;

export function createDecodeMessage({ client }: Asks<'decodeAuthorizationMessage'>): DecodeMessage {
  return async (EncodedMessage) => {
    const { DecodedMessage, $metadata } = await client({})
      .decodeAuthorizationMessage({ EncodedMessage })
      .catch(rethrow);
    if (!DecodedMessage) throw new SallyportError('sts_unavailable', { reason: 'sts.answer_incomplete' });
    const { requestId } = $metadata;
    return { text: DecodedMessage, ...(requestId !== undefined && { stsRequestId: requestId }) };
  };
}

/** STS refuses the broker here, not a role: the caller must read that. */
function rethrow(error: unknown): never {
  if (!(error instanceof SallyportError) || error.code !== 'sts_access_denied') throw error;
  const { reason, sts, cause } = error;
  throw new SallyportError('broker_not_permitted', { reason, sts, cause });
}
