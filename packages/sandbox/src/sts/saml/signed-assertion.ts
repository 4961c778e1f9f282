// Finds the one assertion of a SAML response and returns it as it was signed: what is read afterwards is parsed anew
// from the bytes under the signature, so nothing around or beside them can speak for the provider.
// saml-core-2.0-os section 5, xmldsig-core.
import { DOMParser } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { invalidIdentityToken } from '../errors.js';

export const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';

/** AWS's texts for responses that cannot be read are not known. */
const unreadable = (what: string) => invalidIdentityToken(`Invalid SAML response: ${what}`);
const badSignature = () => invalidIdentityToken('Response signature invalid');

/**
 * The signed Assertion element of a base64 response; `certificates` (PEM) are those that may have signed it. The
 * Response's signature counts if it has one, else the Assertion's. Throws InvalidIdentityToken.
 */
export function readSignedAssertion(base64: string, certificates: readonly string[]): Element {
  const xml = Buffer.from(base64, 'base64').toString('utf8');
  const response = parse(xml);
  if (response.namespaceURI !== PROTOCOL || response.localName !== 'Response') {
    throw unreadable('the root element is not samlp:Response');
  }
  const status = children(response, PROTOCOL, 'Status')[0];
  const code = status && children(status, PROTOCOL, 'StatusCode')[0]?.getAttribute('Value');
  if (code !== SUCCESS) throw unreadable('its status is not Success');
  if (children(response, ASSERTION, 'EncryptedAssertion').length > 0) {
    throw unreadable('the sandbox STS does not implement encrypted assertions');
  }
  const assertion = onlyAssertion(response);
  const signedElement = children(response, DSIG, 'Signature').length > 0 ? response : assertion;
  const signed = parse(verify(xml, signedElement, certificates));
  if (signed.localName !== signedElement.localName) throw badSignature();
  return signedElement === response ? onlyAssertion(signed) : signed;
}

function onlyAssertion(response: Element): Element {
  const [assertion, ...others] = children(response, ASSERTION, 'Assertion');
  if (!assertion || others.length > 0) throw unreadable('it must hold exactly one assertion');
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
      // This certificate did not sign it; another one may have.
    }
  }
  throw badSignature();
}

function parse(xml: string): Element {
  if (/<!DOCTYPE/i.test(xml)) throw unreadable('it has a document type declaration');
  const refuse = () => {
    throw unreadable('it is not well-formed XML');
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
