// XML namespaces and URIs of SAML 2.0 and the standards it builds on. A Response may only declare these and the namespaces
// that the config of its issuer adds. XHTML is never accepted, because XML parsers treat it as another language.

export const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
export const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
export const XENC = 'http://www.w3.org/2001/04/xmlenc#';
export const XENC11 = 'http://www.w3.org/2009/xmlenc11#';
export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const XHTML = 'http://www.w3.org/1999/xhtml';

export const ENVELOPED_SIGNATURE = `${DSIG}enveloped-signature`;
export const STATUS_SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
export const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
export const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
export const ENTITY_FORMAT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';

/** Namespaces that Responses of every issuer may declare. */
export const PROOF_NAMESPACES: ReadonlySet<string> = new Set([
  SAML,
  SAMLP,
  DSIG,
  'http://www.w3.org/2009/xmldsig11#',
  XENC,
  XENC11,
  EXCLUSIVE_C14N,
  'http://www.w3.org/2001/XMLSchema',
  'http://www.w3.org/2001/XMLSchema-instance',
  // Namespaces of attributes of Attribute elements: SAML profiles 8.2.4 and 8.5.3, SAML attribute extensions 2.
  'urn:oasis:names:tc:SAML:2.0:profiles:attribute:X500',
  'urn:oasis:names:tc:SAML:2.0:profiles:attribute:XACML',
  'urn:oasis:names:tc:SAML:attribute:ext',
]);
