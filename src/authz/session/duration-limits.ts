// How long credentials last: bounds compiled from the config, then the least of all that bounds a request.

import {
  MAX_CHAINED_SESSION_SECONDS,
  MAX_ROLE_SESSION_SECONDS,
  MAX_USER_SESSION_SECONDS,
  MIN_SESSION_SECONDS,
} from '@sallyport/sts-protocol/constraints';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import { formatSeconds, seconds } from '../../core/duration.js';
import { SallyportError } from '../../core/errors.js';
import type { DurationLimit, ExchangeRequest, Operation, Principal } from '../../core/types.js';

const MAX_SECONDS: Readonly<Record<Operation, number>> = {
  AssumeRole: MAX_ROLE_SESSION_SECONDS,
  AssumeRoleWithSAML: MAX_ROLE_SESSION_SECONDS,
  AssumeRoleWithWebIdentity: MAX_ROLE_SESSION_SECONDS,
  GetFederationToken: MAX_USER_SESSION_SECONDS,
  GetSessionToken: MAX_USER_SESSION_SECONDS,
};
const DEFAULT_SECONDS = 3600;

interface LifetimeConfig {
  readonly duration?: string;
  readonly maxDuration?: string;
  readonly endWithProof?: boolean;
}

export interface DurationLimits {
  readonly defaultSeconds: number;
  readonly maxSeconds: number;
  /** What the default and the maximum come from. */
  readonly limitedBy: 'role' | 'chain';
  /** Credentials may not outlive the proof. */
  readonly endWithProof: boolean;
}

/** `at` gives the place of a setting in the config. */
export function compileDurationLimits(
  config: LifetimeConfig,
  via: Operation,
  chained: boolean,
  at: (...rest: string[]) => ConfigPath,
  { faults, warnings }: { readonly faults: ConfigError[]; readonly warnings: ConfigError[] },
): DurationLimits {
  const bound = (key: 'duration' | 'maxDuration'): number | undefined => {
    const text = config[key];
    if (text === undefined) return undefined;
    const value = seconds(text);
    if (value < MIN_SESSION_SECONDS || value > MAX_SECONDS[via]) {
      const range = `${formatSeconds(MIN_SESSION_SECONDS)} to ${formatSeconds(MAX_SECONDS[via])}`;
      faults.push({ path: at(key), message: `${via} accepts durations of ${range}. Change it.` });
    } else if (chained && value > MAX_CHAINED_SESSION_SECONDS) {
      const message = 'STS gives one hour at most at the end of a chain, so this counts as 1h. Write 1h.';
      warnings.push({ path: at(key), message });
    }
    return value;
  };
  const duration = bound('duration');
  const maxDuration = bound('maxDuration');
  if (duration !== undefined && maxDuration !== undefined && duration > maxDuration) {
    faults.push({
      path: at('duration'),
      message: 'duration is above maxDuration. Lower it, or raise maxDuration.',
    });
  }
  const most = chained ? MAX_CHAINED_SESSION_SECONDS : Infinity;
  const wantedMax = maxDuration ?? Math.max(duration ?? 0, DEFAULT_SECONDS);
  const wantedDefault = duration ?? Math.min(DEFAULT_SECONDS, wantedMax);
  return {
    defaultSeconds: Math.min(wantedDefault, most),
    maxSeconds: Math.min(wantedMax, most),
    limitedBy: wantedDefault > most ? 'chain' : 'role',
    endWithProof: config.endWithProof === true,
  };
}

export interface LimitedDuration {
  readonly seconds: number;
  readonly limitedBy: DurationLimit;
  /** Epoch seconds: when the sign-in or the proof ends, if credentials must end with it. */
  readonly notAfter?: number;
}

/**
 * The least of all that bounds it. `parameter` is the request's word for what it asks.
 * @throws SallyportError `duration_exceeds_limit`: a request above the role's limit is refused, not cut; `session_too_short`.
 */
export function limitDuration(
  { defaultSeconds, maxSeconds, limitedBy, endWithProof }: DurationLimits,
  principal: Pick<Principal, 'expiresAt' | 'sessionNotOnOrAfter'>,
  { durationSeconds, preferred }: Pick<ExchangeRequest, 'durationSeconds' | 'preferred'>,
  now: Date,
  parameter: 'DurationSeconds' | 'SessionDuration' = 'DurationSeconds',
): LimitedDuration {
  if (durationSeconds !== undefined && durationSeconds > maxSeconds) {
    throw new SallyportError('duration_exceeds_limit', {
      detail: `${parameter} is above the limit of this role, which is ${maxSeconds}. Ask for that or less.`,
      members: { MaxDurationSeconds: maxSeconds },
    });
  }
  const ends = [
    { at: principal.sessionNotOnOrAfter, limitedBy: 'SessionNotOnOrAfter' as const },
    { at: endWithProof ? principal.expiresAt : undefined, limitedBy: 'proof' as const },
  ].flatMap(({ at, ...end }) => (at === undefined ? [] : [{ ...end, at }]));
  const bounds: readonly LimitedDuration[] = [
    durationSeconds === undefined
      ? {
          seconds: Math.max(defaultSeconds, Math.min(preferred?.durationSeconds ?? 0, maxSeconds)),
          limitedBy,
        }
      : { seconds: durationSeconds, limitedBy: 'request' },
    ...ends.map((end) => ({
      seconds: Math.floor(end.at - now.getTime() / 1000),
      limitedBy: end.limitedBy,
    })),
  ];
  const least = bounds.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  if (least.seconds < MIN_SESSION_SECONDS) throw new SallyportError('session_too_short');
  return { ...least, ...(ends.length > 0 && { notAfter: Math.min(...ends.map(({ at }) => at)) }) };
}
