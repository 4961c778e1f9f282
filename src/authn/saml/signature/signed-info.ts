// Reads SignedInfo. Only the part of XML Signature that SAML core 5.4 needs is supported: one Reference, to the ID of the
// parent element, with the transforms enveloped-signature and exclusive c14n, in this order.

import { rejectAssertion } from '../reject-assertion.js';
import { isElement, leafText, matchChildren, requireSingle } from '../xml/elements.js';
import { DSIG, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/parse-xml.js';
import { isDigestAlgorithm, isSignatureAlgorithm } from './algorithms.js';

export interface SignedInfo {
  /** URI of the SignatureMethod. */
  readonly algorithm: string;
  readonly digestAlgorithm: string;
  readonly digest: Buffer;
  /** InclusiveNamespaces PrefixList for the canonicalization of the signed element. */
  readonly prefixes: readonly string[];
}

const MAX_PREFIXES = 32;

/**
 * `parentId`: ID of the element that the Signature is a child of.
 * @throws SallyportError `proof_invalid`, reason `saml.signature.*`.
 */
export function readSignedInfo(info: XmlElement, parentId: string): SignedInfo {
  const parts = matchChildren(
    info,
    {
      canonicalization: [DSIG, 'CanonicalizationMethod', 1, 1],
      method: [DSIG, 'SignatureMethod', 1, 1],
      reference: [DSIG, 'Reference', 1, Number.POSITIVE_INFINITY],
    },
    'signature.shape',
  );
  const canonicalization = requireSingle(parts.canonicalization, 'signature.shape');
  if (algorithmOf(canonicalization) !== EXCLUSIVE_C14N || canonicalization.children.length > 0) {
    rejectAssertion('signature.canonicalization');
  }
  const algorithm = leafAlgorithm(requireSingle(parts.method, 'signature.shape'));
  if (!isSignatureAlgorithm(algorithm)) rejectAssertion('signature.algorithm');
  const reference = requireSingle(parts.reference, 'signature.reference');
  if (reference.attributes.get('URI') !== `#${parentId}`) rejectAssertion('signature.reference');
  return { algorithm, ...readReference(reference) };
}

function readReference(reference: XmlElement): Omit<SignedInfo, 'algorithm'> {
  const parts = matchChildren(
    reference,
    {
      transforms: [DSIG, 'Transforms', 1, 1],
      method: [DSIG, 'DigestMethod', 1, 1],
      value: [DSIG, 'DigestValue', 1, 1],
    },
    'signature.shape',
  );
  const prefixes = readTransforms(requireSingle(parts.transforms, 'signature.shape'));
  const digestAlgorithm = leafAlgorithm(requireSingle(parts.method, 'signature.shape'));
  if (!isDigestAlgorithm(digestAlgorithm)) rejectAssertion('signature.digest_algorithm');
  const digest = Buffer.from(
    leafText(requireSingle(parts.value, 'signature.shape'), 'signature.shape'),
    'base64',
  );
  return { digestAlgorithm, digest, prefixes };
}

/** Returns the PrefixList. */
function readTransforms({ children }: XmlElement): readonly string[] {
  const [enveloped, canonical, ...others] = children;
  const expected =
    others.length === 0 &&
    children.every((child) => isElement(child, DSIG, 'Transform')) &&
    enveloped?.children.length === 0 &&
    algorithmOf(enveloped) === ENVELOPED_SIGNATURE &&
    canonical !== undefined &&
    algorithmOf(canonical) === EXCLUSIVE_C14N;
  if (!expected) return rejectAssertion('signature.transforms');
  const { inclusive } = matchChildren(
    canonical,
    { inclusive: [EXCLUSIVE_C14N, 'InclusiveNamespaces', 0, 1] },
    'signature.transforms',
  );
  if (inclusive.some((list) => list.children.length > 0)) rejectAssertion('signature.transforms');
  const prefixes = inclusive[0]?.attributes.get('PrefixList')?.split(' ').filter(Boolean) ?? [];
  return prefixes.length <= MAX_PREFIXES ? prefixes : rejectAssertion('signature.transforms');
}

function leafAlgorithm(element: XmlElement): string {
  return element.children.length === 0 ? algorithmOf(element) : rejectAssertion('signature.shape');
}

function algorithmOf(element: XmlElement): string {
  return element.attributes.get('Algorithm') ?? '';
}
