// Where the parts of a Response are, before anything in it is believed: one Assertion, signatures only where SAML
// puts them, unique IDs. The shapes of XML signature wrapping end here.

import { rejectAssertion, type SamlReason } from '../reject-assertion.js';
import { isElement, matchChildren, requireSingle, selfAndDescendants } from '../xml/elements.js';
import { DSIG, SAML, SAMLP, STATUS_SUCCESS } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/parse-xml.js';

/** A Response as it came. What it says is unproven: it picks the keys to check with, and may only be refused for. */
export interface ResponseStructure {
  readonly response: XmlElement;
  /** Absent exactly if `encrypted` is there. */
  readonly assertion?: XmlElement;
  readonly encrypted?: XmlElement;
  readonly claimedIssuer: string;
}

/** Characters. */
const MAX_STATUS_MESSAGE = 1_024;
const MAX_SIGNATURE_ELEMENTS = 64;
const ASSERTION_ALONE =
  'This is an Assertion by itself. Send the whole Response that the issuer gave, which has the Assertion in it.';

/** Levels, the Signature's own counted; its SignedInfo needs six. */
const MAX_SIGNATURE_DEPTH = 8;

/**
 * SAML core 3.2.2 and 3.3.3.
 * @throws SallyportError `proof_malformed`, or `proof_invalid` (`saml.status`) when the IdP itself said no.
 */
export function parseResponseStructure(root: XmlElement): ResponseStructure {
  if (!isElement(root, SAMLP, 'Response'))
    return rejectAssertion(
      'root',
      'proof_malformed',
      isElement(root, SAML, 'Assertion') ? ASSERTION_ALONE : undefined,
    );
  const parts = matchResponseChildren(root);
  requireSuccess(requireSingle(parts.status, 'response.content', 'proof_malformed'));
  const [assertion] = parts.assertion;
  const [encrypted] = parts.encrypted;
  checkElementPositions(root, assertion ?? encrypted, [root, ...parts.assertion]);
  checkStatusContent(requireSingle(parts.status, 'response.content', 'proof_malformed'));
  return {
    response: root,
    ...(assertion && { assertion }),
    ...(encrypted && { encrypted }),
    claimedIssuer: claimedIssuer(root, assertion),
  };
}

/**
 * Of the whole tree: IDs are unique, `assertion` is its only Assertion or EncryptedAssertion, and Signatures are
 * children of `signable` elements alone.
 */
export function checkElementPositions(
  root: XmlElement,
  assertion: XmlElement | undefined,
  signable: readonly XmlElement[],
): void {
  checkUniqueIds(root);
  const assertions = [...selfAndDescendants(root)].filter(
    (element) => isElement(element, SAML, 'Assertion') || isElement(element, SAML, 'EncryptedAssertion'),
  );
  if (assertions.length !== 1) malformed('assertion.count');
  if (assertions[0] !== assertion) malformed('assertion.place');
  checkSignaturePositions(root, signable);
}

/** The children of a Response; no others may be there. */
export function matchResponseChildren(response: XmlElement) {
  return matchChildren(
    response,
    {
      issuer: [SAML, 'Issuer', 0, 1],
      signature: [DSIG, 'Signature', 0, 1],
      status: [SAMLP, 'Status', 1, 1],
      assertion: [SAML, 'Assertion', 0, Number.POSITIVE_INFINITY],
      encrypted: [SAML, 'EncryptedAssertion', 0, Number.POSITIVE_INFINITY],
    },
    'response.content',
    'proof_malformed',
  );
}

/** An IdP that refuses sends no assertion, so this comes before asking for one. */
export function requireSuccess(status: XmlElement): void {
  const { codes } = matchChildren(
    status,
    {
      codes: [SAMLP, 'StatusCode', 1, 1],
      message: [SAMLP, 'StatusMessage', 0, 1],
      detail: [SAMLP, 'StatusDetail', 0, 1],
    },
    'status',
  );
  if (codes[0]?.attributes.get('Value') === STATUS_SUCCESS) return;
  rejectAssertion(
    'status',
    'proof_invalid',
    'The identity provider did not sign you in. Sign in there and try again.',
  );
}

/** A success has nothing more to say: what often nobody signed is not to grow at a later reader's cost. */
export function checkStatusContent({ children }: XmlElement): void {
  for (const child of children) {
    const allowed =
      !isElement(child, SAMLP, 'StatusDetail') &&
      child.children.length === 0 &&
      child.text.length <= MAX_STATUS_MESSAGE;
    if (!allowed) rejectAssertion('status.content');
  }
}

/** ID, Id and id alike, with or without a prefix: XML signature libraries look for all of them. */
function checkUniqueIds(root: XmlElement): void {
  const seen = new Set<string>();
  for (const element of selfAndDescendants(root)) {
    const ids = [...element.attributes].filter(([name]) => /(?:^|\})id$/i.test(name));
    if (ids.length > 1) malformed('xml.id');
    for (const [, id] of ids) {
      if (!/^[A-Za-z_][\w.-]{0,255}$/.test(id) || seen.has(id)) malformed('xml.id');
      seen.add(id);
    }
  }
}

/** A Signature may only be a child of what it signs, holds nothing of SAML, and is small: its KeyInfo is not signed. */
function checkSignaturePositions(root: XmlElement, signable: readonly XmlElement[]): void {
  const placed = new Set(
    signable.flatMap((parent) => parent.children.filter((child) => isElement(child, DSIG, 'Signature'))),
  );
  for (const element of selfAndDescendants(root)) {
    if (isElement(element, DSIG, 'Signature') && !placed.has(element)) malformed('signature.place');
  }
  for (const signature of placed) {
    const elements = [...selfAndDescendants(signature)];
    if (elements.some(({ namespace }) => namespace === SAML || namespace === SAMLP)) {
      malformed('signature.content');
    }
    if (elements.length > MAX_SIGNATURE_ELEMENTS || depthOf(signature) > MAX_SIGNATURE_DEPTH) {
      malformed('signature.size');
    }
  }
}

function depthOf({ children }: XmlElement): number {
  return 1 + Math.max(0, ...children.map(depthOf));
}

function claimedIssuer(response: XmlElement, assertion: XmlElement | undefined): string {
  const issuers = (assertion ?? response).children.filter((child) => isElement(child, SAML, 'Issuer'));
  return requireSingle(issuers, 'issuer.missing').text;
}

const malformed = (reason: SamlReason): never => rejectAssertion(reason, 'proof_malformed');
