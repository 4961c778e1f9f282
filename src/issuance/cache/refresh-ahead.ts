// Refresh ahead: gets new credentials for returning callers before their cached ones run short. They are handed out
// only to a later request that is authenticated, permitted and recorded like any other.
import { LRUCache } from 'lru-cache';
import type { Log } from '../../core/ports.js';
import type { Decision, IssueRequest } from '../../core/types.js';
import { isOutage } from '../sts/translate-error.js';
import type { CredentialCache } from './credential-cache.js';
import { isDueForRefresh, isFresh } from './freshness.js';
import type { FlightResult } from './single-flight.js';

/** Requests remembered, and their total bytes; the least recently used are dropped first. */
const MAX_REQUESTS = 10_000;
const MAX_BYTES = 128 * 1024 * 1024;

/** Concurrent STS calls. Kept low: requests have priority, and STS limits calls. */
const CONCURRENCY = 4;

/** Seconds for which a forwarded proof must still be valid. */
const PROOF_MARGIN = 60;

export interface RefreshAheadOptions {
  readonly cache: CredentialCache;
  /** Calls STS and caches the result. */
  issue(key: string, request: IssueRequest): Promise<FlightResult>;
  onCacheUse(use: 'renewed' | 'renewal_failed', decision: Decision): void;
  readonly log: Log;
  now(): Date;
}

export class RefreshAhead {
  readonly #options: RefreshAheadOptions;
  readonly #requests = new LRUCache<string, IssueRequest>({
    max: MAX_REQUESTS,
    maxSize: MAX_BYTES,
    sizeCalculation: approximateBytes,
  });
  #sweeping: Promise<void> | undefined;

  constructor(options: RefreshAheadOptions) {
    this.#options = options;
  }

  /** Refreshes the credentials under this key once, when they are due. To be called when a caller returns. */
  add(key: string, request: IssueRequest): void {
    if (isRefreshable(request)) this.#requests.set(key, request);
  }

  /** Refreshes all due entries. If STS is unavailable, the others wait for the next sweep. Never rejects. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#refreshDue().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #refreshDue(): Promise<void> {
    const due = [...this.#requests.entries()].filter((entry) => this.#isDue(entry)).values();
    const worker = async () => {
      for (const entry of due) await this.#refresh(entry);
    };
    await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker));
  }

  /** Removes requests that can no longer be refreshed. */
  #isDue([key, request]: [string, IssueRequest]): boolean {
    const { cache, now } = this.#options;
    const expiresAt = cache.expiresAt(key);
    const at = now().getTime() / 1000;
    if (expiresAt === undefined || !isFresh(request.decision, expiresAt, at) || !hasValidProof(request, at)) {
      this.#requests.delete(key);
      return false;
    }
    return isDueForRefresh(request.decision, key, expiresAt, at);
  }

  async #refresh([key, request]: [string, IssueRequest]): Promise<void> {
    const { issue, onCacheUse, log } = this.#options;
    const { decision } = request;
    try {
      const { issued } = await issue(key, request);
      onCacheUse('renewed', decision);
      const { stsRequestId, credentials } = issued;
      log.info(
        { role: decision.role, stsRequestId, accessKeyId: credentials.accessKeyId },
        'credentials refreshed ahead of expiry',
      );
    } catch (error) {
      onCacheUse('renewal_failed', decision);
      log.warn({ role: decision.role, err: error }, 'credentials not refreshed ahead of expiry');
      if (isOutage(error)) throw error;
    }
    this.#requests.delete(key);
  }
}

/** The proof, which can be long, the claims that were in it, and an allowance for the rest. */
function approximateBytes({ proof }: IssueRequest): number {
  return 2 * proof.value.reveal().length + 2048;
}

/** Excludes credentials that expire with the proof, and assertions: STS accepts an assertion for 5 minutes only. */
const isRefreshable = ({ decision: { target, notAfter } }: IssueRequest): boolean =>
  notAfter === undefined && target.operation !== 'AssumeRoleWithSAML';

const hasValidProof = ({ decision: { target }, principal }: IssueRequest, now: number): boolean =>
  target.operation !== 'AssumeRoleWithWebIdentity' ||
  target.webIdentity === 'broker' ||
  principal.expiresAt >= now + PROOF_MARGIN;
