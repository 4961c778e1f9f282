// Decodes the proof of a caller to the text of one XML document, within the limits for parsing.
import type { SamlIssuer } from '../../config/schema/saml-issuer.js';
import { rejectAssertion } from './reject-assertion.js';
import { PROOF_NAMESPACES } from './xml/namespaces.js';
import type { XmlLimits } from './xml/parse-xml.js';

/** Characters of SAMLAssertion that AWS STS accepts at most. */
const MAX_BASE64_CHARACTERS = 100_000;

/**
 * Decodes strict base64 (RFC 4648 section 4; line ends as in RFC 2045 section 6.8) of valid UTF-8. Text that passes can
 * be read in only one way.
 * @throws SallyportError `proof_malformed`, reason `saml.size`, `saml.base64` or `saml.utf8`.
 */
export function decodeResponse(base64: string): string {
  if (base64.length > MAX_BASE64_CHARACTERS) return rejectAssertion('size', 'proof_malformed');
  const unwrapped = base64.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(unwrapped, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== unwrapped)
    return rejectAssertion('base64', 'proof_malformed');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return rejectAssertion('utf8', 'proof_malformed');
  }
}

/**
 * The XML limits for Responses of these issuers. They keep the most expensive document that passes cheap to read.
 * @throws SallyportError `proof_malformed` if `declared` has a namespace that no issuer may use.
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
