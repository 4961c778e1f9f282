// Remembers single-use proofs in this process: for one replica. What it could not have seen, it says so (remembersSince).
import type { ReplayStore } from '../core/ports.js';
import { retainedUntil } from './retention.js';

/** Bounds memory; when it is full of live claims, new ones are refused. */
const MAX_CLAIMS = 1_000_000;
/** Claims that may be forgotten are swept at every so many claims. */
const SWEEP_EVERY = 1024;

export function createMemoryReplayStore(now: () => Date, maxClaims = MAX_CLAIMS): ReplayStore {
  const claims = new Map<string, number>();
  const seconds = () => now().getTime() / 1000;
  const remembersSince = seconds();
  let sinceSweep = 0;

  const sweep = (time: number) => {
    sinceSweep = 0;
    for (const [key, until] of claims) if (until <= time) claims.delete(key);
  };

  return {
    remembersSince,
    forgetsAtRestart: true,
    claim: async (key, expiresAt) => {
      const time = seconds();
      if (++sinceSweep >= SWEEP_EVERY || claims.size >= maxClaims) sweep(time);
      const until = claims.get(key);
      if (until !== undefined && until > time) return false;
      if (claims.size >= maxClaims) throw new Error('the replay store is full');
      claims.set(key, retainedUntil(expiresAt, time));
      return true;
    },
    check: async () => {
      if (claims.size >= maxClaims) sweep(seconds());
      return claims.size < maxClaims;
    },
    close: async () => claims.clear(),
  };
}
