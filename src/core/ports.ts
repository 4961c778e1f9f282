// The interfaces between the pipeline and its adapters: stores, proof verifiers, audit log, operational log. server.ts
// chooses the implementations.

import type { AuditRecord } from './audit-record.js';
import type { Principal, Proof } from './types.js';

/** Identifies a single-use proof, or the login request that it answers. Times are epoch seconds. */
export interface SingleUseId {
  /** `iss` or entityID, under which `id` is unique. Independent of the issuer's name in a config. */
  readonly issuer: string;
  readonly id: string;
  /** May have a fraction. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Remembers which single-use proofs were used. Replicas must share one. */
export interface ReplayStore {
  /**
   * Claims `key` until `expiresAt` (epoch seconds): true for the first claim, false for every later one, atomically.
   * Rejects if the store is unavailable; the proof must then be refused.
   */
  claim(key: string, expiresAt: number): Promise<boolean>;
  /** Epoch seconds. Proofs issued earlier may have been used before the store existed. 0: the store is complete. */
  readonly remembersSince: number;
  /**
   * Whether the store is empty when it is opened. A proof must then not be claimed before its `issuedAt`: one from a
   * clock that is ahead could be claimed, forgotten in a restart, and still be dated after `remembersSince`.
   */
  readonly forgetsAtRestart: boolean;
  /** Whether the store is available. */
  check(): Promise<boolean>;
  close(): Promise<void>;
}

/** What is limited: an address before authentication, a principal after it. */
export type RateLimitScope = 'address' | 'principal';

/** Limits requests per time window. Never fails: without the shared store, it counts in this process. */
export interface RateLimiter {
  /** Counts one request of `key`. @throws SallyportError `rate_limited` */
  consume(scope: RateLimitScope, key: string): Promise<void>;
}

/** A proof that has passed every check except replay and `confirm`. */
export interface VerifiedProof {
  readonly principal: Principal;
  /** Must all be claimed before the proof is accepted, in this order. Empty for a reusable proof. */
  readonly singleUseIds: readonly SingleUseId[];
  /**
   * Checks that may run only once for each proof, because they are expensive or consume something. Called after the
   * claim; the proof is accepted only if it resolves. Rejects with a SallyportError.
   */
  readonly confirm?: () => Promise<void>;
}

/** Verifies one type of proof. Throws only SallyportError. */
export interface ProofVerifier {
  verify(proof: Proof, now: Date): Promise<VerifiedProof>;
  close(): Promise<void>;
}

/** The append-only log of all requests and their outcomes. */
export interface AuditLog {
  /** Resolves when the record is durable. If it rejects, nothing may be returned to the caller. */
  write(record: AuditRecord): Promise<void>;
  /** Whether it can be written: the last write succeeded, or the sinks are available again. */
  check(): Promise<boolean>;
  close(): Promise<void>;
}

type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** Levels of the operational log; each includes those after it. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The operational log. Fields may hold a `Secret` (it prints as `[redacted]`), but never its value. */
export interface Log {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}
