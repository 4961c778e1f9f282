// The checks of an assertion other than its signature. AWS documents the messages; that the code is InvalidIdentityToken
// for all of them is assumed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
import type { SamlProvider } from '../../iam/model.js';
import { expiredIdentityToken, invalidIdentityToken } from '../errors.js';
import { type Assertion, readAssertion } from './assertion.js';
import { readSignedAssertion } from './signed-assertion.js';

const REDEMPTION_MS = 5 * 60 * 1000;
const AUDIENCES =
  /^(?:urn:amazon:webservices|https:\/\/(?:[a-z]{2}(?:-[a-z]+)+-\d\.)?signin\.aws\.amazon\.com\/saml)$/;
const RECIPIENT = /^https:\/\/(?:[a-z]{2}(?:-[a-z]+)+-\d\.)?signin\.aws\.amazon\.com\/saml$/;

export interface VerifiedAssertion {
  readonly assertion: Assertion;
  readonly recipient: string;
}

/** Throws InvalidIdentityToken or ExpiredTokenException. */
export function verifyAssertion(base64: string, provider: SamlProvider, now: Date): VerifiedAssertion {
  const assertion = readAssertion(readSignedAssertion(base64, provider.certificates));
  if (assertion.issuer !== provider.entityId) {
    throw invalidIdentityToken('Issuer not present in specified provider');
  }
  if (!assertion.audiences.some((audience) => AUDIENCES.test(audience))) {
    throw invalidIdentityToken('Response does not contain the required audience.');
  }
  const [confirmation, ...others] = assertion.confirmations;
  // AWS requires exactly one confirmation whose Recipient is AWS; its messages are not known.
  if (!confirmation || others.length > 0 || !RECIPIENT.test(confirmation.recipient)) {
    throw invalidIdentityToken('Response must have exactly one SubjectConfirmation, addressed to AWS');
  }
  checkTimes(assertion, confirmation.notOnOrAfter, now);
  return { assertion, recipient: confirmation.recipient };
}

/** The clock skew that AWS accepts is not known; there is none here. Comparisons with invalid dates fail. */
function checkTimes(assertion: Assertion, confirmedUntil: Date, now: Date): void {
  const { issueInstant, notBefore, notOnOrAfter, sessionNotOnOrAfter } = assertion;
  if (!(now.getTime() - issueInstant.getTime() <= REDEMPTION_MS)) {
    throw expiredIdentityToken('Token must be redeemed within 5 minutes of issuance');
  }
  const ends = [confirmedUntil, notOnOrAfter, sessionNotOnOrAfter].filter((end) => end !== undefined);
  if (!ends.every((end) => now < end)) throw expiredIdentityToken('Assertion is no longer valid');
  if (notBefore && !(now >= notBefore)) throw invalidIdentityToken('Assertion is not valid yet');
}
