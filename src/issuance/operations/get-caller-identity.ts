// GetCallerIdentity: the broker's own AWS identity, cached. A failure is cached too.

import { withTimeout } from '@sallyport/client/internal/with-timeout';
import { type ErrorCode, SallyportError } from '../../core/errors.js';
import type { Sts, StsCallOptions } from '../sts/sts.js';

interface CallerIdentity {
  readonly arn: string;
  /** 12 digits. */
  readonly account: string;
}

type IdentityStatus =
  | ({ readonly status: 'known' } & CallerIdentity)
  | { readonly status: 'failed'; readonly code: ErrorCode; readonly reason: string }
  /** STS has not responded yet. */
  | { readonly status: 'pending' };

/** Milliseconds for which an identity or a failure is cached. */
const KNOWN_TTL = 5 * 60_000;
const FAILURE_TTL = 60_000;

/** Milliseconds that a request waits for the first response of STS. */
const MAX_WAIT = 250;

/** @throws SallyportError as any STS call; `sts_unavailable` where the response is incomplete. */
export async function getCallerIdentity(
  sts: Pick<Sts, 'getCallerIdentity'>,
  options?: StsCallOptions,
): Promise<CallerIdentity> {
  const { Arn, Account } = await sts.getCallerIdentity(options);
  if (!Arn || !Account) throw new SallyportError('sts_unavailable', { reason: 'sts.answer_incomplete' });
  return { arn: Arn, account: Account };
}

export class BrokerIdentity {
  readonly #sts: Pick<Sts, 'getCallerIdentity'>;
  readonly #now: () => Date;
  #latest: IdentityStatus = { status: 'pending' };
  #expiresAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;

  constructor(sts: Pick<Sts, 'getCallerIdentity'>, now: () => Date) {
    this.#sts = sts;
    this.#now = now;
  }

  /** Returns an expired status while STS is called for a new one. Never rejects. */
  async get(): Promise<IdentityStatus> {
    if (this.#now().getTime() >= this.#expiresAt) {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined;
      });
    }
    if (this.#latest.status === 'pending')
      await withTimeout(MAX_WAIT, pendingError, async () => this.#refreshing).catch(() => {});
    return this.#latest;
  }

  async #refresh(): Promise<void> {
    this.#latest = await this.#fetch();
    const ttl = this.#latest.status === 'known' ? KNOWN_TTL : FAILURE_TTL;
    this.#expiresAt = this.#now().getTime() + ttl;
  }

  async #fetch(): Promise<IdentityStatus> {
    try {
      return { status: 'known', ...(await getCallerIdentity(this.#sts)) };
    } catch (error) {
      const { code, reason } = error instanceof SallyportError ? error : new SallyportError('internal');
      return { status: 'failed', code, reason };
    }
  }
}

const pendingError = () => new Error('STS has not responded yet');
