// Region failover: regions are tried in order until one responds. An STS error counts as a response: only a region that
// is unavailable, or not activated for the account, leads to the next. Each region gets an equal share of the time left.

import { withAbortTimeout } from '@sallyport/client/internal/with-timeout';
import { SallyportError } from '../../core/errors.js';
import type { RegionalSts } from './regional-sts.js';
import type { StsCall, StsInput, StsOutput } from './sts-call.js';

export interface FailoverOptions {
  /** At least one. */
  readonly regions: readonly Pick<RegionalSts, 'send'>[];
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** Epoch milliseconds. */
  now(): number;
}

/** @throws SallyportError */
export async function sendWithFailover<Input extends StsInput, Output extends StsOutput>(
  call: StsCall<Input, Output>,
  { regions, deadline, now }: FailoverOptions,
): Promise<Output> {
  let failure: unknown;
  for (const [index, region] of regions.entries()) {
    const remainingMs = deadline - now();
    if (remainingMs <= 0) break;
    try {
      return await withAbortTimeout(
        remainingMs / (regions.length - index),
        () => deadlineExceeded(true),
        (signal) => region.send(call, signal),
      );
    } catch (error) {
      failure = error;
      if (!mayFailOver(call, error)) break;
    }
  }
  throw failure ?? deadlineExceeded(false);
}

/** `sent`: whether STS may have received the call. */
export const deadlineExceeded = (sent: boolean) =>
  new SallyportError('sts_unavailable', {
    reason: 'sts.deadline',
    detail: 'STS did not respond in time. Try again shortly.',
    sts: { sent },
  });

function mayFailOver({ sendOnce }: { readonly sendOnce: boolean }, error: unknown): boolean {
  if (!(error instanceof SallyportError)) return false;
  const regional = error.code === 'sts_unavailable' || error.code === 'sts_region_disabled';
  return regional && !(sendOnce && error.sts?.sent);
}
