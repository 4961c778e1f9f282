// The metadata document of the IdP: SAML Metadata section 2.4.3.
import { element } from '@sallyport/sts-protocol/markup';
import { BINDING, NAME_ID_FORMAT, NS } from './names.js';

/** `certificate` is DER in base64. */
export function buildMetadata(values: {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly certificate: string;
}): string {
  const { entityId, ssoUrl, certificate } = values;
  const keyInfo = element(
    'ds:KeyInfo',
    { 'xmlns:ds': NS.signature },
    element('ds:X509Data', {}, element('ds:X509Certificate', {}, certificate)),
  );
  const descriptor = element(
    'IDPSSODescriptor',
    { WantAuthnRequestsSigned: 'false', protocolSupportEnumeration: NS.protocol },
    element('KeyDescriptor', { use: 'signing' }, keyInfo),
    element('NameIDFormat', {}, NAME_ID_FORMAT.persistent),
    element('NameIDFormat', {}, NAME_ID_FORMAT.emailAddress),
    element('SingleSignOnService', { Binding: BINDING.redirect, Location: ssoUrl }),
    element('SingleSignOnService', { Binding: BINDING.post, Location: ssoUrl }),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('EntityDescriptor', { xmlns: NS.metadata, entityID: entityId }, descriptor)}\n`;
}
