// The lifetime of credentials: limits compiled from the config, and the shortest of all limits of a request.
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
  /** The source of the default and the maximum. */
  readonly limitedBy: 'role' | 'chain';
  /** Whether credentials expire no later than the proof. */
  readonly endWithProof: boolean;
}

/** `at` returns the path of a setting in the config. */
export function compileDurationLimits(
  config: LifetimeConfig,
  via: Operation,
  chained: boolean,
  at: (...rest: string[]) => ConfigPath,
  { errors, warnings }: { readonly errors: ConfigError[]; readonly warnings: ConfigError[] },
): DurationLimits {
  const parseLimit = (key: 'duration' | 'maxDuration'): number | undefined => {
    const text = config[key];
    if (text === undefined) return undefined;
    const value = seconds(text);
    if (value < MIN_SESSION_SECONDS || value > MAX_SECONDS[via]) {
      const range = `${formatSeconds(MIN_SESSION_SECONDS)} to ${formatSeconds(MAX_SECONDS[via])}`;
      errors.push({ path: at(key), message: `${via} accepts durations of ${range}. Change it.` });
    } else if (chained && value > MAX_CHAINED_SESSION_SECONDS) {
      const message =
        'STS limits the session of a chained role to one hour, so this counts as 1h. Change it to 1h.';
      warnings.push({ path: at(key), message });
    }
    return value;
  };
  const duration = parseLimit('duration');
  const maxDuration = parseLimit('maxDuration');
  if (duration !== undefined && maxDuration !== undefined && duration > maxDuration) {
    errors.push({
      path: at('duration'),
      message: 'duration is longer than maxDuration. Lower it, or raise maxDuration.',
    });
  }
  const operationMax = chained ? MAX_CHAINED_SESSION_SECONDS : Infinity;
  const configuredMax = maxDuration ?? Math.max(duration ?? 0, DEFAULT_SECONDS);
  const configuredDefault = duration ?? Math.min(DEFAULT_SECONDS, configuredMax);
  return {
    defaultSeconds: Math.min(configuredDefault, operationMax),
    maxSeconds: Math.min(configuredMax, operationMax),
    limitedBy: configuredDefault > operationMax ? 'chain' : 'role',
    endWithProof: config.endWithProof === true,
  };
}

export interface LimitedDuration {
  readonly seconds: number;
  readonly limitedBy: DurationLimit;
  /** Epoch seconds at which the SAML session or the proof ends, if credentials must not outlive it. */
  readonly notAfter?: number;
}

/**
 * The shortest of all limits. `parameter` is the name of the request parameter, for the refusal.
 * @throws SallyportError `duration_exceeds_limit` if the request is above the role's limit; `session_too_short`.
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
      detail: `${parameter} is above the limit of this role, which is ${maxSeconds}. Request that or less.`,
      members: { MaxDurationSeconds: maxSeconds },
    });
  }
  const ends = [
    { at: principal.sessionNotOnOrAfter, limitedBy: 'SessionNotOnOrAfter' as const },
    { at: endWithProof ? principal.expiresAt : undefined, limitedBy: 'proof' as const },
  ].flatMap(({ at, ...end }) => (at === undefined ? [] : [{ ...end, at }]));
  const limits: readonly LimitedDuration[] = [
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
  const shortest = limits.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  if (shortest.seconds < MIN_SESSION_SECONDS) throw new SallyportError('session_too_short');
  return { ...shortest, ...(ends.length > 0 && { notAfter: Math.min(...ends.map(({ at }) => at)) }) };
}
