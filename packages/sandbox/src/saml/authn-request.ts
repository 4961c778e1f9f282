// Reads an AuthnRequest: SAML Core section 3.4.1, over HTTP-Redirect or HTTP-POST (Bindings sections 3.4 and 3.5).
// Unsigned requests are accepted, because the response goes to an accepted service provider only.
import { inflateRawSync } from 'node:zlib';
import { DOMParser } from '@xmldom/xmldom';
import { NAME_ID_FORMAT, NS } from './names.js';
import { findServiceProvider, type ServiceProvider } from './service-provider.js';

export interface AuthnRequest {
  readonly id: string;
  readonly serviceProvider: ServiceProvider;
  readonly nameIdFormat: 'persistent' | 'emailAddress';
}

/** An AuthnRequest that is rejected. The message is shown on the error page. */
export class AuthnRequestError extends Error {
  override readonly name = 'AuthnRequestError';
}

const MAX_XML_BYTES = 65_536;

/** The XML of a `SAMLRequest` parameter. Throws AuthnRequestError if it cannot be decoded. */
export function decodeSamlRequest(parameter: string, binding: 'redirect' | 'post'): string {
  const bytes = Buffer.from(parameter, 'base64');
  try {
    const xml = binding === 'post' ? bytes : inflateRawSync(bytes, { maxOutputLength: MAX_XML_BYTES });
    return xml.toString();
  } catch (cause) {
    throw new AuthnRequestError('SAMLRequest is not a deflated document in base64.', { cause });
  }
}

function parse(xml: string): Element | null {
  if (/<!DOCTYPE/i.test(xml)) throw new AuthnRequestError('SAMLRequest must not have a DOCTYPE.');
  const fail = () => {
    throw new AuthnRequestError('SAMLRequest is not XML.');
  };
  return new DOMParser({ errorHandler: { warning: fail, error: fail, fatalError: fail } }).parseFromString(
    xml,
    'text/xml',
  )?.documentElement;
}

function nameIdFormatOf(request: Element): AuthnRequest['nameIdFormat'] {
  const [policy] = Array.from(request.getElementsByTagNameNS(NS.protocol, 'NameIDPolicy'));
  switch (policy?.getAttribute('Format') || NAME_ID_FORMAT.unspecified) {
    case NAME_ID_FORMAT.persistent:
    case NAME_ID_FORMAT.unspecified:
      return 'persistent';
    case NAME_ID_FORMAT.emailAddress:
      return 'emailAddress';
    default:
      throw new AuthnRequestError(
        'Unsupported NameID format. This IdP has persistent and emailAddress NameIDs.',
      );
  }
}

/** Reads an AuthnRequest to the IdP at `ssoUrl`. Throws AuthnRequestError if it is rejected. */
export function readAuthnRequest(xml: string, ssoUrl: string): AuthnRequest {
  const request = parse(xml);
  if (request?.namespaceURI !== NS.protocol || request.localName !== 'AuthnRequest') {
    throw new AuthnRequestError('SAMLRequest is not an AuthnRequest.');
  }
  const attribute = (name: string) => request.getAttribute(name) || undefined;
  const id = attribute('ID');
  if (id === undefined || attribute('Version') !== '2.0') {
    throw new AuthnRequestError('The AuthnRequest needs an ID and Version 2.0.');
  }
  if ((attribute('Destination') ?? ssoUrl) !== ssoUrl) {
    throw new AuthnRequestError('The Destination of the AuthnRequest is not this IdP.');
  }
  if (attribute('IsPassive') === 'true') {
    throw new AuthnRequestError('IsPassive is not supported: this IdP always prompts for sign-in.');
  }
  const [issuer] = Array.from(request.getElementsByTagNameNS(NS.assertion, 'Issuer'));
  const serviceProvider = findServiceProvider(
    attribute('AssertionConsumerServiceURL'),
    issuer?.textContent?.trim() || undefined,
  );
  if (!serviceProvider) {
    throw new AuthnRequestError(
      'The AssertionConsumerServiceURL is neither AWS sign-in nor on this machine.',
    );
  }
  return { id, serviceProvider, nameIdFormat: nameIdFormatOf(request) };
}
