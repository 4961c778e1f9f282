// The frame of every operation that a proof is sent for: it keeps the runtime open, records each refusal and throws it.
// The operations (exchange.ts, preview.ts, explain.ts, decode-message.ts) list their steps in between.

import { type Progress, refusedRecord } from '../audit/record.js';
import type { Authenticator } from '../authn/authenticate.js';
import { ConditionEvaluationError } from '../authz/permitted-roles.js';
import type { AuditRecord } from '../core/audit-record.js';
import { SallyportError } from '../core/errors.js';
import type { AuditLog, RateLimiter } from '../core/ports.js';
import type { ExchangeRequest, Principal } from '../core/types.js';
import type { ConfigManager } from '../runtime/config-manager.js';
import type { Runtime } from '../runtime/runtime.js';
import type { ExchangeMetrics } from './exchange-metrics.js';

export interface PipelineOptions {
  readonly configManager: Pick<ConfigManager, 'withRuntime'>;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly limiter: RateLimiter;
  readonly audit: AuditLog;
  now(): Date;
}

/** The part of a request that every operation needs. */
export type ProofRequest = Pick<ExchangeRequest, 'requestId' | 'surface' | 'sourceAddress' | 'proof'>;

/** A refusal or failure that has been recorded. `progress` is what was known about the request by then. */
export class RefusedRequestError extends SallyportError {
  readonly progress: Progress;

  constructor(refusal: SallyportError, progress: Progress) {
    super(refusal.code, refusal);
    this.progress = progress;
  }
}

export class Pipeline {
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /**
   * Runs the steps of one request against the current runtime.
   * @throws RefusedRequestError once the refusal is recorded; SallyportError `audit_unavailable` if it cannot be.
   */
  handle<Request extends ProofRequest, Result>(
    request: Request,
    steps: (context: RequestContext<Request>) => Promise<Result>,
    metrics?: ExchangeMetrics,
  ): Promise<Result> {
    return this.#options.configManager.withRuntime(async (runtime) => {
      const context = new RequestContext(request, runtime, this.#options, metrics);
      try {
        const result = await steps(context);
        metrics?.countFailedConditions(context.progress.decision?.failedConditions);
        return result;
      } catch (error) {
        throw await context.refuse(error);
      }
    });
  }
}

/** One request on its way through the pipeline. */
export class RequestContext<Request extends ProofRequest = ProofRequest> {
  readonly runtime: Runtime;
  readonly receivedAt: Date;
  readonly #options: PipelineOptions;
  readonly #metrics: ExchangeMetrics | undefined;
  #request: Request;
  #progress: Progress;

  constructor(request: Request, runtime: Runtime, options: PipelineOptions, metrics?: ExchangeMetrics) {
    this.runtime = runtime;
    this.receivedAt = options.now();
    this.#options = options;
    this.#metrics = metrics;
    this.#request = request;
    this.#progress = { request };
  }

  /** After authentication, with the parameters of the login request that a browser's proof answers. */
  get request(): Request {
    return this.#request;
  }

  /** Goes into every audit record of the request. */
  get progress(): Progress {
    return this.#progress;
  }

  now(): Date {
    return this.#options.now();
  }

  /** Verifies the proof, claims it if it is single-use, then counts the request against the principal's rate limit. */
  async authenticateAndLimit(): Promise<Principal> {
    const { authenticator, limiter } = this.#options;
    const { proof } = this.#request;
    const principal = await authenticator.authenticate(this.runtime.verifiers, proof, this.now());
    this.#request = restoreLoginRequest(this.#request, principal);
    this.addProgress({ request: this.#request, principal });
    // A subject is unique per issuer only.
    await limiter.consume('principal', JSON.stringify([principal.issuer, principal.subject]));
    return principal;
  }

  addProgress(progress: Partial<Progress>): void {
    this.#progress = { ...this.#progress, ...progress };
  }

  /** Resolves when the record is durable. @throws SallyportError `audit_unavailable`. */
  async record(entry: AuditRecord): Promise<void> {
    try {
      await this.#options.audit.write(entry);
    } catch (cause) {
      throw new SallyportError('audit_unavailable', { cause });
    }
    this.#metrics?.countRecord(entry);
  }

  /** Records a refusal. Returns the error for the caller. @throws SallyportError `audit_unavailable`. */
  async refuse(thrown: unknown): Promise<RefusedRequestError> {
    const refusal =
      thrown instanceof SallyportError ? thrown : new SallyportError('internal', { cause: thrown });
    // There is no log to record it in.
    if (refusal.code !== 'audit_unavailable')
      await this.record(refusedRecord(this.#progress, refusal, this.now()));
    this.#metrics?.countFailedConditions(failedConditionsOf(refusal));
    return new RefusedRequestError(refusal, this.#progress);
  }
}

const failedConditionsOf = ({ cause }: SallyportError): readonly string[] =>
  cause instanceof ConditionEvaluationError ? cause.grants : [];

/** Only the verified response says which of the browser's login requests it answers. */
function restoreLoginRequest<Request extends ProofRequest>(request: Request, principal: Principal): Request {
  const answered = request.proof.loginRequests?.find(({ id }) => id === principal.inResponseTo);
  return answered ? { ...request, ...answered.parameters } : request;
}
