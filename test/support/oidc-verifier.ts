// An OIDC verifier for the issuers of a test, and the outcome of a token as one line.

import { Secret } from '@sallyport/client/internal/secret';
import type { Test } from 'tap';
import { createOidcVerifier, type OidcVerifierOptions } from '../../src/authn/oidc/verifier.js';
import type { OidcIssuer } from '../../src/config/schema/oidc-issuer.js';
import { SallyportError } from '../../src/core/errors.js';
import type { Log, ProofVerifier, VerifiedProof } from '../../src/core/ports.js';
import { at } from './oidc-issuer.js';

/** A log that collects its lines. */
export function collectingLog(): {
  log: Log;
  lines: { level: string; fields: Readonly<Record<string, unknown>> }[];
} {
  const lines: { level: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const method = (level: string) => (fields: Readonly<Record<string, unknown>>) =>
    void lines.push({ level, fields });
  return {
    log: { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') },
    lines,
  };
}

/** The verifier of a config that must be valid. Closed at the end of the test. */
export async function openVerifier(
  t: Test,
  issuers: Record<string, Partial<OidcIssuer>>,
  options: Partial<OidcVerifierOptions> = {},
): Promise<ProofVerifier> {
  const result = await createOidcVerifier({
    issuers: complete(issuers),
    log: collectingLog().log,
    ...options,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  t.teardown(() => result.verifier.close());
  return result.verifier;
}

/** Adds the defaults of the test configs. */
export function complete(issuers: Record<string, Partial<OidcIssuer>>): Record<string, OidcIssuer> {
  const entries = Object.entries(issuers);
  return Object.fromEntries(
    entries.map(([name, issuer]) => [name, { type: 'oidc', audience: 'sallyport', ...issuer }]),
  );
}

export const verify = (verifier: ProofVerifier, token: string, now = at()): Promise<VerifiedProof> =>
  verifier.verify({ type: 'oidc', value: new Secret(token) }, now);

/** `accepted alice`, or code and reason of the refusal, e.g. `proof_invalid jwt.alg.refused`. Rethrows other errors. */
export async function outcome(verifier: ProofVerifier, token: string, now = at()): Promise<string> {
  try {
    return `accepted ${(await verify(verifier, token, now)).principal.subject}`;
  } catch (error) {
    if (error instanceof SallyportError) return `${error.code} ${error.reason}`;
    throw error;
  }
}
