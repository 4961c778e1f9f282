// Checks the Subject of an assertion: its NameID and the bearer confirmation that entitles the caller to present it.
import { hasInvisibleCharacters } from '../../../core/invisible-characters.js';
import { omitUndefined } from '../../../core/omit-undefined.js';
import { rejectAssertion } from '../reject-assertion.js';
import { leafText, matchChildren, requireSingle } from '../xml/elements.js';
import { instantAttribute, requireNotEnded, requireOrder, requireStarted } from '../xml/instants.js';
import { BEARER, SAML } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/parse-xml.js';
import type { ExpectedAddressing } from './addressing.js';

export interface NameId {
  readonly value: string;
  readonly format?: string;
  readonly nameQualifier?: string;
  readonly spNameQualifier?: string;
}

export interface Confirmation {
  readonly recipient: string;
  /** Epoch seconds. */
  readonly notOnOrAfter: number;
  readonly inResponseTo?: string;
}

/** SAML core 8.3.7 limits persistent identifiers to 256 characters. The broker applies it to every NameID. */
const MAX_NAME_ID = 256;

/** SAML core 2.4.1. @throws SallyportError `claim_missing`, reason `saml.nameid.*`. */
export function readNameId(subject: XmlElement): NameId {
  const { nameId } = matchChildren(
    subject,
    {
      nameId: [SAML, 'NameID', 0, 1],
      confirmation: [SAML, 'SubjectConfirmation', 0, Number.POSITIVE_INFINITY],
    },
    'subject',
  );
  const element = requireSingle(nameId, 'nameid.missing', 'claim_missing');
  const value = leafText(element, 'nameid.content');
  if (value.trim() === '') return rejectAssertion('nameid.empty', 'claim_missing');
  if (value.length > MAX_NAME_ID) return rejectAssertion('nameid.length', 'claim_missing');
  if (hasInvisibleCharacters(value) || value !== value.trim())
    return rejectAssertion('nameid.characters', 'claim_missing');
  return {
    value,
    ...omitUndefined({
      format: element.attributes.get('Format'),
      nameQualifier: element.attributes.get('NameQualifier'),
      spNameQualifier: element.attributes.get('SPNameQualifier'),
    }),
  };
}

/** SAML profiles 4.1.4.2 and 4.1.4.3. Address is not checked: the caller may connect from another address than the browser. */
export function checkConfirmation(
  subject: XmlElement,
  addressing: ExpectedAddressing,
  now: number,
): Confirmation {
  const confirmations = subject.children.filter(({ name }) => name === 'SubjectConfirmation');
  const confirmation = requireSingle(confirmations, 'confirmation.count');
  if (confirmation.attributes.get('Method') !== BEARER) rejectAssertion('confirmation.method');
  const { data } = matchChildren(
    confirmation,
    { data: [SAML, 'SubjectConfirmationData', 1, 1] },
    'confirmation.data',
  );
  const bearer = requireSingle(data, 'confirmation.data');
  if (leafText(bearer, 'confirmation.data').trim() !== '') rejectAssertion('confirmation.data');
  const recipient =
    bearer.attributes.get('Recipient') ?? rejectAssertion('recipient.missing', 'audience_mismatch');
  if (!addressing.isRecipient(recipient)) rejectAssertion('recipient', 'audience_mismatch');
  const notBefore = instantAttribute(bearer, 'NotBefore');
  requireStarted(notBefore, now, 'confirmation.not_before');
  const notOnOrAfter =
    instantAttribute(bearer, 'NotOnOrAfter') ?? rejectAssertion('confirmation.not_on_or_after');
  requireNotEnded(notOnOrAfter, now, 'confirmation.expired');
  requireOrder(notBefore, notOnOrAfter);
  const inResponseTo = bearer.attributes.get('InResponseTo');
  return { recipient, notOnOrAfter, ...(inResponseTo !== undefined && { inResponseTo }) };
}
