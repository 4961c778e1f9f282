// The duration of sessions without a role: GetFederationToken and GetSessionToken.
import type { Caller } from './caller.js';

const DEFAULT_SECONDS = 43_200;
const ROOT_SECONDS = 3600;

/** 12 hours by default. For the root user, longer requested durations are reduced to one hour. */
export function userSessionDuration(requested: number | undefined, caller: Caller): number {
  const seconds = requested ?? DEFAULT_SECONDS;
  return caller.type === 'Root' ? Math.min(seconds, ROOT_SECONDS) : seconds;
}
