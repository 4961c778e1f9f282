// Decodes an encoded authorization message for callers with the permission `DecodeAuthorizationMessage`. The audit log
// records who had a message decoded before the response goes out. It does not record the message.
import { decodedRecord } from '../audit/record.js';
import { hasPermission } from '../authz/decide.js';
import { SallyportError } from '../core/errors.js';
import {
  type DecodedMessage,
  decodeAuthorizationMessage,
} from '../issuance/operations/decode-authorization-message.js';
import type { Pipeline, ProofRequest, RequestContext } from './pipeline.js';

export interface DecodeMessageRequest extends ProofRequest {
  readonly encodedMessage: string;
}

export class DecodeMessage {
  readonly #pipeline: Pipeline;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** @throws RefusedRequestError once it is recorded; SallyportError `audit_unavailable` if it cannot be. */
  run(request: DecodeMessageRequest): Promise<DecodedMessage> {
    return this.#pipeline.handle(request, decodeMessage);
  }
}

async function decodeMessage(context: RequestContext<DecodeMessageRequest>): Promise<DecodedMessage> {
  const principal = await context.authenticateAndLimit();
  const { runtime, request } = context;
  if (!hasPermission('DecodeAuthorizationMessage', runtime.policy, principal, request, context.now()))
    throw new SallyportError('permission_missing');
  const decoded = await decodeAuthorizationMessage(runtime.sts, request.encodedMessage);
  await context.record(decodedRecord(context.progress, decoded.stsRequestId, context.now()));
  return decoded;
}
