// Reasons of SAML verification that concern the fields of the assertion and of the Response around it.
import { reasons } from './reason-entry.js';

const REPORT_TO_IDP =
  'Compare the assertion with the SAML web browser SSO profile and report it to the vendor of the IdP.';
const GET_NEW =
  'None if it is rare: the caller gets a new assertion. Otherwise compare the clocks of the IdP and the broker.';
const CHECK_CLOCKS = 'Synchronize the clocks of the IdP and the broker.';
const CHECK_ADDRESSING =
  'Configure the application at the IdP for the `audience` of the issuer: AWS sign-in, or the broker with its entity ID and ACS URL from /saml/metadata.';

export const SAML_ASSERTION_REASONS = reasons({
  // Header
  'saml.version': { meaning: 'Version is not 2.0.', action: 'Configure the IdP for SAML 2.0.' },
  'saml.id.missing': { meaning: 'The Response or the assertion has no ID.', action: REPORT_TO_IDP },
  'saml.issue_instant.missing': {
    meaning: 'The Response or the assertion has no IssueInstant.',
    action: REPORT_TO_IDP,
  },
  'saml.issue_instant': { meaning: 'IssueInstant is in the future.', action: CHECK_CLOCKS },
  'saml.instant': {
    meaning: 'A time is not an xs:dateTime in UTC that ends with Z.',
    action: REPORT_TO_IDP,
  },
  'saml.issuer': {
    meaning: 'Issuer differs from the entity ID in the metadata.',
    action: 'Compare the entity ID at the IdP with `entityID` in the metadata.',
  },
  'saml.issuer.missing': {
    meaning: 'The assertion, or a signed Response, has no Issuer.',
    action: 'Configure the IdP to send Issuer in the Response and the assertion.',
  },
  'saml.issuer.format': {
    meaning: 'The Format of Issuer is not that of an entity ID.',
    action: REPORT_TO_IDP,
  },
  'saml.destination': {
    meaning: 'Destination of the Response is not the URL that the issuer must address.',
    action: CHECK_ADDRESSING,
  },
  'saml.destination.missing': {
    meaning: 'The signed Response has no Destination.',
    action: 'Configure the IdP to send Destination.',
  },
  'saml.in_response_to.mismatch': {
    meaning: 'InResponseTo differs between the Response and the assertion.',
    action: 'Treat it as an attack: the parts come from different sign-ins.',
  },

  // Content
  'saml.assertion.content': {
    meaning: 'The assertion has a child that is not allowed, or not exactly one AuthnStatement.',
    action: 'Configure the IdP to send one AuthnStatement and at most one AttributeStatement.',
  },
  'saml.advice': {
    meaning: 'Advice has elements of SAML inside.',
    action: 'Treat it as an attempt at XML signature wrapping.',
  },
  'saml.lifetime': {
    meaning: 'The time from IssueInstant to NotOnOrAfter is longer than `maxLifetime` of the issuer.',
    action: 'Shorten the lifetime of assertions at the IdP, or raise `maxLifetime`.',
  },

  // Subject
  'saml.subject.missing': {
    meaning: 'The assertion has no Subject.',
    action: 'Configure a NameID at the IdP.',
  },
  'saml.subject': { meaning: 'Subject has a child that is not allowed.', action: REPORT_TO_IDP },
  'saml.nameid.missing': {
    meaning: 'Subject has no NameID.',
    action: 'Configure a NameID at the IdP.',
  },
  'saml.nameid.content': { meaning: 'NameID has child elements.', action: REPORT_TO_IDP },
  'saml.nameid.empty': {
    meaning: 'NameID is empty.',
    action: 'Give the user a value for the attribute that the IdP uses as NameID.',
  },
  'saml.nameid.length': {
    meaning: 'NameID has more than 256 characters.',
    action: 'Choose a shorter attribute as NameID at the IdP.',
  },
  'saml.nameid.characters': {
    meaning: 'NameID has invisible characters, or blanks at its ends.',
    action: 'Correct the attribute in the directory behind the IdP.',
  },
  'saml.confirmation.count': {
    meaning: 'Subject does not have exactly one SubjectConfirmation.',
    action: 'Configure the IdP to send one bearer confirmation.',
  },
  'saml.confirmation.method': {
    meaning: 'The confirmation method is not bearer.',
    action: 'Configure the IdP to send a bearer confirmation.',
  },
  'saml.confirmation.data': {
    meaning: 'SubjectConfirmation does not have exactly one SubjectConfirmationData without content.',
    action: REPORT_TO_IDP,
  },
  'saml.confirmation.not_before': {
    meaning: 'The confirmation is not valid yet (NotBefore).',
    action: CHECK_CLOCKS,
  },
  'saml.confirmation.not_on_or_after': {
    meaning: 'SubjectConfirmationData has no NotOnOrAfter.',
    action: REPORT_TO_IDP,
  },
  'saml.confirmation.expired': { meaning: 'The confirmation has expired.', action: GET_NEW },
  'saml.recipient': {
    meaning: 'Recipient is not the URL that the issuer must address.',
    action: CHECK_ADDRESSING,
  },
  'saml.recipient.missing': {
    meaning: 'SubjectConfirmationData has no Recipient.',
    action: REPORT_TO_IDP,
  },

  // Conditions
  'saml.conditions.missing': { meaning: 'The assertion has no Conditions.', action: REPORT_TO_IDP },
  'saml.conditions.unknown': {
    meaning: 'Conditions has a condition that the broker does not support.',
    action: 'Turn off the additional condition at the IdP.',
  },
  'saml.conditions.not_before': {
    meaning: 'The assertion is not valid yet (NotBefore).',
    action: CHECK_CLOCKS,
  },
  'saml.conditions.expired': { meaning: 'The assertion has expired (NotOnOrAfter).', action: GET_NEW },
  'saml.conditions.order': {
    meaning: 'A period of validity ends before it begins.',
    action: REPORT_TO_IDP,
  },
  'saml.audience': {
    meaning: 'An AudienceRestriction does not name the expected audience.',
    action: CHECK_ADDRESSING,
  },
  'saml.audience.missing': {
    meaning: 'The assertion has no AudienceRestriction.',
    action: 'Configure the IdP to restrict the audience.',
  },
  'saml.audience.content': {
    meaning: 'AudienceRestriction has something else than Audience elements with text.',
    action: REPORT_TO_IDP,
  },

  // Statements
  'saml.authn_statement': {
    meaning: 'AuthnStatement has a child that is not allowed, or no AuthnContext.',
    action: REPORT_TO_IDP,
  },
  'saml.authn_context': {
    meaning: 'AuthnContext has a child that is not allowed.',
    action: REPORT_TO_IDP,
  },
  'saml.authn_instant': { meaning: 'AuthnInstant is in the future.', action: CHECK_CLOCKS },
  'saml.authn_instant.missing': { meaning: 'AuthnStatement has no AuthnInstant.', action: REPORT_TO_IDP },
  'saml.session.expired': {
    meaning: 'The session at the IdP has ended (SessionNotOnOrAfter).',
    action: GET_NEW,
  },
  'saml.attribute_statement': {
    meaning: 'AttributeStatement has something else than Attribute elements, for example encrypted ones.',
    action: 'Turn off attribute encryption at the IdP; encrypt the whole assertion instead.',
  },
  'saml.attribute.name': { meaning: 'An Attribute has no Name.', action: REPORT_TO_IDP },
  'saml.attribute.content': {
    meaning: 'An Attribute has something else than AttributeValue elements.',
    action: REPORT_TO_IDP,
  },
  'saml.attribute.value': {
    meaning: 'An AttributeValue has child elements other than one NameID.',
    action: 'Configure the IdP to send the attribute as text, or not at all.',
  },
  'saml.attribute.reserved': {
    meaning: 'An Attribute has the name of a claim that the broker sets itself, such as NameID.',
    action: 'Rename the attribute at the IdP.',
  },
});
