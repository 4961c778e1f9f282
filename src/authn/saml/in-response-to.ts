// Whether a Response answers a request of this broker (SAML profiles 4.1.4.3), and whether it must.
import type { SamlIssuer } from '../../config/schema/saml-issuer.js';
import type { LoginRequest } from '../../core/types.js';
import { rejectAssertion } from './reject-assertion.js';

/**
 * The request that is answered, if the issuer's settings allow the answer at all; it may be answered once, so whoever
 * takes the answer must claim it. With audience aws there is never one: the broker sends none in AWS's name. `sent` are
 * the requests sent for the very browser that brings the answer: another one's would sign somebody else in there.
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
  const answered = sent.find(({ id }) => id === inResponseTo);
  if (!answered) return rejectAssertion('in_response_to.unknown', 'proof_invalid', UNKNOWN);
  if (answered.issuer !== name) return rejectAssertion('in_response_to.issuer');
  return answered;
}

const UNSOLICITED =
  'This issuer is accepted only in answer to a sign-in that began here. The operator may allow others with `unsolicited: accept`.';
const FOREIGN =
  'The SAML response answers a request that was not sent from here. Start the sign-in at the identity provider; or the operator may allow this with `unsolicited: accept-foreign`.';
const UNKNOWN =
  'This sign-in was not begun in this browser, or too long ago. Begin it again, and let the browser keep cookies.';
