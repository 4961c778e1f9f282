// Verifies the signatures of a Response and returns its parts. Each part is read from the bytes that a signature covers,
// or decrypted from such bytes. Only a Response without its own signature is not, and `responseSigned` says so.
import { setImmediate } from 'node:timers/promises';
import { checkElementPositions, type ResponseStructure } from '../assertion/response-structure.js';
import type { CrossCheckRequest } from '../cross-check/worker.js';
import { rejectAssertion } from '../reject-assertion.js';
import { isElement, requireSingle, selfAndDescendants } from '../xml/elements.js';
import { SAML, SAMLP, STATUS_SUCCESS } from '../xml/namespaces.js';
import type { XmlElement, XmlLimits } from '../xml/parse-xml.js';
import type { SigningKey } from './algorithms.js';
import { type DecryptedAssertion, decryptAssertion } from './decryption.js';
import { hasSignature, type VerifiedElement, verifyEnvelopedSignature } from './enveloped-signature.js';

export interface VerifiedParts {
  readonly assertion: XmlElement;
  readonly response: XmlElement;
  readonly responseSigned: boolean;
  /** The same Response for the cross-check with saml2-js. */
  readonly crossCheckInput: Pick<CrossCheckRequest, 'xml' | 'certificate' | 'checkSignature'>;
}

export interface IssuerKeys {
  readonly signing: readonly SigningKey[];
  /** PEM. */
  readonly decryption: readonly string[];
}

/**
 * Verifies all signatures; at least one must cover the assertion. Yields to the event loop before each.
 * @throws SallyportError `proof_invalid`, reason `saml.signature.*` or `saml.decryption`.
 */
export async function verifySignatures(
  text: string,
  structure: ResponseStructure,
  keys: IssuerKeys,
  limits: XmlLimits,
): Promise<VerifiedParts> {
  const verify = async (xml: string, element: XmlElement) => {
    if (!hasSignature(element)) return undefined;
    await setImmediate();
    return verifyEnvelopedSignature(xml, element, keys.signing, limits);
  };
  const signedResponse = await verify(text, structure.response);
  const response = signedResponse?.element ?? structure.response;
  const responsePart = { response, responseSigned: signedResponse !== undefined };

  if (structure.assertion) {
    const signedAssertion = await verify(text, structure.assertion);
    const signature = signedAssertion ?? signedResponse ?? rejectAssertion('signature.missing');
    const assertion = signedAssertion?.element ?? childOf(signature.element, 'Assertion');
    return {
      ...responsePart,
      assertion,
      crossCheckInput: { xml: text, ...signatureCheckFor(signature) },
    };
  }
  const encrypted = childOf(response, 'EncryptedAssertion');
  const decrypted = decryptAssertion(
    response,
    encrypted,
    responsePart.responseSigned,
    keys.decryption,
    limits,
  );
  checkElementPositions(decrypted.assertion, decrypted.assertion, [decrypted.assertion]);
  const signedAssertion = await verify(decrypted.text, decrypted.assertion);
  const signature = signedAssertion ?? signedResponse ?? rejectAssertion('signature.missing');
  // The signature of the Response covers the ciphertext, which saml2-js does not get.
  const check = { ...signatureCheckFor(signature), ...(!signedAssertion && { checkSignature: false }) };
  const assertion = signedAssertion?.element ?? decrypted.assertion;
  return { ...responsePart, assertion, crossCheckInput: { xml: wrapInResponse(decrypted), ...check } };
}

function childOf(response: XmlElement, name: string): XmlElement {
  return requireSingle(
    response.children.filter((child) => isElement(child, SAML, name)),
    'assertion.count',
  );
}

/** saml2-js serializes the document before it verifies it and turns carriage returns into line feeds, so it cannot verify text with any. */
function signatureCheckFor({
  element,
  signedBy,
  supportedBySaml2Js,
}: VerifiedElement): Pick<CrossCheckRequest, 'certificate' | 'checkSignature'> {
  const hasCarriageReturn = [...selfAndDescendants(element)].some(({ text }) => text.includes('\r'));
  return {
    certificate: signedBy.certificate.toString(),
    checkSignature: supportedBySaml2Js && !hasCarriageReturn,
  };
}

function wrapInResponse({ text }: DecryptedAssertion): string {
  return (
    `<p:Response xmlns:p="${SAMLP}" Version="2.0"><p:Status><p:StatusCode Value="${STATUS_SUCCESS}"/></p:Status>` +
    `${text}</p:Response>`
  );
}
