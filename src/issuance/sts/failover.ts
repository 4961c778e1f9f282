// One region after the other, until one answers. Another region is asked only for failures that say this one is away
// or not activated; a refusal is the answer. Each region gets its share of the time that is left.

import { withAbortTimeout } from '@sallyport/client/internal/with-timeout';
import { SallyportError } from '../../core/errors.js';
import type { SendToSts, StsCall } from './client.js';

/** Makes a call, and is done with it by `deadline`, in epoch milliseconds. Throws only `SallyportError`. */
export type AskUntil = <Answer>(call: StsCall<Answer>, deadline: number) => Promise<Answer>;

/** `regions`: at least one, in the order in which they are asked. */
export function failover(regions: readonly SendToSts[], now: () => number): AskUntil {
  return async (call, deadline) => {
    let failure: unknown;
    for (const [index, ask] of regions.entries()) {
      const left = deadline - now();
      if (left <= 0) break;
      const share = left / (regions.length - index);
      try {
        return await withAbortTimeout(
          share,
          () => deadlineExceeded(true),
          (signal) => ask(call, signal),
        );
      } catch (error) {
        failure = error;
        if (!mayGoOn(call, error)) break;
      }
    }
    throw failure ?? deadlineExceeded(false);
  };
}

/** `sent`: whether STS may have seen the call. */
export const deadlineExceeded = (sent: boolean) =>
  new SallyportError('sts_unavailable', {
    reason: 'sts.deadline',
    detail: 'STS did not answer in time. Try again shortly.',
    sts: { sent },
  });

/** What may be made once only (an MFA code is good for one use) is not made again where STS may have seen it. */
function mayGoOn({ once }: StsCall<unknown>, error: unknown): boolean {
  if (!(error instanceof SallyportError)) return false;
  const elsewhere = error.code === 'sts_unavailable' || error.code === 'sts_region_disabled';
  return elsewhere && !(once && error.sts?.sent);
}
