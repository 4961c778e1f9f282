// How much life credentials must have left to be handed out again, and when to get new ones ahead of that. SDKs ask
// anew some 5 to 15 minutes before the end: what they are given must last well beyond, or they would ask in a loop.
import type { Decision } from '../../core/types.js';

/** Seconds. */
const ENOUGH = 20 * 60;
const LEAST = 60;

type Lasting = Pick<Decision, 'notAfter'> & {
  readonly session: Pick<Decision['session'], 'durationSeconds'>;
};

/** Seconds: what every answer promises, a third of the lifetime or 20 minutes. */
const promised = ({ session }: Lasting) => Math.min(ENOUGH, session.durationSeconds / 3);

/** Whether credentials that end then (epoch seconds) are as good as new ones to who has this decision. */
export const isFresh = (decision: Lasting, expiresAt: number, now: number): boolean =>
  endsInTime(decision, expiresAt) && expiresAt - now >= promised(decision);

/** The same where STS cannot be asked: better a minute than nothing. */
export const isUsableWhenStale = (decision: Lasting, expiresAt: number, now: number): boolean =>
  endsInTime(decision, expiresAt) && expiresAt - now >= LEAST;

/**
 * Whether to get new ones, in advance of need: by a quarter of what is promised, and up to as much again by the key,
 * so that what was issued together is not renewed together.
 */
export const isDueForRefresh = (decision: Lasting, key: string, expiresAt: number, now: number): boolean =>
  expiresAt - now <= promised(decision) * (1.25 + shareOf(key) / 4);

const endsInTime = ({ notAfter = Infinity }: Lasting, expiresAt: number) => expiresAt <= notAfter;

/** A digest in base64url -> 0 to 1, evenly. */
const shareOf = (key: string) => Buffer.from(key.slice(0, 4), 'base64url').readUIntBE(0, 3) / 0xffffff;
