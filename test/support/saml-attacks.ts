// One row of a table of attacks: the forged document gets its refusal, and a genuine twin that differs in nothing
// but the attack passes, so that a row can only be red for its own reason.
import type { Test } from 'tap';
import type { ProofVerifier } from '../../src/core/ports.js';
import { signedResponse } from './saml-documents.js';
import { base64, outcome } from './saml-verifier.js';

export const GENUINE = signedResponse();

/** What is wrong, the document, the code and reason it gets; the twin is GENUINE unless given. */
export type Attack = readonly [attack: string, document: string, gets: string, twin?: string];

/** A function that tries rows; twins seen before are not tried again. */
export function attacksOn(verifier: ProofVerifier): (t: Test, rows: readonly Attack[]) => Promise<void> {
  const accepted = new Set<string>();
  return async (t, rows) => {
    for (const [attack, document, gets, twin = GENUINE] of rows) {
      t.equal(await outcome(verifier, base64(document)), gets, attack);
      if (accepted.has(twin)) continue;
      accepted.add(twin);
      t.equal(await outcome(verifier, base64(twin)), 'accepted alice', `${attack}: the twin passes`);
    }
  };
}
