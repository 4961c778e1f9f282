// Checks every field of a signed assertion. Later code only sees the result.

import { rejectAssertion } from '../reject-assertion.js';
import { leafText, matchChildren, requireSingle, selfAndDescendants } from '../xml/elements.js';
import { instantAttribute, requireOrder, requireStarted } from '../xml/instants.js';
import { DSIG, ENTITY_FORMAT, SAML } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/parse-xml.js';
import type { ExpectedAddressing } from './addressing.js';
import { checkConditions } from './conditions.js';
import { type Attribute, type Authentication, checkAuthentication, readAttributes } from './statements.js';
import { checkConfirmation, type NameId, readNameId } from './subject.js';

/** Values that the assertions of an issuer must have. */
export interface ExpectedValues {
  readonly entityId: string;
  readonly addressing: ExpectedAddressing;
  /** Seconds from IssueInstant to the earliest NotOnOrAfter. */
  readonly maxLifetime: number;
}

export interface VerifiedAssertion {
  readonly id: string;
  /** Epoch seconds, possibly with a fraction. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly recipient: string;
  readonly audience: string;
  readonly inResponseTo?: string;
  readonly nameId: NameId;
  readonly authentication: Authentication;
  readonly attributes: readonly Attribute[];
}

/**
 * SAML core 2.3.3. `now` in epoch seconds.
 * @throws SallyportError with the code of the refusal and a reason for each field.
 */
export function checkAssertion(
  assertion: XmlElement,
  expected: ExpectedValues,
  now: number,
): VerifiedAssertion {
  const parts = matchChildren(
    assertion,
    {
      issuer: [SAML, 'Issuer', 1, 1],
      signature: [DSIG, 'Signature', 0, 1],
      subject: [SAML, 'Subject', 0, 1],
      conditions: [SAML, 'Conditions', 0, 1],
      advice: [SAML, 'Advice', 0, 1],
      authentication: [SAML, 'AuthnStatement', 1, 1],
      attributes: [SAML, 'AttributeStatement', 0, 1],
    },
    'assertion.content',
  );
  for (const advice of parts.advice) checkAdvice(advice);
  const { id, issuedAt } = checkHeader(assertion, now);
  checkIssuer(requireSingle(parts.issuer, 'issuer.missing'), expected.entityId);
  const subject = requireSingle(parts.subject, 'subject.missing', 'claim_missing');
  const nameId = readNameId(subject);
  const confirmation = checkConfirmation(subject, expected.addressing, now);
  const { recipient, inResponseTo } = confirmation;
  const conditions = checkConditions(
    requireSingle(parts.conditions, 'conditions.missing'),
    recipient,
    expected.addressing,
    now,
  );
  const expiresAt = Math.min(confirmation.notOnOrAfter, conditions.notOnOrAfter);
  requireOrder(issuedAt, expiresAt);
  if (expiresAt - issuedAt > expected.maxLifetime) rejectAssertion('lifetime');
  return {
    id,
    issuedAt,
    expiresAt,
    recipient,
    audience: conditions.audience,
    ...(inResponseTo !== undefined && { inResponseTo }),
    nameId,
    authentication: checkAuthentication(requireSingle(parts.authentication, 'assertion.content'), now),
    attributes: readAttributes(parts.attributes[0]),
  };
}

/** ID, Version and IssueInstant, which Response and Assertion share (SAML core 2.3.3 and 3.2.2). */
export function checkHeader(
  element: XmlElement,
  now: number,
): { readonly id: string; readonly issuedAt: number } {
  if (element.attributes.get('Version') !== '2.0') rejectAssertion('version');
  const id = element.attributes.get('ID') ?? rejectAssertion('id.missing');
  const issuedAt = instantAttribute(element, 'IssueInstant') ?? rejectAssertion('issue_instant.missing');
  requireStarted(issuedAt, now, 'issue_instant');
  return { id, issuedAt };
}

/** SAML core 2.6.1 permits ignoring Advice. It must not contain anything that could be taken for a part of the assertion. */
function checkAdvice(advice: XmlElement): void {
  const references = advice.children.filter(
    ({ name, children }) => /^Assertion(?:ID|URI)Ref$/.test(name) && children.length === 0,
  );
  const samlElements = [...selfAndDescendants(advice)].slice(1).filter(({ namespace }) => namespace === SAML);
  if (!samlElements.every((element) => references.includes(element))) rejectAssertion('advice');
}

/** SAML profiles 4.1.4.2: the Issuer is the IdP's entity ID, and no other kind of name. */
export function checkIssuer(issuer: XmlElement, entityId: string): void {
  if ((issuer.attributes.get('Format') ?? ENTITY_FORMAT) !== ENTITY_FORMAT) rejectAssertion('issuer.format');
  if (leafText(issuer, 'issuer') !== entityId) rejectAssertion('issuer');
}
