// An encoded authorization message, decoded for whom a grant permits it. Who had it decoded is recorded before the answer
// goes out; what it says is not.
import { decodedRecord, type Progress } from '../audit/record.js';
import { hasPermission } from '../authz/decide.js';
import { SallyportError } from '../core/errors.js';
import type { ExchangeRequest } from '../core/types.js';
import {
  type DecodedMessage,
  decodeAuthorizationMessage,
} from '../issuance/operations/decode-authorization-message.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Stages } from './exchange.js';
import { limitPrincipal } from './limit-principal.js';
import { record, recordRefusal } from './write-audit.js';

type DecodeRequest = Pick<ExchangeRequest, 'requestId' | 'surface' | 'sourceAddress' | 'proof'> & {
  readonly encodedMessage: string;
};

/** @throws SallyportError: every refusal and failure, after it has been recorded. */
export type DecodeMessageRequestHandler = (request: DecodeRequest) => Promise<DecodedMessage>;

export function createDecodeMessage({
  snapshot,
  limiter,
  audit,
  now,
}: Pick<Stages, 'limiter' | 'audit' | 'now'> & {
  snapshot(): Pick<Runtime, 'authenticate' | 'policy' | 'sts'>;
}): DecodeMessageRequestHandler {
  return async ({ encodedMessage, ...request }) => {
    const { authenticate, policy, sts } = snapshot();
    let progress: Progress = { request };
    try {
      const principal = await authenticate(request.proof, now());
      progress = { request, principal };
      await limitPrincipal(limiter, principal);
      if (!hasPermission('DecodeAuthorizationMessage', policy, principal, request, now()))
        throw new SallyportError('permission_missing');
      const decoded = await decodeAuthorizationMessage(sts, encodedMessage);
      await record(audit, decodedRecord(progress, decoded.stsRequestId, now()));
      return decoded;
    } catch (error) {
      throw await recordRefusal(audit, progress, error, now());
    }
  };
}
