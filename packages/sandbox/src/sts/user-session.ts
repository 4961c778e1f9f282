// How long the sessions last that a user or the root user gets without a role.
import type { Caller } from './caller.js';

const DEFAULT_SECONDS = 43_200;
const ROOT_SECONDS = 3600;

/** Twelve hours by default; the root user gets an hour at most, however much it asks for. */
export function userSessionSeconds(requested: number | undefined, caller: Caller): number {
  const seconds = requested ?? DEFAULT_SECONDS;
  return caller.type === 'Root' ? Math.min(seconds, ROOT_SECONDS) : seconds;
}
