// How long a claim is kept: always longer than any replica could take its proof to be valid.

/** Seconds. The clocks of brokers and of the store's servers may be this far apart. */
const MARGIN = 300;

/** When a claim made at `time` may be forgotten; also one whose proof expires while it is being claimed. All epoch seconds. */
export const retainedUntil = (expiresAt: number, time: number): number => Math.max(expiresAt, time) + MARGIN;
