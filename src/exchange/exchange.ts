// The pipeline: proof in, credentials out. This list is the whole of it, for every surface.
import { intentRecord, issuedRecord, type Progress } from '../audit/record.js';
import { SallyportError } from '../core/errors.js';
import type { AuditLog, RateLimiter } from '../core/ports.js';
import type { Decision, ExchangeRequest, IssuedCredentials, Principal } from '../core/types.js';
import type { Runtime } from '../runtime/runtime.js';
import { limitPrincipal } from './limit-principal.js';
import { restoreLoginRequest } from './restore-login-request.js';
import { decideWithShadow, type ReportDifference } from './shadow.js';
import { record, recordRefusal } from './write-audit.js';

export interface Stages {
  snapshot(): Pick<Runtime, 'authenticate' | 'policy' | 'issuer' | 'deadlineMs' | 'shadow'>;
  readonly limiter: RateLimiter;
  readonly audit: AuditLog;
  readonly reportDifference: ReportDifference;
  now(): Date;
}

export interface ExchangeResult {
  readonly principal: Principal;
  readonly decision: Decision;
  readonly issued: IssuedCredentials;
}

/** Every refusal and failure, with how far the request came: a surface may offer to ask again. */
export class ExchangeError extends SallyportError {
  readonly progress: Progress;

  constructor(refusal: SallyportError, progress: Progress) {
    super(refusal.code, refusal);
    this.progress = progress;
  }
}

/** @throws RefusedExchange once it has been recorded, or SallyportError `audit_unavailable`. */
export type Exchange = (request: ExchangeRequest) => Promise<ExchangeResult>;

export function createExchange({ snapshot, limiter, audit, reportDifference, now }: Stages): Exchange {
  return async (received) => {
    const { authenticate, issuer, deadlineMs, ...policies } = snapshot();
    const deadline = now().getTime() + Math.min(deadlineMs, received.timeoutMs ?? deadlineMs);
    let progress: Progress = { request: received };
    try {
      const principal = await authenticate(received.proof, now());
      const request = restoreLoginRequest(received, principal);
      progress = { request, principal };
      await limitPrincipal(limiter, principal);
      const decision = decideWithShadow(policies, principal, request, now(), reportDifference);
      progress = { request, principal, decision };
      const { proof, mfa } = request;
      const intent = progress;
      const issued = await issuer.getOrIssue(
        { principal, decision, proof, ...(mfa && { mfa }), deadline },
        { beforeSts: () => record(audit, intentRecord(intent, now())) },
      );
      await record(audit, issuedRecord(progress, issued, now()));
      return { principal, decision, issued };
    } catch (error) {
      throw new ExchangeError(await recordRefusal(audit, progress, error, now()), progress);
    }
  };
}
