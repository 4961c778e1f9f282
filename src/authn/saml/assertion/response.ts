// Checks the fields of a Response around its assertion. If the Response is not signed they prove nothing, but they must
// still agree with the assertion: a document that contradicts itself is refused.

import type { SamlIssuer } from '../../../config/schema/saml-issuer.js';
import type { LoginRequest } from '../../../core/types.js';
import { rejectAssertion } from '../reject-assertion.js';
import { requireSingle } from '../xml/elements.js';
import type { XmlElement } from '../xml/parse-xml.js';
import type { ExpectedValues, VerifiedAssertion } from './assertion.js';
import { checkHeader, checkIssuer } from './assertion.js';
import { checkStatusContent, matchResponseChildren, requireSuccess } from './response-structure.js';

const UNSOLICITED =
  'This issuer is accepted only for sign-ins that start here. The operator can allow others with `unsolicited: accept`.';
const FOREIGN =
  'The SAML response answers a request that this broker did not send. Start the sign-in at the identity provider, or ask the operator to set `unsolicited: accept-foreign`.';
const UNKNOWN =
  'This sign-in was not started in this browser, or was started too long ago. Start it again with cookies allowed.';

/**
 * SAML core 3.2.2, profiles 4.1.4.2, bindings 3.5.5.2: a signed Response names its Issuer and Destination.
 * @throws SallyportError with the code of the refusal and a reason for each field.
 */
export function checkResponse(
  response: XmlElement,
  signed: boolean,
  facts: VerifiedAssertion,
  expected: ExpectedValues,
  now: number,
): void {
  const parts = matchResponseChildren(response);
  checkHeader(response, now);
  const status = requireSingle(parts.status, 'response.content');
  requireSuccess(status);
  checkStatusContent(status);
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

/**
 * The authentication request that a Response answers (SAML profiles 4.1.4.3), if `unsolicited` of the issuer allows the
 * Response. A request may be answered once, so the caller must claim it. With audience aws the result is always undefined,
 * because the broker sends no requests on behalf of AWS. `sent` are the requests of the browser that sends the Response;
 * the response to another browser's request would sign in a different user (login CSRF).
 * @throws SallyportError `proof_invalid`, reason `saml.unsolicited` or `saml.in_response_to.*`.
 */
export function findLoginRequest(
  { name, config: { audience, unsolicited } }: { readonly name: string; readonly config: SamlIssuer },
  inResponseTo: string | undefined,
  sent: readonly LoginRequest[] = [],
): LoginRequest | undefined {
  const forAws = audience !== 'sallyport';
  const policy = unsolicited ?? (forAws ? 'accept' : 'refuse');
  if (inResponseTo === undefined) {
    if (policy === 'refuse') rejectAssertion('unsolicited', 'proof_invalid', UNSOLICITED);
    return undefined;
  }
  if (forAws) {
    if (policy !== 'accept-foreign') rejectAssertion('in_response_to.foreign', 'proof_invalid', FOREIGN);
    return undefined;
  }
  const request = sent.find(({ id }) => id === inResponseTo);
  if (!request) return rejectAssertion('in_response_to.unknown', 'proof_invalid', UNKNOWN);
  if (request.issuer !== name) return rejectAssertion('in_response_to.issuer');
  return request;
}
