// Issues credentials for requests that are authenticated and permitted: from the cache where the same caller's
// credentials are still fresh, from AWS STS otherwise. Start reading at `CredentialIssuer.getOrIssue`. `StsIssuer`
// picks the STS operation (operations/), and sts/ sends the call.

import { withTimeout } from '@sallyport/client/internal/with-timeout';
import type { Log } from '../core/ports.js';
import type { Decision, IssuedCredentials, IssueRequest } from '../core/types.js';
import { cacheKey } from './cache/cache-key.js';
import type { CredentialCache } from './cache/credential-cache.js';
import { isFresh, isUsableWhenStale } from './cache/freshness.js';
import { RefreshAhead } from './cache/refresh-ahead.js';
import type { RoleFingerprints } from './cache/role-fingerprints.js';
import { type FlightResult, SingleFlight } from './cache/single-flight.js';
import { deadlineExceeded } from './sts/failover.js';
import { isOutage } from './sts/translate-error.js';
import type { StsIssuer } from './sts-issuer.js';

/** `shared`: served by the STS call of another request. `stale`: STS is unavailable, less lifetime than usual is left. */
type CacheUse = 'hit' | 'miss' | 'shared' | 'stale' | 'renewed' | 'renewal_failed';

export interface CredentialIssuerOptions {
  readonly stsIssuer: Pick<StsIssuer, 'issue'>;
  /** Shared with the issuers of earlier and later configs. */
  readonly cache: CredentialCache;
  readonly fingerprints: Pick<RoleFingerprints, 'of'>;
  /** Called for each cacheable request once it is served, and for each refresh ahead. */
  onCacheUse(use: CacheUse, decision: Decision): void;
  readonly log: Log;
  now(): Date;
}

export class CredentialIssuer {
  readonly #stsIssuer: Pick<StsIssuer, 'issue'>;
  readonly #cache: CredentialCache;
  readonly #fingerprints: Pick<RoleFingerprints, 'of'>;
  readonly #onCacheUse: CredentialIssuerOptions['onCacheUse'];
  readonly #log: Log;
  readonly #now: () => Date;
  readonly #flights = new SingleFlight();
  readonly #refreshAhead: RefreshAhead;

  constructor({ stsIssuer, cache, fingerprints, onCacheUse, log, now }: CredentialIssuerOptions) {
    this.#stsIssuer = stsIssuer;
    this.#cache = cache;
    this.#fingerprints = fingerprints;
    this.#onCacheUse = onCacheUse;
    this.#log = log;
    this.#now = now;
    const issue = (key: string, request: IssueRequest) => this.#issueShared(key, request);
    this.#refreshAhead = new RefreshAhead({ cache, issue, onCacheUse, log, now });
  }

  /**
   * `beforeSts` resolves before STS can be called for this request, also by the shared call of another request. It is
   * not called where fresh cached credentials are returned.
   * @throws SallyportError, or the error of `beforeSts`.
   */
  async getOrIssue(
    request: IssueRequest,
    { beforeSts }: { beforeSts(): Promise<void> },
  ): Promise<IssuedCredentials> {
    const key = this.#cacheKey(request);
    if (key === undefined) {
      await beforeSts();
      return this.#stsIssuer.issue(request);
    }
    const cached = this.#getFresh(key, request);
    if (cached) return cached;
    await beforeSts();
    // Another request may have filled the cache in the meantime.
    return this.#getFresh(key, request) ?? this.#issueOrServeStale(key, request);
  }

  /** To be called periodically: drops expired credentials and refreshes those in use ahead of expiry. Never rejects. */
  sweep(): Promise<void> {
    this.#cache.purge(this.#nowSeconds());
    return this.#refreshAhead.sweep();
  }

  /** Undefined: the credentials are not cacheable. */
  #cacheKey(request: IssueRequest): string | undefined {
    // An MFA code proves presence now, and a console session lasts as long as its credentials.
    if (request.mfa !== undefined || request.decision.console !== undefined) return undefined;
    const fingerprint = this.#fingerprints.of(request.decision);
    return fingerprint === undefined ? undefined : cacheKey(fingerprint, request);
  }

  #getFresh(key: string, request: IssueRequest): IssuedCredentials | undefined {
    const expiresAt = this.#cache.expiresAt(key);
    if (expiresAt === undefined) return undefined;
    this.#refreshAhead.add(key, request);
    if (!isFresh(request.decision, expiresAt, this.#nowSeconds())) return undefined;
    const fresh = this.#cache.get(key);
    if (!fresh) return undefined;
    this.#onCacheUse('hit', request.decision);
    return { ...fresh, cached: 'fresh' };
  }

  async #issueOrServeStale(key: string, request: IssueRequest): Promise<IssuedCredentials> {
    const { decision } = request;
    try {
      const { issued, shared } = await this.#untilDeadline(request, this.#issueShared(key, request));
      this.#onCacheUse(shared ? 'shared' : 'miss', decision);
      return issued;
    } catch (error) {
      const stale = isOutage(error) ? this.#getStale(key, decision) : undefined;
      if (!stale) throw error;
      this.#onCacheUse('stale', decision);
      return { ...stale, cached: 'stale' };
    }
  }

  #getStale(key: string, decision: Decision): IssuedCredentials | undefined {
    const expiresAt = this.#cache.expiresAt(key);
    if (expiresAt === undefined || !isUsableWhenStale(decision, expiresAt, this.#nowSeconds()))
      return undefined;
    return this.#cache.get(key);
  }

  /** One STS call at a time for each key. It has its own deadline, since it may serve several requests. */
  #issueShared(key: string, { deadline, ...request }: IssueRequest): Promise<FlightResult> {
    return this.#flights.run(key, request.proof.value, () => this.#issueAndCache(key, request));
  }

  async #issueAndCache(key: string, request: IssueRequest): Promise<IssuedCredentials> {
    const issued = await this.#stsIssuer.issue(request);
    const fingerprint = this.#fingerprints.of(request.decision);
    if (fingerprint !== undefined) this.#cache.set(key, fingerprint, issued);
    return issued;
  }

  #untilDeadline({ deadline, decision }: IssueRequest, flight: Promise<FlightResult>): Promise<FlightResult> {
    if (deadline === undefined) return flight;
    const timedOut = () => {
      flight.then(
        (result) => this.#logLate(result, decision),
        () => {},
      );
      return deadlineExceeded(true);
    };
    return withTimeout(deadline - this.#now().getTime(), timedOut, () => flight);
  }

  /** The request's audit record says that nothing was issued, while CloudTrail says that it was. */
  #logLate({ issued, shared }: FlightResult, { role }: Decision): void {
    if (shared) return;
    const { stsRequestId, credentials } = issued;
    this.#log.info(
      { role, stsRequestId, accessKeyId: credentials.accessKeyId },
      'credentials arrived after the deadline of the request',
    );
  }

  #nowSeconds(): number {
    return this.#now().getTime() / 1000;
  }
}
