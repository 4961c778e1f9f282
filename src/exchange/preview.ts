// The pipeline stopped after `decide`: who the caller is and what they may have. Nothing is issued, but it is recorded:
// a proof that may be used once is used up.
import { type Progress, previewedRecord } from '../audit/record.js';
import type { PermittedRole } from '../authz/decide.js';
import type { ExchangeRequest, Principal } from '../core/types.js';
import type { Stages } from './exchange.js';
import { limitPrincipal } from './limit-principal.js';
import { listPermittedWithShadow } from './shadow.js';
import { record, recordRefusal } from './write-audit.js';

interface Preview {
  readonly principal: Principal;
  readonly permitted: readonly PermittedRole[];
}

export type PreviewRequest = Pick<ExchangeRequest, 'requestId' | 'surface' | 'sourceAddress' | 'proof'>;

/** @throws SallyportError: every refusal and failure, after it has been recorded. */
export type PreviewCaller = (request: PreviewRequest) => Promise<Preview>;

export function createPreview({ snapshot, limiter, audit, reportDifference, now }: Stages): PreviewCaller {
  return async (request) => {
    const { authenticate, ...policies } = snapshot();
    let progress: Progress = { request };
    try {
      const principal = await authenticate(request.proof, now());
      progress = { request, principal };
      await limitPrincipal(limiter, principal);
      const permitted = listPermittedWithShadow(policies, principal, request, now(), reportDifference);
      await record(audit, previewedRecord(progress, now()));
      return { principal, permitted };
    } catch (error) {
      throw await recordRefusal(audit, progress, error, now());
    }
  };
}
