// Runs a table of attacks. Each forged document must get its refusal, and a genuine twin without the attack must be
// accepted, so that a row can only fail for its own reason.
import type { Test } from 'tap';
import type { ProofVerifier } from '../../src/core/ports.js';
import { signedResponse } from './saml-documents.js';
import { base64, outcome } from './saml-verifier.js';

export const GENUINE = signedResponse();

/** The attack, the document, the code and reason of the expected refusal, and the twin (default: GENUINE). */
export type Attack = readonly [attack: string, document: string, refusal: string, twin?: string];

/** Returns a function that runs rows. A twin that several rows share runs once. */
export function attacksOn(verifier: ProofVerifier): (t: Test, rows: readonly Attack[]) => Promise<void> {
  const accepted = new Set<string>();
  return async (t, rows) => {
    for (const [attack, document, refusal, twin = GENUINE] of rows) {
      t.equal(await outcome(verifier, base64(document)), refusal, `${attack}: ${refusal}`);
      if (accepted.has(twin)) continue;
      accepted.add(twin);
      t.equal(await outcome(verifier, base64(twin)), 'accepted alice', `${attack}: the twin is accepted`);
    }
  };
}
