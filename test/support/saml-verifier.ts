// A SAML verifier with metadata in a temporary file, closed at the end of the test, and the outcome of a proof as one line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@sallyport/client/internal/secret';
import type { Test } from 'tap';
import { CrossCheck } from '../../src/authn/saml/cross-check/cross-check.js';
import { createSamlVerifier } from '../../src/authn/saml/verifier.js';
import type { SamlIssuer } from '../../src/config/schema/saml-issuer.js';
import { SallyportError } from '../../src/core/errors.js';
import type { Log, ProofVerifier, VerifiedProof } from '../../src/core/ports.js';
import type { LoginRequest } from '../../src/core/types.js';
import { metadata, NOW } from './saml-documents.js';

export const SERVER_URL = 'https://sallyport.corp.example';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Shared by all verifiers of a test file, because the worker takes long to start. It ends with the process. */
export const sharedCrossCheck = new CrossCheck({ log: silent });

/** A folder with these files, removed at the end of the test. */
export function folderWith(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-saml-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** A verifier with the one issuer `corp`. */
export async function verifierWith(
  t: Test,
  config: Partial<SamlIssuer> = {},
  { metadataXml = metadata() } = {},
): Promise<ProofVerifier> {
  const folder = folderWith(t, { 'idp.xml': metadataXml });
  const created = await createSamlVerifier({
    issuers: { corp: { type: 'saml', metadata: join(folder, 'idp.xml'), ...config } },
    serverUrl: SERVER_URL,
    log: silent,
    crossCheck: sharedCrossCheck,
  });
  if (!created.ok) throw new Error(JSON.stringify(created.errors));
  t.teardown(() => created.verifier.close());
  return created.verifier;
}

export const base64 = (xml: string): string => Buffer.from(xml, 'utf8').toString('base64');

/** `code reason` of the refusal, or `accepted` and the subject. Rethrows other errors. */
export async function outcome(
  verifier: ProofVerifier,
  proof: string,
  now = NOW,
  loginRequests?: readonly LoginRequest[],
): Promise<string> {
  try {
    const { principal } = await verifyText(verifier, proof, now, loginRequests);
    return `accepted ${principal.subject}`;
  } catch (error) {
    if (error instanceof SallyportError) return `${error.code} ${error.reason}`;
    throw error;
  }
}

/** Verifies and confirms a proof without claiming it. With `loginRequests`, even empty, it comes from a browser. */
export async function verifyText(
  verifier: ProofVerifier,
  proof: string,
  now = NOW,
  loginRequests?: readonly LoginRequest[],
): Promise<VerifiedProof> {
  const verified = await verifier.verify(
    { type: 'saml', value: new Secret(proof), ...(loginRequests && { loginRequests }) },
    now,
  );
  await verified.confirm?.();
  return verified;
}
