// Keeps claims of single-use proofs in the memory of one process, for a single replica. Start reading here; the Redis store
// does the same for several replicas.
import type { ReplayStore } from '../core/ports.js';

/** Seconds. The clocks of brokers and Redis servers may differ by this much. */
const CLOCK_MARGIN = 300;

/**
 * When a claim made at `now` may be deleted: after every replica considers the proof expired, also if the proof expires
 * during the claim. All times are epoch seconds.
 */
export const retainedUntil = (expiresAt: number, now: number): number =>
  Math.max(expiresAt, now) + CLOCK_MARGIN;

/** Limits memory. When the store is full of unexpired claims, new claims are refused. */
const MAX_CLAIMS = 1_000_000;
/** Number of claims between sweeps of expired ones. */
const SWEEP_INTERVAL = 1024;

export class MemoryReplayStore implements ReplayStore {
  readonly forgetsAtRestart = true;
  readonly remembersSince: number;
  readonly #now: () => Date;
  readonly #maxClaims: number;
  /** When each claim may be deleted, in epoch seconds. */
  readonly #claims = new Map<string, number>();
  #claimsSinceSweep = 0;

  constructor(now: () => Date, maxClaims = MAX_CLAIMS) {
    this.#now = now;
    this.#maxClaims = maxClaims;
    this.remembersSince = this.#seconds();
  }

  async claim(key: string, expiresAt: number): Promise<boolean> {
    const now = this.#seconds();
    if (++this.#claimsSinceSweep >= SWEEP_INTERVAL || this.#isFull()) this.#sweep(now);
    const until = this.#claims.get(key);
    if (until !== undefined && until > now) return false;
    if (this.#isFull()) throw new Error('the replay store is full');
    this.#claims.set(key, retainedUntil(expiresAt, now));
    return true;
  }

  async check(): Promise<boolean> {
    if (this.#isFull()) this.#sweep(this.#seconds());
    return !this.#isFull();
  }

  async close(): Promise<void> {
    this.#claims.clear();
  }

  #seconds(): number {
    return this.#now().getTime() / 1000;
  }

  #isFull(): boolean {
    return this.#claims.size >= this.#maxClaims;
  }

  #sweep(now: number): void {
    this.#claimsSinceSweep = 0;
    for (const [key, until] of this.#claims) if (until <= now) this.#claims.delete(key);
  }
}
