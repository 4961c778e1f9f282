// How large and how rich a proof may be. The limits keep the worst document that passes them cheap to read.
import type { SamlIssuer } from '../../../config/schema/saml-issuer.js';
import { rejectAssertion } from '../reject-assertion.js';
import { PROOF_NAMESPACES } from './namespaces.js';
import type { XmlLimits } from './parse-xml.js';

/**
 * The rules for proofs of these issuers.
 * @throws SallyportError `proof_malformed` if `declared` holds a namespace that none of them may use.
 */
export function responseLimits(
  issuers: readonly SamlIssuer[],
  declared: ReadonlySet<string> = new Set(),
): XmlLimits {
  const added = issuers.flatMap(({ namespaces }) => namespaces ?? []);
  const namespaces = new Set([...PROOF_NAMESPACES, ...added]);
  for (const namespace of declared) {
    if (!namespaces.has(namespace)) rejectAssertion('xml.namespace', 'proof_malformed');
  }
  return {
    depth: 16,
    elements: 1_000,
    attributes: 1_250,
    attributesPerElement: 24,
    namespaces,
    comments: 'refuse',
  };
}
