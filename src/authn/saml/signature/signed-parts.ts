// Response text -> its verified parts. Each is read from bytes that a signature covers, or decrypted from such
// bytes; only the frame of a Response without a signature of its own is not, and `responseSigned` says so.
import { setImmediate } from 'node:timers/promises';
import { checkElementPositions, type ResponseStructure } from '../assertion/response-structure.js';
import type { CrossCheckRequest } from '../cross-check/worker.js';
import { rejectAssertion } from '../reject-assertion.js';
import { isElement, requireSingle, selfAndDescendants } from '../xml/elements.js';
import { SAML, SAMLP, STATUS_SUCCESS } from '../xml/namespaces.js';
import type { XmlElement, XmlLimits } from '../xml/parse-xml.js';
import type { SigningKey } from './algorithms.js';
import { type Decrypted, decryptAssertion } from './decryption.js';
import { hasSignature, type VerifiedElement, verifyEnvelopedSignature } from './enveloped-signature.js';

export interface VerifiedParts {
  readonly assertion: XmlElement;
  readonly response: XmlElement;
  readonly responseSigned: boolean;
  /** The same Response, for the second reader. */
  readonly crossCheckInput: Pick<CrossCheckRequest, 'xml' | 'certificate' | 'checkSignature'>;
}

export interface IssuerKeys {
  readonly signing: readonly SigningKey[];
  /** PEM. */
  readonly decryption: readonly string[];
}

/**
 * Verifies every signature there is; at least one must cover the assertion. Before each, others may use the thread.
 * @throws SallyportError `proof_invalid`, reason `saml.signature.*` or `saml.decryption`.
 */
export async function verifySignatures(
  text: string,
  outline: ResponseStructure,
  keys: IssuerKeys,
  rules: XmlLimits,
): Promise<VerifiedParts> {
  const verify = async (xml: string, element: XmlElement) => {
    if (!hasSignature(element)) return undefined;
    await setImmediate();
    return verifyEnvelopedSignature(xml, element, keys.signing, rules);
  };
  const signedResponse = await verify(text, outline.response);
  const response = signedResponse?.element ?? outline.response;
  const frame = { response, responseSigned: signedResponse !== undefined };

  if (outline.assertion) {
    const signedAssertion = await verify(text, outline.assertion);
    const signature = signedAssertion ?? signedResponse ?? rejectAssertion('signature.missing');
    const assertion = signedAssertion?.element ?? childOf(signature.element, 'Assertion');
    return { ...frame, assertion, crossCheckInput: { xml: text, ...readerCheck(signature) } };
  }
  const encrypted = childOf(response, 'EncryptedAssertion');
  const decrypted = decryptAssertion(response, encrypted, frame.responseSigned, keys.decryption, rules);
  checkElementPositions(decrypted.assertion, decrypted.assertion, [decrypted.assertion]);
  const signedAssertion = await verify(decrypted.text, decrypted.assertion);
  const signature = signedAssertion ?? signedResponse ?? rejectAssertion('signature.missing');
  // The Response's signature covers the ciphertext, which saml2-js is not given.
  const check = { ...readerCheck(signature), ...(!signedAssertion && { checkSignature: false }) };
  const assertion = signedAssertion?.element ?? decrypted.assertion;
  return { ...frame, assertion, crossCheckInput: { xml: inPlainResponse(decrypted), ...check } };
}

function childOf(response: XmlElement, name: string): XmlElement {
  return requireSingle(
    response.children.filter((child) => isElement(child, SAML, name)),
    'assertion.count',
  );
}

/** saml2-js writes the document anew before it checks it, and reads a carriage return as a line feed then. */
function readerCheck({
  element,
  signedBy,
  supportedBySaml2Js,
}: VerifiedElement): Pick<CrossCheckRequest, 'certificate' | 'checkSignature'> {
  const altered = [...selfAndDescendants(element)].some(({ text }) => text.includes('\r'));
  return { certificate: signedBy.certificate.toString(), checkSignature: supportedBySaml2Js && !altered };
}

function inPlainResponse({ text }: Decrypted): string {
  return (
    `<p:Response xmlns:p="${SAMLP}" Version="2.0"><p:Status><p:StatusCode Value="${STATUS_SUCCESS}"/></p:Status>` +
    `${text}</p:Response>`
  );
}
