// The circuit breakers of one region: whether it is available, whether it throttles an account, and whether it is
// activated for an account.
import { SallyportError } from '../../core/errors.js';
import type { Log } from '../../core/ports.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { CircuitBreakers } from './circuit-breakers.js';

export interface RegionBreakersOptions {
  readonly region: string;
  readonly log: Log;
  onStateChange(state: CircuitBreaker['state']): void;
  /** Epoch milliseconds. */
  now(): number;
}

/** Accounts of a call: see `StsCall`. */
interface Accounts {
  readonly account: string;
  readonly quotaAccount: string;
}

export class RegionBreakers {
  readonly #region: string;
  readonly #availability: CircuitBreakers;
  readonly #throttling: CircuitBreakers;
  readonly #activation: CircuitBreakers;

  constructor(options: RegionBreakersOptions) {
    this.#region = options.region;
    this.#availability = availabilityBreakers(options);
    this.#throttling = throttlingBreakers(options);
    this.#activation = activationBreakers(options);
  }

  /** Of the breaker for availability. */
  get state(): CircuitBreaker['state'] {
    return this.#availability.stateOf(this.#region);
  }

  /** Nested in this order, so that none takes the error of another for a response of STS. */
  run<T>({ account, quotaAccount }: Accounts, send: () => Promise<T>): Promise<T> {
    return this.#activation.run(account, () =>
      this.#throttling.run(quotaAccount, () => this.#availability.run(this.#region, send)),
    );
  }
}

/** Milliseconds. A deadline exceeded sooner does not mean that the region is unavailable. */
const MIN_RESPONSE_TIME = 250;

/** Whether STS itself responded with this error. */
const isResponse = ({ code, sts }: SallyportError) => code !== 'sts_unavailable' && sts?.sent === true;

/** Counts failed calls, each after the SDK's retries. Any response means that the region is available. */
function availabilityBreakers({ region, log, onStateChange, now }: RegionBreakersOptions): CircuitBreakers {
  return new CircuitBreakers({
    settings: { threshold: 3, firstMs: 5000, maxMs: 60_000 },
    outcomeOf: (error, afterMs) => {
      if (error.code !== 'sts_unavailable') return isResponse(error) ? 'success' : 'neutral';
      if (error.reason === 'sts.deadline') return afterMs < MIN_RESPONSE_TIME ? 'neutral' : 'failure';
      // A failure before anything is sent says nothing about the state of STS, e.g. a missing file of the broker's credentials.
      return error.sts?.sent || error.reason === 'sts.connect' ? 'failure' : 'neutral';
    },
    openError: (retryAfter) =>
      new SallyportError('sts_unavailable', { reason: 'sts.region_away', retryAfter, sts: { sent: false } }),
    onStateChange: ({ state }, before) => {
      onStateChange(state);
      if (before.state === 'closed')
        log.warn({ region }, 'STS is unavailable in this region, calls suspended');
      else if (state === 'closed') log.info({ region }, 'STS is available again in this region');
    },
    now,
  });
}

/**
 * STS limits calls by account and region: one throttled call means all of them. The account is the signer's, not the
 * role's. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
function throttlingBreakers({ region, log, now }: RegionBreakersOptions): CircuitBreakers {
  return new CircuitBreakers({
    settings: { threshold: 1, firstMs: 2000, maxMs: 60_000 },
    outcomeOf: (error) => {
      if (error.code === 'sts_throttled') return 'failure';
      return isResponse(error) ? 'success' : 'neutral';
    },
    openError: (retryAfter) =>
      new SallyportError('sts_throttled', { reason: 'sts.paused', retryAfter, sts: { sent: false } }),
    onStateChange: ({ state }, before, account) => {
      if (before.state === 'closed')
        log.warn({ region, account }, 'STS throttles this account, calls suspended');
      else if (state === 'closed') log.info({ region, account }, 'STS no longer throttles this account');
    },
    now,
  });
}

/** Long, because the region must be activated in the account first. */
function activationBreakers({ region, log, now }: RegionBreakersOptions): CircuitBreakers {
  return new CircuitBreakers({
    settings: { threshold: 1, firstMs: 300_000, maxMs: 3_600_000 },
    outcomeOf: (error) => {
      if (error.code === 'sts_region_disabled') return 'failure';
      return isResponse(error) && error.code !== 'sts_throttled' ? 'success' : 'neutral';
    },
    openError: () =>
      new SallyportError('sts_region_disabled', { reason: 'sts.region_disabled', sts: { sent: false } }),
    onStateChange: (_, before, account) => {
      if (before.state === 'closed')
        log.warn({ region, account }, 'STS is not activated in this region for this account');
    },
    now,
  });
}
