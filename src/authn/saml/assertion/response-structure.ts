// Checks the structure of a Response before any of its content is trusted: one Assertion, signatures only where SAML puts
// them, unique IDs. This stops XML signature wrapping.

import { rejectAssertion, type SamlReason } from '../reject-assertion.js';
import { isElement, matchChildren, requireSingle, selfAndDescendants } from '../xml/elements.js';
import { DSIG, SAML, SAMLP, STATUS_SUCCESS } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/parse-xml.js';

/** An unverified Response. Its content selects the keys to verify with; apart from that it can only lead to a refusal. */
export interface ResponseStructure {
  readonly response: XmlElement;
  /** Absent exactly if `encrypted` is present. */
  readonly assertion?: XmlElement;
  readonly encrypted?: XmlElement;
  readonly claimedIssuer: string;
}

/** Characters. */
const MAX_STATUS_MESSAGE = 1_024;
const MAX_SIGNATURE_ELEMENTS = 64;
const ASSERTION_ALONE =
  'This is an Assertion without its Response. Send the whole Response of the identity provider.';

/** Levels including the Signature element itself. A SignedInfo needs six. */
const MAX_SIGNATURE_DEPTH = 8;

/**
 * SAML core 3.2.2 and 3.3.3.
 * @throws SallyportError `proof_malformed`, or `proof_invalid` (`saml.status`) if the IdP reports a failed sign-in.
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
    claimedIssuer: readClaimedIssuer(root, assertion),
  };
}

/**
 * Checks the whole tree: IDs are unique, `assertion` is the only Assertion or EncryptedAssertion, and Signatures are
 * children of `signable` elements only.
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

/** The children of a Response. Any other child is refused. */
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

/** An IdP that reports a failure sends no assertion, so this check comes before the search for one. */
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

/** Status of a successful Response must be small: it is often unsigned, and later readers would have to parse it. */
export function checkStatusContent({ children }: XmlElement): void {
  for (const child of children) {
    const allowed =
      !isElement(child, SAMLP, 'StatusDetail') &&
      child.children.length === 0 &&
      child.text.length <= MAX_STATUS_MESSAGE;
    if (!allowed) rejectAssertion('status.content');
  }
}

/** Covers ID, Id and id, with or without a prefix: XML signature libraries resolve all of them. */
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

/** A Signature must be a child of the element it signs, contain no SAML elements, and be small: its KeyInfo is unsigned. */
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

function readClaimedIssuer(response: XmlElement, assertion: XmlElement | undefined): string {
  const issuers = (assertion ?? response).children.filter((child) => isElement(child, SAML, 'Issuer'));
  return requireSingle(issuers, 'issuer.missing').text;
}

const malformed = (reason: SamlReason): never => rejectAssertion(reason, 'proof_malformed');
