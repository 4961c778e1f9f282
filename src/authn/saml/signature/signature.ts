// An enveloped XML signature -> the bytes it covers. The answer is made of those bytes alone, read again: whatever
// else the document holds cannot reach a caller of this file.

import { rejectAssertion } from '../reject-assertion.js';
import { findSignedNode, type SignedNode } from '../xml/canonical.js';
import { is, leafText, one, shape } from '../xml/elements.js';
import { DSIG } from '../xml/namespaces.js';
import { parseXml, type XmlElement, type XmlRules } from '../xml/xml.js';
import { isDigestOf, isReaderAlgorithm, type SigningKey, signerAmong } from './signature-algorithms.js';
import { readSignedInfo } from './signed-info.js';

export interface SignedElement {
  /** The signed element, read from the canonical bytes whose digest was signed. */
  readonly element: XmlElement;
  readonly signedBy: SigningKey;
  /** Whether saml2-js knows the algorithms too. */
  readonly readerCanCheck: boolean;
}

/** Whether the element has a Signature of its own. */
export function isSigned(element: XmlElement): boolean {
  return element.children.some((child) => is(child, DSIG, 'Signature'));
}

/**
 * Checks the one Signature child of `parent`: the root of the document `text`, or a child of the root (XML Signature
 * core 3.2, as SAML core 5.4 narrows it). KeyInfo is never looked at.
 * @throws SallyportError `proof_invalid`, reason `saml.signature.*`.
 */
export function verifyEnveloped(
  text: string,
  parent: XmlElement,
  keys: readonly SigningKey[],
  rules: XmlRules,
): SignedElement {
  const signatures = parent.children.filter((child) => is(child, DSIG, 'Signature'));
  const signature = one(signatures, 'signature.missing');
  const id = parent.attributes.get('ID') ?? rejectAssertion('signature.reference');
  const parts = shape(
    signature,
    {
      info: [DSIG, 'SignedInfo', 1, 1],
      value: [DSIG, 'SignatureValue', 1, 1],
      keyInfo: [DSIG, 'KeyInfo', 0, 1],
    },
    'signature.shape',
  );
  const signatureValue = leafText(one(parts.value, 'signature.shape'), 'signature.shape');
  // Read here only to be refused cheaply; what counts is read below, from the bytes that were signed.
  readSignedInfo(one(parts.info, 'signature.shape'), id);

  const node = signedNode(text, id);
  const info = readSignedInfo(parseXml(node.signedInfo, rules).root, id);
  const signedBy = signerAmong(keys, info.algorithm, node.signedInfo, Buffer.from(signatureValue, 'base64'));
  if (!signedBy) return rejectAssertion('signature.value');
  const content = node.content(info.prefixes);
  if (!isDigestOf(content, info.digestAlgorithm, info.digest)) return rejectAssertion('signature.digest');

  const { root } = parseXml(content, rules);
  if (!is(root, parent.namespace, parent.name) || root.attributes.get('ID') !== id) {
    return rejectAssertion('signature.reference');
  }
  const readerCanCheck = isReaderAlgorithm(info.algorithm) && isReaderAlgorithm(info.digestAlgorithm);
  return { element: root, signedBy, readerCanCheck };
}

function signedNode(text: string, id: string): SignedNode {
  try {
    return findSignedNode(text, id);
  } catch {
    return rejectAssertion('signature.reference');
  }
}
