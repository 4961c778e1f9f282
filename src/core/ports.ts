// What the pipeline needs from the outside, as types. `compose.ts` alone picks who implements them.

import type { AuditRecord } from './audit-record.js';
import type { Principal, Proof } from './types.js';

/** A proof, or the request it answers, that may be used once. Times are epoch seconds. */
export interface SingleUseId {
  /** Whose name it is unique under: `iss`, entityID. Whatever configs call it, its proofs are the same. */
  readonly issuer: string;
  readonly id: string;
  /** May have a fraction. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Remembers single-use proofs. All replicas must share one, or the store must refuse what it cannot know. */
export interface ReplayStore {
  /**
   * Claims `key` until `expiresAt` (epoch seconds): true for the first claim, false for every later one, atomically.
   * Rejects if the store cannot answer; the caller then refuses the proof.
   */
  claim(key: string, expiresAt: number): Promise<boolean>;
  /** Proofs issued before this instant (epoch seconds) may have been used before the store began to remember. 0: it has always remembered. */
  readonly remembersSince: number;
  /**
   * Whether it begins to remember at the very instant it is opened. Then nothing may be claimed before the time it was
   * issued at: a proof from a clock that is ahead could be claimed, forgotten, and still be dated after `remembersSince`.
   */
  readonly forgetsAtRestart: boolean;
  /** Whether a claim could be made now. */
  check(): Promise<boolean>;
  close(): Promise<void>;
}

/** Who is counted: an address before authentication, a principal after it. */
export type RateLimitScope = 'address' | 'principal';

/** Counts requests in windows of time. It never fails: what cannot be counted together is counted here. */
export interface RateLimiter {
  /** Counts one request of `key`. Rejects with SallyportError `rate_limited` when there have been too many. */
  consume(scope: RateLimitScope, key: string): Promise<void>;
}

/** A proof that has passed every check but replay, and `confirm` if there is one. */
export interface VerifiedProof {
  readonly principal: Principal;
  /** What must be claimed before the proof is good, in this order; nothing for a reusable proof. */
  readonly singleUseIds: readonly SingleUseId[];
  /**
   * Checks that may be made once for each proof, because they are dear or use something up: called after the claim,
   * and the proof is good only if it resolves. Rejects with a SallyportError.
   */
  readonly confirm?: () => Promise<void>;
}

/** Verifies one type of proof. Throws a SallyportError for anything it does not accept, and nothing else. */
export interface ProofVerifier {
  verify(proof: Proof, now: Date): Promise<VerifiedProof>;
  close(): Promise<void>;
}

/** Append-only record of who asked for what and what came of it. */
export interface AuditLog {
  /** Resolves when the record is durable; rejects if it is not, and then nothing may be handed out. */
  write(record: AuditRecord): Promise<void>;
  /** Whether it can be written: the last write went well, or the sinks answer again. */
  check(): Promise<boolean>;
  close(): Promise<void>;
}

type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** The log as stages see it. Fields may hold `Secret`s (they print as `[redacted]`) but never their values. */
export interface Log {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}
