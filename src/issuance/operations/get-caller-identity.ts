// Who the broker is to STS (GetCallerIdentity), remembered for a while: whoever asks waits a moment at most, and only
// while nothing is known. A failure is an answer too.

import { withTimeout } from '@sallyport/client/internal/with-timeout';
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { Asks, StsClient } from '../sts/client.js';

/** As STS names it. */
interface CallerIdentity {
  readonly arn: string;
  /** 12 digits. */
  readonly account: string;
}

type KnownIdentity =
  | ({ readonly status: 'known' } & CallerIdentity)
  | { readonly status: 'failed'; readonly code: ErrorCode; readonly reason: string }
  /** STS has not answered yet. */
  | { readonly status: 'pending' };

/** Never rejects. */
export type BrokerIdentity = () => Promise<KnownIdentity>;

/** Milliseconds. */
const TIMES = { keep: 5 * 60_000, keepFailure: 60_000, patience: 250 } as const;

/** @throws SallyportError as any STS call; `sts_unavailable` when the answer is not whole. */
export async function callerIdentity(sts: Pick<StsClient, 'getCallerIdentity'>): Promise<CallerIdentity> {
  const { Arn, Account } = await sts.getCallerIdentity();
  if (!Arn || !Account) throw new SallyportError('sts_unavailable', { reason: 'sts.answer_incomplete' });
  return { arn: Arn, account: Account };
}

export function createBrokerIdentity({ client }: Asks<'getCallerIdentity'>, now: () => Date): BrokerIdentity {
  let last: KnownIdentity = { status: 'pending' };
  let askAgainAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const ask = async () => {
    last = await askOnce(client({}));
    askAgainAt = now().getTime() + (last.status === 'known' ? TIMES.keep : TIMES.keepFailure);
  };
  return async () => {
    if (now().getTime() >= askAgainAt) {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
    }
    // If nothing is known by then, that is what there is to tell.
    if (last.status === 'pending')
      await withTimeout(TIMES.patience, stillPending, async () => asking).catch(() => {});
    return last;
  };
}

const stillPending = () => new Error('STS has not answered yet');

async function askOnce(sts: Pick<StsClient, 'getCallerIdentity'>): Promise<KnownIdentity> {
  try {
    return { status: 'known', ...(await callerIdentity(sts)) };
  } catch (error) {
    const { code, reason } = error instanceof SallyportError ? error : new SallyportError('internal');
    return { status: 'failed', code, reason };
  }
}
