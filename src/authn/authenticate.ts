// proof -> Principal. The verifier of its type judges the proof; then what may be used once is claimed here, atomically,
// so that no two requests can both go on with it. What is dear to check comes after that.
import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError } from '../core/errors.js';
import type { ProofVerifier, ReplayStore, SingleUseId } from '../core/ports.js';
import type { IssuerType, Principal, Proof } from '../core/types.js';

export type ProofVerifiers = Readonly<Record<IssuerType, ProofVerifier>>;

/** Resolves after so many milliseconds. */
type Wait = (milliseconds: number) => Promise<unknown>;

/** Seconds that a proof of a clock that is ahead is waited for. */
const MAX_WAIT = 2;

export class Authenticator {
  readonly #replayStore: ReplayStore;
  readonly #wait: Wait;

  constructor(replayStore: ReplayStore, wait: Wait = delay) {
    this.#replayStore = replayStore;
    this.#wait = wait;
  }

  /** @throws SallyportError with the refusal's code; `replay_store_unavailable` when a single-use proof cannot be claimed. */
  async authenticate(verifiers: ProofVerifiers, proof: Proof, now: Date): Promise<Principal> {
    const verified = await verifiers[proof.type].verify(proof, now);
    for (const use of verified.singleUseIds) {
      requireRemembered(this.#replayStore, use, now);
      if (this.#replayStore.forgetsAtRestart) await untilIssued(use, now, this.#wait);
      await claim(this.#replayStore, use);
    }
    await verified.confirm?.();
    return verified.principal;
  }
}

/** What was issued before the store began to remember may have been used. */
function requireRemembered({ remembersSince }: ReplayStore, { issuedAt }: SingleUseId, now: Date): void {
  if (issuedAt >= remembersSince) return;
  const left = Math.ceil(remembersSince - now.getTime() / 1000);
  throw new SallyportError('proof_replayed', {
    reason: 'replay.before_start',
    detail:
      left > 0
        ? `The broker has only begun to remember which proofs were used. Get a new one in ${left} seconds.`
        : 'The proof was issued before the broker began to remember which were used. Get a new one.',
    ...(left > 0 && { retryAfter: left }),
  });
}

/** So that whatever is claimed is dated before any later restart, and refused after it. */
async function untilIssued({ issuedAt }: SingleUseId, now: Date, wait: Wait): Promise<void> {
  const ahead = issuedAt - now.getTime() / 1000;
  if (ahead <= 0) return;
  if (ahead > MAX_WAIT) {
    const left = Math.ceil(ahead);
    throw new SallyportError('proof_not_yet_valid', {
      reason: 'replay.issued_ahead',
      detail: `The proof is dated ${left} seconds ahead of the broker's clock. Send it again after that. The operator can cure it: set the clock of the issuer, or share used proofs in Redis with \`store\`.`,
      retryAfter: left,
    });
  }
  // A timer may end a millisecond early.
  await wait(Math.ceil(ahead * 1000) + 1);
}

async function claim(replay: ReplayStore, { issuer, id, expiresAt }: SingleUseId): Promise<void> {
  let first: boolean;
  try {
    first = await replay.claim(JSON.stringify([issuer, id]), expiresAt);
  } catch (cause) {
    throw new SallyportError('replay_store_unavailable', { cause });
  }
  if (!first) throw new SallyportError('proof_replayed');
}
