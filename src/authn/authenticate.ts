// Proof in, principal out. Start at `Authenticator.authenticate`: the verifier of the proof's type (oidc/verifier.ts or
// saml/verifier.ts) verifies the proof; then its single-use ids are claimed atomically, so that only one request can use
// it; then expensive checks run. Do not reorder: each step relies on the ones before it.
import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError } from '../core/errors.js';
import type { ProofVerifier, ReplayStore, SingleUseId } from '../core/ports.js';
import type { IssuerType, Principal, Proof } from '../core/types.js';

export type ProofVerifiers = Readonly<Record<IssuerType, ProofVerifier>>;

/** Resolves after this many milliseconds. */
type Wait = (milliseconds: number) => Promise<unknown>;

/** Seconds to wait at most for a proof whose issuer has a clock that is ahead. */
const MAX_WAIT = 2;

export class Authenticator {
  readonly #replayStore: ReplayStore;
  readonly #wait: Wait;

  constructor(replayStore: ReplayStore, wait: Wait = delay) {
    this.#replayStore = replayStore;
    this.#wait = wait;
  }

  /** @throws SallyportError with the code of the refusal; `replay_store_unavailable` if a single-use proof cannot be claimed. */
  async authenticate(verifiers: ProofVerifiers, proof: Proof, now: Date): Promise<Principal> {
    const verified = await verifiers[proof.type].verify(proof, now);
    for (const singleUseId of verified.singleUseIds) {
      requireIssuedAfterStart(this.#replayStore, singleUseId, now);
      if (this.#replayStore.forgetsAtRestart) await waitUntilIssued(singleUseId, now, this.#wait);
      await claim(this.#replayStore, singleUseId);
    }
    await verified.confirm?.();
    return verified.principal;
  }
}

/** A proof issued before the replay store started may have been used already. */
function requireIssuedAfterStart(
  { remembersSince }: ReplayStore,
  { issuedAt }: SingleUseId,
  now: Date,
): void {
  if (issuedAt >= remembersSince) return;
  const secondsLeft = Math.ceil(remembersSince - now.getTime() / 1000);
  throw new SallyportError('proof_replayed', {
    reason: 'replay.before_start',
    detail:
      secondsLeft > 0
        ? `The broker has just restarted and cannot rule out a replay. Get a new proof in ${secondsLeft} seconds.`
        : 'The proof was issued before the broker started, so a replay cannot be ruled out. Get a new one.',
    ...(secondsLeft > 0 && { retryAfter: secondsLeft }),
  });
}

/** Waits, so that a claimed proof is always dated before a later restart and is refused after it. */
async function waitUntilIssued({ issuedAt }: SingleUseId, now: Date, wait: Wait): Promise<void> {
  const ahead = issuedAt - now.getTime() / 1000;
  if (ahead <= 0) return;
  if (ahead > MAX_WAIT) {
    const secondsLeft = Math.ceil(ahead);
    throw new SallyportError('proof_not_yet_valid', {
      reason: 'replay.issued_ahead',
      detail: `The proof is dated ${secondsLeft} seconds ahead of the clock of the broker. Send it again after that; the operator can synchronize the clock of the issuer or set \`store\`.`,
      retryAfter: secondsLeft,
    });
  }
  // A timer may fire a millisecond early.
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
