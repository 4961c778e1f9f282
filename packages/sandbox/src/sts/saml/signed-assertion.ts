// Finds the assertion of a SAML response and returns the signed version: it is parsed again from the signed bytes, so that
// unsigned content is never read.
// saml-core-2.0-os section 5, xmldsig-core.
import { DOMParser } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { invalidIdentityToken } from '../errors.js';

export const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';

/** AWS's messages for invalid responses are not known. */
const invalidResponse = (what: string) => invalidIdentityToken(`Invalid SAML response: ${what}`);
const badSignature = () => invalidIdentityToken('Response signature invalid');

/**
 * The signed Assertion element of a base64 response; `certificates` (PEM) are the trusted signing
 * certificates. The signature of the Response is used if it has one, otherwise that of the Assertion. Throws InvalidIdentityToken.
 */
export function readSignedAssertion(base64: string, certificates: readonly string[]): Element {
  const xml = Buffer.from(base64, 'base64').toString('utf8');
  const response = parse(xml);
  if (response.namespaceURI !== PROTOCOL || response.localName !== 'Response') {
    throw invalidResponse('the root element is not samlp:Response');
  }
  const status = children(response, PROTOCOL, 'Status')[0];
  const code = status && children(status, PROTOCOL, 'StatusCode')[0]?.getAttribute('Value');
  if (code !== SUCCESS) throw invalidResponse('its status is not Success');
  if (children(response, ASSERTION, 'EncryptedAssertion').length > 0) {
    throw invalidResponse('the sandbox STS does not implement encrypted assertions');
  }
  const assertion = onlyAssertion(response);
  const signedElement = children(response, DSIG, 'Signature').length > 0 ? response : assertion;
  const signed = parse(verify(xml, signedElement, certificates));
  if (signed.localName !== signedElement.localName) throw badSignature();
  return signedElement === response ? onlyAssertion(signed) : signed;
}

function onlyAssertion(response: Element): Element {
  const [assertion, ...others] = children(response, ASSERTION, 'Assertion');
  if (!assertion || others.length > 0) throw invalidResponse('it must hold exactly one assertion');
  return assertion;
}

/** The canonical XML that the signature inside `element` covers: that element and nothing else. */
function verify(xml: string, element: Element, certificates: readonly string[]): string {
  const [signature, ...others] = children(element, DSIG, 'Signature');
  const id = element.getAttribute('ID');
  if (!signature || others.length > 0 || !id) throw badSignature();
  for (const publicCert of certificates) {
    const verifier = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
    try {
      verifier.loadSignature(signature);
      const [reference, ...more] = verifier.getReferences();
      if (more.length > 0 || reference?.uri !== `#${id}`) throw badSignature();
      const [signed] = verifier.checkSignature(xml) ? verifier.getSignedReferences() : [];
      if (signed !== undefined) return signed;
    } catch {
      // Not signed with this certificate: try the next one.
    }
  }
  throw badSignature();
}

function parse(xml: string): Element {
  if (/<!DOCTYPE/i.test(xml)) throw invalidResponse('it has a document type declaration');
  const refuse = () => {
    throw invalidResponse('it is not well-formed XML');
  };
  const parser = new DOMParser({
    errorHandler: { warning: () => undefined, error: refuse, fatalError: refuse },
  });
  const root = parser.parseFromString(xml, 'text/xml')?.documentElement;
  return root ?? refuse();
}

/** Child elements, not deeper descendants, by namespace and local name. */
export function children(parent: Element, namespace: string, localName: string): Element[] {
  return Array.from(parent.childNodes).filter(
    (node): node is Element =>
      node.nodeType === node.ELEMENT_NODE &&
      (node as Element).namespaceURI === namespace &&
      (node as Element).localName === localName,
  );
}
