// proof -> Principal. The verifier of its type judges the proof; then, if it may be used once, it is claimed here,
// atomically, so that no two requests can both go on with it. What is dear to check comes after that.
import { SallyportError } from '../core/errors.js';
import type { ProofVerifier, ReplayStore, Verified } from '../core/ports.js';
import type { IssuerType, Principal, Proof } from '../core/types.js';

export type Authenticate = (proof: Proof, now: Date) => Promise<Principal>;

/** @throws SallyportError with the refusal's code; `replay_store_unavailable` when a single-use proof cannot be claimed. */
export function createAuthenticate(
  verifiers: Readonly<Record<IssuerType, ProofVerifier>>,
  replay: ReplayStore,
): Authenticate {
  return async (proof, now) => {
    const verified = await verifiers[proof.type].verify(proof, now);
    if (verified.once) await claim(replay, verified.principal, verified.once);
    await verified.confirm?.();
    return verified.principal;
  };
}

async function claim(
  replay: ReplayStore,
  principal: Principal,
  once: NonNullable<Verified['once']>,
): Promise<void> {
  if (principal.issuedAt < replay.remembersSince) {
    throw new SallyportError('proof_replayed', {
      reason: 'replay.before_start',
      detail: 'The proof was issued before the broker began to remember which were used. Get a new one.',
    });
  }
  let first: boolean;
  try {
    first = await replay.claim(JSON.stringify([once.issuer, once.id]), once.expiresAt);
  } catch (cause) {
    throw new SallyportError('replay_store_unavailable', { cause });
  }
  if (!first) throw new SallyportError('proof_replayed');
}
