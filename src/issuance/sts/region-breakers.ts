// What is known to fail is not asked for a while: a region that does not answer, an account whose calls a region
// limits, an account that has a region not activated. Each from the inside out, so that none takes another's refusal
// for an answer of STS.
import { SallyportError } from '../../core/errors.js';
import type { Log } from '../../core/ports.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { SendToSts } from './client.js';
import { type CircuitBreakerOptions, withCircuitBreaker } from './with-circuit-breaker.js';

export interface RegionBreakersOptions {
  readonly region: string;
  readonly log: Log;
  onRegionChange(state: CircuitBreaker['state']): void;
  /** Epoch milliseconds. */
  now(): number;
}

export const withRegionBreakers = (ask: SendToSts, options: RegionBreakersOptions): SendToSts =>
  withCircuitBreaker(
    withCircuitBreaker(withCircuitBreaker(ask, away(options)), throttled(options)),
    disabled(options),
  );

/** Milliseconds. A call that had less time until its deadline says nothing of the region. */
const PATIENCE = 250;

/** Whether this is what STS said, and not something on the way to it. */
const answered = ({ code, sts }: SallyportError) => code !== 'sts_unavailable' && sts?.sent === true;

/** Some failures in a row, each after the SDK's retries. Any answer of STS, a refusal too, says that it is there. */
function away({ region, log, onRegionChange, now }: RegionBreakersOptions): CircuitBreakerOptions {
  return {
    settings: { threshold: 3, firstMs: 5000, maxMs: 60_000 },
    keyOf: () => region,
    judge: (error, afterMs) => {
      if (error.code !== 'sts_unavailable') return answered(error) ? 'success' : 'nothing';
      if (error.reason === 'sts.deadline') return afterMs < PATIENCE ? 'nothing' : 'failure';
      // What failed before it could be sent, e.g. for a file of the broker's own credentials, says nothing of STS.
      return error.sts?.sent || error.reason === 'sts.connect' ? 'failure' : 'nothing';
    },
    refuse: (retryAfter) =>
      new SallyportError('sts_unavailable', { reason: 'sts.region_away', retryAfter, sts: { sent: false } }),
    onChange: ({ state }, before) => {
      onRegionChange(state);
      if (before.state === 'closed')
        log.warn({ region }, 'STS does not answer in this region and is left alone');
      else if (state === 'closed') log.info({ region }, 'STS answers again in this region');
    },
    now,
  };
}

/**
 * STS limits calls by account and region: one refusal speaks for all calls of both. Who signs pays, whosever role it is.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
function throttled({ region, log, now }: RegionBreakersOptions): CircuitBreakerOptions {
  return {
    settings: { threshold: 1, firstMs: 2000, maxMs: 60_000 },
    keyOf: ({ quotaAccount }) => quotaAccount,
    judge: (error) => {
      if (error.code === 'sts_throttled') return 'failure';
      return answered(error) ? 'success' : 'nothing';
    },
    refuse: (retryAfter) =>
      new SallyportError('sts_throttled', { reason: 'sts.paused', retryAfter, sts: { sent: false } }),
    onChange: ({ state }, before, account) => {
      if (before.state === 'closed')
        log.warn({ region, account }, 'STS limits calls of this account, which pause');
      else if (state === 'closed') log.info({ region, account }, 'STS takes calls of this account again');
    },
    now,
  };
}

/** Somebody has to activate the region in the account, so there is no hurry to ask again. */
function disabled({ region, log, now }: RegionBreakersOptions): CircuitBreakerOptions {
  return {
    settings: { threshold: 1, firstMs: 300_000, maxMs: 3_600_000 },
    keyOf: ({ account }) => account,
    judge: (error) => {
      if (error.code === 'sts_region_disabled') return 'failure';
      return answered(error) && error.code !== 'sts_throttled' ? 'success' : 'nothing';
    },
    refuse: () =>
      new SallyportError('sts_region_disabled', { reason: 'sts.region_disabled', sts: { sent: false } }),
    onChange: (_, before, account) => {
      if (before.state === 'closed')
        log.warn({ region, account }, 'STS is not activated in this region for this account');
    },
    now,
  };
}
