// Exchanges a proof for credentials. Start reading here: `#steps` is the whole pipeline, for every surface; pipeline.ts runs
// it and records refusals. Preview, Explain and DecodeMessage are shorter lists of the same kind.
import { intentRecord, issuedRecord } from '../audit/record.js';
import type { Decision, ExchangeRequest, IssuedCredentials, IssueRequest, Principal } from '../core/types.js';
import type { ExchangeMetrics } from './exchange-metrics.js';
import type { Pipeline, RequestContext } from './pipeline.js';
import type { ShadowEvaluator } from './shadow.js';

export interface ExchangeResult {
  readonly principal: Principal;
  readonly decision: Decision;
  readonly issued: IssuedCredentials;
}

export interface ExchangeOptions {
  readonly pipeline: Pipeline;
  readonly shadowEvaluator: ShadowEvaluator;
  readonly metrics: ExchangeMetrics;
}

export class Exchange {
  readonly #options: ExchangeOptions;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** @throws RefusedRequestError once it is recorded; SallyportError `audit_unavailable` if it cannot be. */
  run(request: ExchangeRequest): Promise<ExchangeResult> {
    const { pipeline, metrics } = this.#options;
    return pipeline.handle(request, (context) => this.#steps(context), metrics);
  }

  /**
   * Authenticate, limit, decide, record the intent if STS is called, issue, record the outcome.
   * Do not reorder: each step relies on the ones before it.
   */
  async #steps(context: RequestContext<ExchangeRequest>): Promise<ExchangeResult> {
    const { runtime } = context;
    const principal = await context.authenticateAndLimit();
    const { request } = context;
    const decision = this.#options.shadowEvaluator.decide(runtime, principal, request, context.now());
    context.addProgress({ decision });
    const issued = await runtime.issuer.getOrIssue(toIssueRequest(context, principal, decision), {
      beforeSts: () => context.record(intentRecord(context.progress, context.now())),
    });
    await context.record(issuedRecord(context.progress, issued, context.now()));
    return { principal, decision, issued };
  }
}

function toIssueRequest(
  { request, runtime, receivedAt }: RequestContext<ExchangeRequest>,
  principal: Principal,
  decision: Decision,
): IssueRequest {
  const { proof, mfa, timeoutMs = runtime.deadlineMs } = request;
  const deadline = receivedAt.getTime() + Math.min(runtime.deadlineMs, timeoutMs);
  return { principal, decision, proof, ...(mfa && { mfa }), deadline };
}
