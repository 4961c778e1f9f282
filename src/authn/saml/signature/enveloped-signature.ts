// An enveloped XML signature -> the bytes it covers. The answer is made of those bytes alone, read again: whatever
// else the document holds cannot reach a caller of this file.

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
  /** Whether saml2-js knows the algorithms too. */
  readonly supportedBySaml2Js: boolean;
}

/** Whether the element has a Signature of its own. */
export function hasSignature(element: XmlElement): boolean {
  return element.children.some((child) => isElement(child, DSIG, 'Signature'));
}

/**
 * Checks the one Signature child of `parent`: the root of the document `text`, or a child of the root (XML Signature
 * core 3.2, as SAML core 5.4 narrows it). KeyInfo is never looked at.
 * @throws SallyportError `proof_invalid`, reason `saml.signature.*`.
 */
export function verifyEnvelopedSignature(
  text: string,
  parent: XmlElement,
  keys: readonly SigningKey[],
  rules: XmlLimits,
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
  // Read here only to be refused cheaply; what counts is read below, from the bytes that were signed.
  readSignedInfo(requireSingle(parts.info, 'signature.shape'), id);

  const node = signedNode(text, id);
  const info = readSignedInfo(parseXml(node.signedInfo, rules).root, id);
  const signedBy = findSigner(keys, info.algorithm, node.signedInfo, Buffer.from(signatureValue, 'base64'));
  if (!signedBy) return rejectAssertion('signature.value');
  const content = node.content(info.prefixes);
  if (!matchesDigest(content, info.digestAlgorithm, info.digest)) return rejectAssertion('signature.digest');

  const { root } = parseXml(content, rules);
  if (!isElement(root, parent.namespace, parent.name) || root.attributes.get('ID') !== id) {
    return rejectAssertion('signature.reference');
  }
  const supportedBySaml2Js = isSaml2JsAlgorithm(info.algorithm) && isSaml2JsAlgorithm(info.digestAlgorithm);
  return { element: root, signedBy, supportedBySaml2Js };
}

function signedNode(text: string, id: string): CanonicalParts {
  try {
    return canonicalizeSigned(text, id);
  } catch {
    return rejectAssertion('signature.reference');
  }
}
