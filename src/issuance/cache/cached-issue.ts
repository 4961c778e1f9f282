// Issue with a memory: whoever asks for the same again gets the same credentials, as long as they have enough life
// left. Every caller has been authenticated and permitted before, each time; this only spares the STS call.

import { withTimeout } from '@sallyport/client/internal/with-timeout';
import type { Issue, IssueRequest, Log, Recall } from '../../core/ports.js';
import type { Decision, IssuedCredentials } from '../../core/types.js';
import { deadlinePassed } from '../sts/failover.js';
import { isOutage } from '../sts/translate-error.js';
import { cacheKey } from './cache-key.js';
import type { CredentialCache } from './credential-cache.js';
import { isFresh, isUsableWhenStale } from './freshness.js';
import { createRefreshAhead } from './refresh-ahead.js';
import type { RoleFingerprints } from './role-fingerprints.js';
import { type Fly, singleFlight } from './single-flight.js';

/** `shared`: another request's STS call served this one too. `stale`: STS could not be asked. */
type CacheUse = 'hit' | 'miss' | 'shared' | 'stale' | 'renewed' | 'renewal_failed';

export interface CachedIssueOptions {
  /** Outlives the config that the rest comes from. */
  readonly cache: CredentialCache;
  readonly epochs: RoleFingerprints;
  /** Told of each request for credentials that may be cached, once it is served, and of each renewal. */
  onUse(use: CacheUse, decision: Decision): void;
  readonly log: Log;
  now(): Date;
}

export interface CachedIssue {
  readonly issue: Issue;
  readonly recall: Recall;
  /** To be called from time to time: drops what has ended, renews what will be wanted. Never rejects. */
  sweep(): Promise<void>;
}

/** `issue` asks STS. */
export function cachedIssue(
  issue: Issue,
  { cache, epochs, onUse, log, now }: CachedIssueOptions,
): CachedIssue {
  const fly = singleFlight(async (key, order) => {
    const issued = await issue(order);
    const epoch = epochs.of(order.decision);
    if (epoch !== undefined) cache.keep(key, epoch, issued);
    return issued;
  });
  const renewal = createRefreshAhead({ cache, fly, onUse, log, now });
  const seconds = () => now().getTime() / 1000;

  /** What is cached under the key, if it may be served. */
  function cached(key: string, decision: Decision, may: typeof isFresh): IssuedCredentials | undefined {
    const expiresAt = cache.expiresAt(key);
    return expiresAt !== undefined && may(decision, expiresAt, seconds()) ? cache.read(key) : undefined;
  }

  async function fetch(key: string, order: IssueRequest): Promise<IssuedCredentials> {
    try {
      const { issued, shared } = await untilDeadline(order, fly(key, order));
      onUse(shared ? 'shared' : 'miss', order.decision);
      return issued;
    } catch (error) {
      const left = isOutage(error) ? cached(key, order.decision, isUsableWhenStale) : undefined;
      if (!left) throw error;
      onUse('stale', order.decision);
      return { ...left, cached: 'stale' };
    }
  }

  /** Whoever waits has a deadline of their own. */
  function untilDeadline({ deadline, decision }: IssueRequest, work: ReturnType<Fly>): ReturnType<Fly> {
    if (deadline === undefined) return work;
    const timedOut = () => {
      void work.then(
        (late) => tellLate(late, decision),
        () => {},
      );
      return deadlinePassed(true);
    };
    return withTimeout(deadline - now().getTime(), timedOut, () => work);
  }

  /** The record of who asked says that nothing came; CloudTrail says that it did. */
  function tellLate({ issued, shared }: Awaited<ReturnType<Fly>>, { role }: Decision): void {
    if (shared) return;
    const { stsRequestId, credentials } = issued;
    log.info(
      { role, stsRequestId, accessKeyId: credentials.accessKeyId },
      'credentials came after the deadline of who asked for them',
    );
  }

  /** Undefined for what is not cached. */
  function keyOf(order: IssueRequest): string | undefined {
    const epoch = isForNow(order) ? undefined : epochs.of(order.decision);
    return epoch === undefined ? undefined : cacheKey(epoch, order);
  }

  function recall(key: string, order: IssueRequest): IssuedCredentials | undefined {
    if (cache.expiresAt(key) !== undefined) renewal.cameBack(key, order);
    const fresh = cached(key, order.decision, isFresh);
    if (!fresh) return undefined;
    onUse('hit', order.decision);
    return { ...fresh, cached: 'fresh' };
  }

  return {
    recall: (order) => {
      const key = keyOf(order);
      return key === undefined ? undefined : recall(key, order);
    },
    // What was not there when it was recalled may be by now.
    issue: async (order) => {
      const key = keyOf(order);
      if (key === undefined) return issue(order);
      return recall(key, order) ?? fetch(key, order);
    },
    sweep: () => {
      cache.purge(seconds());
      return renewal.sweep();
    },
  };
}

/** An MFA code proves who is there now, and a console session lasts as long as its credentials: STS is asked each time. */
const isForNow = ({ mfa, decision }: IssueRequest): boolean =>
  mfa !== undefined || decision.console !== undefined;
