// Refresh ahead: new credentials for callers who have come back, before theirs run short. Whatever is fetched here is
// handed out only to a later request that is authenticated, permitted and recorded like any other.
import { LRUCache } from 'lru-cache';
import type { IssueRequest, Log } from '../../core/ports.js';
import type { Decision } from '../../core/types.js';
import { isOutage } from '../sts/translate-error.js';
import type { CredentialCache } from './credential-cache.js';
import { isDueForRefresh, isFresh } from './freshness.js';
import type { Fly } from './single-flight.js';

/** Callers remembered, and bytes they may take; the least recently seen are forgotten first. */
const MAX_CALLERS = 10_000;
const MAX_BYTES = 128 * 1024 * 1024;

/** STS calls at once: requests come first, and STS has limits. */
const LANES = 4;

/** Seconds that a forwarded proof must still be good for. */
const PROOF_MARGIN = 60;

export interface RefreshAheadOptions {
  readonly cache: CredentialCache;
  readonly fly: Fly;
  onUse(outcome: 'renewed' | 'renewal_failed', decision: Decision): void;
  readonly log: Log;
  now(): Date;
}

export interface RefreshAhead {
  /** Whoever comes back while there still are credentials of theirs will be renewed, once. */
  cameBack(key: string, order: IssueRequest): void;
  /** Renews what is due; with STS away the rest waits for the next sweep. Never rejects. */
  sweep(): Promise<void>;
}

export function createRefreshAhead({ cache, fly, onUse, log, now }: RefreshAheadOptions): RefreshAhead {
  const seen = new LRUCache<string, IssueRequest>({
    max: MAX_CALLERS,
    maxSize: MAX_BYTES,
    sizeCalculation: bytesOf,
  });
  let sweeping: Promise<void> | undefined;
  const seconds = () => now().getTime() / 1000;

  /** Whether it is due; what will not be is forgotten. */
  function isDue([key, order]: [string, IssueRequest]): boolean {
    const expiresAt = cache.expiresAt(key);
    const at = seconds();
    if (expiresAt === undefined || !isFresh(order.decision, expiresAt, at) || !hasGoodProof(order, at)) {
      seen.delete(key);
      return false;
    }
    return isDueForRefresh(order.decision, key, expiresAt, at);
  }

  async function renew([key, order]: [string, IssueRequest]): Promise<void> {
    const { decision } = order;
    try {
      const { issued } = await fly(key, order);
      onUse('renewed', decision);
      const { stsRequestId, credentials } = issued;
      log.info(
        { role: decision.role, stsRequestId, accessKeyId: credentials.accessKeyId },
        'credentials were renewed ahead',
      );
    } catch (error) {
      onUse('renewal_failed', decision);
      log.warn({ role: decision.role, err: error }, 'credentials were not renewed ahead');
      if (isOutage(error)) throw error;
    }
    seen.delete(key);
  }

  async function sweepNow(): Promise<void> {
    const due = [...seen.entries()].filter(isDue).values();
    const lane = async () => {
      for (const each of due) await renew(each);
    };
    await Promise.allSettled(Array.from({ length: LANES }, lane));
  }

  return {
    cameBack: (key, order) => {
      if (isRenewable(order)) seen.set(key, order);
    },
    sweep: () => {
      sweeping ??= sweepNow().finally(() => {
        sweeping = undefined;
      });
      return sweeping;
    },
  };
}

/** About: the proof, which may be long, the claims that were in it, and the rest. */
const bytesOf = ({ proof }: IssueRequest): number => 2 * proof.value.reveal().length + 2048;

/** Not where the credentials end with the proof, and no assertion: STS takes it within 5 minutes of its issue only. */
const isRenewable = ({ decision: { target, notAfter } }: IssueRequest): boolean =>
  notAfter === undefined && target.operation !== 'AssumeRoleWithSAML';

const hasGoodProof = ({ decision: { target }, principal }: IssueRequest, now: number): boolean =>
  target.operation !== 'AssumeRoleWithWebIdentity' ||
  target.webIdentity === 'broker' ||
  principal.expiresAt >= now + PROOF_MARGIN;
