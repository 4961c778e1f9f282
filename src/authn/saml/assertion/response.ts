// The fields of a Response around its assertion. If the Response itself is not signed they prove nothing, but what
// they say must still fit: a document that contradicts itself is refused.

import { rejectAssertion } from '../reject-assertion.js';
import { requireSingle } from '../xml/elements.js';
import type { XmlElement } from '../xml/parse-xml.js';
import type { ExpectedValues, VerifiedAssertion } from './assertion.js';
import { checkHeader, checkIssuer } from './assertion.js';
import { requireBareStatus, requireSuccess, responseParts } from './response-structure.js';

/**
 * SAML core 3.2.2, profiles 4.1.4.2, bindings 3.5.5.2: a signed Response names its Issuer and Destination.
 * @throws SallyportError with the refusal's code and a reason per field.
 */
export function checkResponse(
  response: XmlElement,
  signed: boolean,
  facts: VerifiedAssertion,
  expected: ExpectedValues,
  now: number,
): void {
  const parts = responseParts(response);
  checkHeader(response, now);
  const status = requireSingle(parts.status, 'response.content');
  requireSuccess(status);
  requireBareStatus(status);
  const [issuer] = parts.issuer;
  if (issuer) checkIssuer(issuer, expected.entityId);
  else if (signed) rejectAssertion('issuer.missing');
  const destination = response.attributes.get('Destination');
  if (destination === undefined) {
    if (signed) rejectAssertion('destination.missing', 'audience_mismatch');
  } else if (!expected.addressing.isRecipient(destination)) {
    rejectAssertion('destination', 'audience_mismatch');
  }
  if (response.attributes.get('InResponseTo') !== facts.inResponseTo)
    rejectAssertion('in_response_to.mismatch');
}
