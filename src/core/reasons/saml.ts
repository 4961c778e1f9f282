// Reasons of SAML verification that concern the document: encoding, XML, structure, signatures, IdP and cross-check.
// The fields of the assertion are in saml-assertion.ts.
import { reasons } from './reason-entry.js';

const SEND_WHOLE_RESPONSE =
  'Ask the caller to send SAMLResponse exactly as the IdP posted it, base64 and not URL-encoded twice.';
const POSSIBLE_WRAPPING =
  'Treat it as an attempt at XML signature wrapping and look at the source address in the audit log.';
const REPORT_TO_IDP =
  'Compare the Response with the SAML standard and report it to the vendor of the IdP; no setting of the broker accepts it.';
const POSSIBLE_FORGERY = 'Treat it as an attack: regular IdPs do not send this.';

export const SAML_REASONS = reasons({
  // Encoding
  'saml.size': {
    meaning: 'The Response is longer than the 100,000 base64 characters that STS accepts.',
    action: 'Reduce the attributes that the IdP sends, for example groups.',
  },
  'saml.base64': { meaning: 'The Response is not strict base64.', action: SEND_WHOLE_RESPONSE },
  'saml.utf8': { meaning: 'The Response is not UTF-8.', action: SEND_WHOLE_RESPONSE },

  // XML
  'saml.xml.malformed': { meaning: 'The Response is not well-formed XML.', action: SEND_WHOLE_RESPONSE },
  'saml.xml.doctype': { meaning: 'The XML has a DOCTYPE.', action: POSSIBLE_FORGERY },
  'saml.xml.cdata': {
    meaning: 'The XML has a CDATA section.',
    action: 'Have the IdP write text without CDATA.',
  },
  'saml.xml.comment': {
    meaning: 'The XML has a comment, which XML libraries read in different ways.',
    action: 'Have the IdP write no comments. Treat it as an attack if the IdP never does.',
  },
  'saml.xml.processing_instruction': {
    meaning: 'The XML has a processing instruction.',
    action: POSSIBLE_FORGERY,
  },
  'saml.xml.declaration': {
    meaning: 'The XML declaration names a version other than 1.0 or an encoding other than UTF-8.',
    action: 'Have the IdP write XML 1.0 in UTF-8.',
  },
  'saml.xml.character': {
    meaning: 'The XML has U+0085 or U+2028, which XML libraries read in different ways.',
    action: 'Correct the attribute with this character in the directory behind the IdP.',
  },
  'saml.xml.name': {
    meaning: 'An element or attribute has a name with characters that SAML does not use.',
    action: POSSIBLE_FORGERY,
  },
  'saml.xml.namespace': {
    meaning: 'The XML declares a namespace that is not known for this issuer.',
    action: 'Add the namespace to `namespaces` of the issuer if the IdP declares it in every Response.',
  },
  'saml.xml.mixed_content': {
    meaning: 'An element has both text and child elements.',
    action: REPORT_TO_IDP,
  },
  'saml.xml.depth': { meaning: 'Elements are nested more than 16 levels deep.', action: POSSIBLE_FORGERY },
  'saml.xml.elements': {
    meaning: 'The Response has more than 1,000 elements.',
    action: 'Reduce the attributes that the IdP sends, for example groups.',
  },
  'saml.xml.attributes': {
    meaning: 'The Response, or one of its elements, has too many XML attributes.',
    action: 'Reduce the attributes that the IdP sends, for example groups.',
  },
  'saml.xml.id': {
    meaning: 'An XML ID occurs twice, is not a valid ID, or an element has several.',
    action: POSSIBLE_WRAPPING,
  },

  // Structure
  'saml.root': {
    meaning: 'The root element is not a SAML 2.0 Response.',
    action: 'Ask the caller to send the whole Response, not the Assertion alone.',
  },
  'saml.response.content': {
    meaning: 'The Response has a child that is not allowed, or too few or too many of one.',
    action: REPORT_TO_IDP,
  },
  'saml.status': {
    meaning: 'The IdP reports that the sign-in failed.',
    action: 'Look into the log of the IdP for the sign-in at this time.',
  },
  'saml.status.content': {
    meaning: 'The Status of a successful Response has details, nested codes or a long message.',
    action: REPORT_TO_IDP,
  },
  'saml.assertion.count': {
    meaning: 'The Response does not have exactly one assertion.',
    action: `Configure the IdP to send one assertion. ${POSSIBLE_WRAPPING}`,
  },
  'saml.assertion.place': {
    meaning: 'The assertion is not a direct child of the Response.',
    action: POSSIBLE_WRAPPING,
  },

  // Signature and encryption
  'saml.signature.missing': {
    meaning: 'No signature covers the assertion.',
    action: 'Have the IdP sign the assertion, the Response or both.',
  },
  'saml.signature.place': {
    meaning: 'A Signature is not a direct child of the Response or the assertion.',
    action: POSSIBLE_WRAPPING,
  },
  'saml.signature.content': {
    meaning: 'A Signature has SAML elements inside.',
    action: POSSIBLE_WRAPPING,
  },
  'saml.signature.size': {
    meaning: 'A Signature has more elements or levels than XML Signature needs.',
    action: POSSIBLE_WRAPPING,
  },
  'saml.signature.shape': {
    meaning: 'A Signature has a child that SAML does not allow in one, or lacks one that it needs.',
    action: REPORT_TO_IDP,
  },
  'saml.signature.reference': {
    meaning: 'A Signature does not have exactly one Reference, to the ID of its parent element.',
    action: POSSIBLE_WRAPPING,
  },
  'saml.signature.canonicalization': {
    meaning: 'A Signature does not use exclusive canonicalization without comments.',
    action: 'Configure the IdP to use http://www.w3.org/2001/10/xml-exc-c14n#.',
  },
  'saml.signature.transforms': {
    meaning: 'A Signature has transforms other than enveloped-signature and exclusive canonicalization.',
    action: 'Configure the IdP to use these two transforms only, in this order.',
  },
  'saml.signature.algorithm': {
    meaning: 'The signature algorithm is not RSA or ECDSA with SHA-256, SHA-384 or SHA-512.',
    action: 'Configure the IdP to sign with SHA-256; SHA-1 is not accepted.',
  },
  'saml.signature.digest_algorithm': {
    meaning: 'The digest algorithm is not SHA-256, SHA-384 or SHA-512.',
    action: 'Configure the IdP to use SHA-256 digests; SHA-1 is not accepted.',
  },
  'saml.signature.value': {
    meaning: 'No key in the metadata of the IdP made the signature.',
    action:
      'Get the current metadata of the IdP; its signing certificate has probably been rotated. Treat it as an attack if the metadata is current.',
  },
  'saml.signature.digest': {
    meaning: 'The signed content was changed after it was signed.',
    action: 'Look for a proxy that rewrites the XML. Otherwise treat it as an attack.',
  },
  'saml.decryption': {
    meaning:
      'The assertion cannot be decrypted. All causes have this reason, so that no caller can probe for them.',
    action:
      'Check that `decryptionKeys` has the private key of the certificate that the IdP encrypts for, that the IdP uses RSA-OAEP with AES-GCM, and that it signs the Response where it uses AES-CBC.',
  },

  // IdP
  'saml.issuer.unknown': {
    meaning: 'No configured SAML issuer has this entity ID.',
    action: 'Compare Issuer in the Response with `entityID` in the metadata of the issuer.',
  },
  'saml.issuer.for_aws': {
    meaning: 'A browser sent a Response from an issuer whose assertions are addressed to AWS.',
    action: 'Add an issuer with `audience: sallyport` for browser sign-in.',
  },
  'saml.metadata': {
    meaning: 'A certificate element in the metadata of an IdP has child elements.',
    action: 'Get the metadata again from the IdP.',
  },
  'saml.metadata.missing': {
    meaning: 'The metadata URL of the issuer has not responded since the broker started.',
    action: 'Check the network path to the metadata URL; the log has the last failure.',
  },
  'saml.metadata.expired': {
    meaning: 'The metadata of the issuer has expired (`validUntil`).',
    action: 'Get current metadata; if it comes from a URL, check why it cannot be refreshed.',
  },

  // Sign-in by browser
  'saml.sign_in.issuer': {
    meaning: 'Sign-in was started with an issuer that does not exist or has `audience: aws`.',
    action: 'Link to `/login/{issuer}` of an issuer with `audience: sallyport`.',
  },
  'saml.sign_in.binding': {
    meaning: 'The metadata of the issuer has no SingleSignOnService with HTTP-Redirect and https.',
    action: 'Get metadata with one; otherwise sign-in can only start at the IdP.',
  },
  'saml.request': {
    meaning: 'saml2-js could not create the authentication request.',
    action: 'Report the logged error as a bug.',
  },
  'saml.unsolicited': {
    meaning: 'The Response has no InResponseTo, and the issuer has `unsolicited: refuse`.',
    action: 'Set `unsolicited: accept` if sign-in may start at the IdP.',
  },
  'saml.in_response_to.foreign': {
    meaning: 'The Response is for an authentication request that the broker did not send.',
    action:
      'Set `unsolicited: accept-foreign` if another tool starts the sign-in on behalf of AWS; the broker cannot check such requests.',
  },
  'saml.in_response_to.unknown': {
    meaning: 'The Response is not for a sign-in that this browser started in the last minutes.',
    action:
      'Ask the user to sign in again with cookies allowed. Treat repeated occurrences as login CSRF or a stolen Response.',
  },
  'saml.in_response_to.issuer': {
    meaning: 'The Response is for a sign-in that was started with another issuer.',
    action: 'Treat it as an attack of one IdP on the users of another.',
  },

  // Cross-check with saml2-js
  'saml.reader.disagrees': {
    meaning: 'saml2-js reads another subject or other attributes from the same Response.',
    action: 'Report it as a bug, and treat it as an attack until it is understood.',
  },
  'saml.reader.refused': {
    meaning: 'saml2-js does not accept the Response.',
    action: 'Report it as a bug with a Response of a test user.',
  },
  'saml.reader.failed': {
    meaning: 'The worker of saml2-js crashed or did not finish with this Response.',
    action: 'Look for worker errors in the log. Treat repeated occurrences as a denial of service.',
  },
  'saml.reader.unavailable': {
    meaning: 'The worker of saml2-js does not start.',
    action: 'Look for worker errors in the log; check the memory of the process.',
  },
  'saml.reader.queue': {
    meaning: 'Too many Responses wait for the worker of saml2-js.',
    action: 'Add replicas or CPU.',
  },
  'saml.unexpected': {
    meaning: 'Verification failed for a cause that the broker does not know.',
    action: 'Report the logged error as a bug.',
  },
});
