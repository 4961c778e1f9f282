// Two readers, one document: if they differ about who it names, someone has found a gap between them.
import type { VerifiedAssertion } from '../assertion/assertion.js';
import { rejectAssertion } from '../reject-assertion.js';
import type { CrossCheckResponse } from './worker.js';

/**
 * saml2-js keeps only the last of several Attributes of one Name, so only that one can be compared; of a structured
 * one, only that it is there. Carriage returns it reads as line feeds.
 * @throws SallyportError `proof_invalid`, reason `saml.reader.disagrees`.
 */
export function requireAgreement(
  facts: VerifiedAssertion,
  second: NonNullable<CrossCheckResponse['user']>,
): void {
  const expected = new Map(facts.attributes.map((attribute) => [attribute.name, attribute]));
  const seen = new Map(Object.entries(second.attributes));
  const same =
    second.nameId === facts.nameId.value &&
    seen.size === expected.size &&
    [...expected].every(([name, { structured, values }]) =>
      structured ? seen.has(name) : sameList(values.map(lineFeeds), seen.get(name)),
    );
  if (!same) rejectAssertion('reader.disagrees');
}

const lineFeeds = (text: string) => text.replace(/\r\n?/g, '\n');

function sameList(a: readonly string[], b: readonly string[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((value, index) => value === b[index]);
}
