// Checks the Conditions of an assertion. Each one must be supported and met (SAML core 2.5.1).

import { rejectAssertion } from '../reject-assertion.js';
import { leafText, matchChildren } from '../xml/elements.js';
import { instantAttribute, requireNotEnded, requireOrder, requireStarted } from '../xml/instants.js';
import { SAML } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/parse-xml.js';
import type { ExpectedAddressing } from './addressing.js';

export interface VerifiedConditions {
  /** The Audience that matches the broker or AWS; with several restrictions, that of the first. */
  readonly audience: string;
  /** Epoch seconds. */
  readonly notOnOrAfter: number;
}

/**
 * OneTimeUse needs no check, because the broker accepts every assertion only once. ProxyRestriction (2.5.1.6) needs none,
 * because the broker issues no assertions. Any other condition is refused. Without NotOnOrAfter the conditions never expire.
 */
export function checkConditions(
  conditions: XmlElement,
  recipient: string,
  addressing: ExpectedAddressing,
  now: number,
): VerifiedConditions {
  const { restrictions } = matchChildren(
    conditions,
    {
      restrictions: [SAML, 'AudienceRestriction', 0, Number.POSITIVE_INFINITY],
      oneTimeUse: [SAML, 'OneTimeUse', 0, 1],
      proxyRestriction: [SAML, 'ProxyRestriction', 0, 1],
    },
    'conditions.unknown',
  );
  const audiences = restrictions.map((restriction) => matchAudience(restriction, recipient, addressing));
  const notBefore = instantAttribute(conditions, 'NotBefore');
  requireStarted(notBefore, now, 'conditions.not_before');
  const notOnOrAfter = instantAttribute(conditions, 'NotOnOrAfter') ?? Number.POSITIVE_INFINITY;
  requireNotEnded(notOnOrAfter, now, 'conditions.expired');
  requireOrder(notBefore, notOnOrAfter);
  return { audience: audiences[0] ?? rejectAssertion('audience.missing', 'audience_mismatch'), notOnOrAfter };
}

function matchAudience(restriction: XmlElement, recipient: string, addressing: ExpectedAddressing): string {
  const { audiences } = matchChildren(
    restriction,
    { audiences: [SAML, 'Audience', 0, Number.POSITIVE_INFINITY] },
    'audience.content',
  );
  // Whitespace around an xs:anyURI is not part of the value (XML Schema part 2, 3.2.17).
  const texts = audiences.map((audience) => leafText(audience, 'audience.content').trim());
  const matching = texts.find((text) => addressing.isAudience(text, recipient));
  return matching ?? rejectAssertion('audience', 'audience_mismatch');
}
