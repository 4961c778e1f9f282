// Verifies an enveloped XML signature and returns the signed element, parsed again from the bytes that the signature
// covers. Nothing else in the document reaches the caller.

import { rejectAssertion } from '../reject-assertion.js';
import { type CanonicalParts, canonicalizeSigned } from '../xml/canonicalization.js';
import { isElement, leafText, matchChildren, requireSingle } from '../xml/elements.js';
import { DSIG } from '../xml/namespaces.js';
import { parseXml, type XmlElement, type XmlLimits } from '../xml/parse-xml.js';
import { findSigner, isSaml2JsAlgorithm, matchesDigest, type SigningKey } from './algorithms.js';
import { readSignedInfo } from './signed-info.js';

export interface VerifiedElement {
  /** The signed element, read from the canonical bytes whose digest was signed. */
  readonly element: XmlElement;
  readonly signedBy: SigningKey;
  /** Whether saml2-js supports the algorithms. */
  readonly supportedBySaml2Js: boolean;
}

/** Whether the element has a Signature as its child. */
export function hasSignature(element: XmlElement): boolean {
  return element.children.some((child) => isElement(child, DSIG, 'Signature'));
}

/**
 * Verifies the only Signature child of `parent`: the root of the document `text`, or a child of the root (XML Signature
 * core 3.2, as SAML core 5.4 narrows it). KeyInfo is never read.
 * @throws SallyportError `proof_invalid`, reason `saml.signature.*`.
 */
export function verifyEnvelopedSignature(
  text: string,
  parent: XmlElement,
  keys: readonly SigningKey[],
  limits: XmlLimits,
): VerifiedElement {
  const signatures = parent.children.filter((child) => isElement(child, DSIG, 'Signature'));
  const signature = requireSingle(signatures, 'signature.missing');
  const id = parent.attributes.get('ID') ?? rejectAssertion('signature.reference');
  const parts = matchChildren(
    signature,
    {
      info: [DSIG, 'SignedInfo', 1, 1],
      value: [DSIG, 'SignatureValue', 1, 1],
      keyInfo: [DSIG, 'KeyInfo', 0, 1],
    },
    'signature.shape',
  );
  const signatureValue = leafText(requireSingle(parts.value, 'signature.shape'), 'signature.shape');
  // A cheap first check. The values that are used come from the signed bytes below.
  readSignedInfo(requireSingle(parts.info, 'signature.shape'), id);

  const canonical = canonicalPartsOf(text, id);
  const info = readSignedInfo(parseXml(canonical.signedInfo, limits).root, id);
  const signedBy = findSigner(
    keys,
    info.algorithm,
    canonical.signedInfo,
    Buffer.from(signatureValue, 'base64'),
  );
  if (!signedBy) return rejectAssertion('signature.value');
  const content = canonical.content(info.prefixes);
  if (!matchesDigest(content, info.digestAlgorithm, info.digest)) return rejectAssertion('signature.digest');

  const { root } = parseXml(content, limits);
  if (!isElement(root, parent.namespace, parent.name) || root.attributes.get('ID') !== id) {
    return rejectAssertion('signature.reference');
  }
  const supportedBySaml2Js = isSaml2JsAlgorithm(info.algorithm) && isSaml2JsAlgorithm(info.digestAlgorithm);
  return { element: root, signedBy, supportedBySaml2Js };
}

function canonicalPartsOf(text: string, id: string): CanonicalParts {
  try {
    return canonicalizeSigned(text, id);
  } catch {
    return rejectAssertion('signature.reference');
  }
}
