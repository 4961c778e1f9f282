// What a caller is permitted to do, without issuing anything: the pipeline up to the decision. It is recorded, and it uses
// up a single-use proof.
import { previewedRecord } from '../audit/record.js';
import type { PermittedRole } from '../authz/decide.js';
import type { Principal } from '../core/types.js';
import type { Pipeline, ProofRequest, RequestContext } from './pipeline.js';
import type { ShadowEvaluator } from './shadow.js';

export interface PreviewResult {
  readonly principal: Principal;
  readonly permitted: readonly PermittedRole[];
}

export interface PreviewOptions {
  readonly pipeline: Pipeline;
  readonly shadowEvaluator: ShadowEvaluator;
}

export class Preview {
  readonly #options: PreviewOptions;

  constructor(options: PreviewOptions) {
    this.#options = options;
  }

  /** @throws RefusedRequestError once it is recorded; SallyportError `audit_unavailable` if it cannot be. */
  run(request: ProofRequest): Promise<PreviewResult> {
    return this.#options.pipeline.handle(request, (context) => this.#steps(context));
  }

  async #steps(context: RequestContext): Promise<PreviewResult> {
    const principal = await context.authenticateAndLimit();
    const { runtime, request } = context;
    const permitted = this.#options.shadowEvaluator.listPermittedRoles(
      runtime,
      principal,
      request,
      context.now(),
    );
    await context.record(previewedRecord(context.progress, context.now()));
    return { principal, permitted };
  }
}
