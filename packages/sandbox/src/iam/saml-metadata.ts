// Reads the metadata of a SAML provider: the entity ID and the signing certificates.
// saml-metadata-2.0-os sections 2.3.2 (EntityDescriptor), 2.4.1.1 (KeyDescriptor), 2.4.3 (IDPSSODescriptor).
import { X509Certificate } from 'node:crypto';
import { DOMParser } from '@xmldom/xmldom';

const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';

export interface SamlMetadata {
  readonly entityId: string;
  /** PEM, in document order. */
  readonly certificates: readonly string[];
}

/** Throws an Error that says what is missing or invalid. */
export function readSamlMetadata(xml: string): SamlMetadata {
  const document = parse(xml);
  const entity = document.getElementsByTagNameNS(METADATA, 'EntityDescriptor')[0];
  const entityId = entity?.getAttribute('entityID');
  if (!entityId) throw new Error('The metadata has no EntityDescriptor with an entityID.');
  const idp = document.getElementsByTagNameNS(METADATA, 'IDPSSODescriptor')[0];
  if (!idp) throw new Error('The metadata has no IDPSSODescriptor.');
  const certificates = Array.from(idp.getElementsByTagNameNS(METADATA, 'KeyDescriptor'))
    .filter((key) => key.getAttribute('use') !== 'encryption')
    .flatMap((key) => Array.from(key.getElementsByTagNameNS(DSIG, 'X509Certificate')))
    .map((certificate) => pem(certificate.textContent ?? ''));
  if (certificates.length === 0) throw new Error('The metadata has no signing certificate.');
  return { entityId, certificates };
}

function parse(xml: string): Document {
  const refuse = (message: string) => {
    throw new Error(`The metadata is not well-formed XML: ${message}`);
  };
  const parser = new DOMParser({
    errorHandler: { warning: () => undefined, error: refuse, fatalError: refuse },
  });
  return parser.parseFromString(xml, 'text/xml');
}

function pem(base64: string): string {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).toString();
  } catch {
    throw new Error('The metadata has an X509Certificate that cannot be read.');
  }
}
