// Responses in the form of each identity provider: prefixes, namespace declarations, placement of signatures, IDs, types,
// names and optional parts of the standard. All are accepted with all their claims.
import t from 'tap';
import type { SamlIssuer } from '../../../src/config/schema/saml-issuer.js';
import {
  AWS_AUDIENCE,
  AWS_SIGN_IN,
  at,
  encrypt,
  fixture,
  metadata,
  ROLE,
  type SigningValues,
  sign,
} from '../../support/saml-documents.js';
import { base64, verifierWith, verifyText } from '../../support/saml-verifier.js';

const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const XSI =
  'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const NAME_ID = 'urn:oasis:names:tc:SAML:1.1:nameid-format';
const URI = 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri';
const BASIC = 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic';

const certificate = fixture('idp.crt').replaceAll(/-----[A-Z ]+-----|\s/g, '');
const keyInfo = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
/** Java libraries name the prefixes that only attribute values use. */
const inclusive: SigningValues = {
  keyInfo,
  inclusivePrefixes: ['xs'],
  transforms: `<ds:Transform Algorithm="${DSIG}enveloped-signature"/><ds:Transform Algorithm="${C14N}"><ec:InclusiveNamespaces xmlns:ec="${C14N}" PrefixList="xs"/></ds:Transform>`,
};
const role = (name: string) =>
  `arn:aws:iam::111122223333:role/${name},arn:aws:iam::111122223333:saml-provider/Idp`;

interface Shape {
  readonly entityId: string;
  readonly xml: string;
  readonly config?: Partial<SamlIssuer>;
  /** Of the principal. */
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

const entraId = 'https://sts.windows.net/8d1f5c2e-3b7a-4f60-9c1d-2e5a7b8c9d01/';
const google = 'https://accounts.google.com/o/saml2?idpid=C01abc2de';
const keycloak = 'https://sso.corp.example/realms/corp';
const okta = 'http://www.okta.com/exk1a2b3c4d5e6f7g8h9';
const adfs = 'http://adfs.corp.example/adfs/services/trust';
const shibboleth = 'https://idp.university.example/idp/shibboleth';

const oktaDocument = `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="${AWS_SIGN_IN}" ID="id27031418122905651234567890" IssueInstant="${at(0)}" Version="2.0" xmlns:saml2p="${SAMLP}" xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="${SAML}">${okta}</saml2:Issuer><saml2p:Status xmlns:saml2p="${SAMLP}"><saml2p:StatusCode Value="${SUCCESS}"/></saml2p:Status><saml2:Assertion ID="id27031418123010981234567890" IssueInstant="${at(0)}" Version="2.0" xmlns:saml2="${SAML}" xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="${SAML}">${okta}</saml2:Issuer><saml2:Subject xmlns:saml2="${SAML}"><saml2:NameID Format="${NAME_ID}:unspecified">alice@corp.example</saml2:NameID><saml2:SubjectConfirmation Method="${BEARER}"><saml2:SubjectConfirmationData NotOnOrAfter="${at(300)}" Recipient="${AWS_SIGN_IN}"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="${at(-300)}" NotOnOrAfter="${at(300)}" xmlns:saml2="${SAML}"><saml2:AudienceRestriction><saml2:Audience>${AWS_AUDIENCE}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant="${at(0)}" SessionIndex="id1763726400000.1234567890" xmlns:saml2="${SAML}"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement xmlns:saml2="${SAML}"><saml2:Attribute Name="${ROLE}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">${role('A')}</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion></saml2p:Response>`;

const keycloakRole = (name: string) =>
  `<saml:Attribute Name="Role" NameFormat="${BASIC}"><saml:AttributeValue ${XSI} xsi:type="xs:string">${name}</saml:AttributeValue></saml:Attribute>`;

/** The Response with its signed assertion encrypted, which is cut out without the namespaces from around it. */
const encryptedAsItStood = (xml: string) =>
  sign(
    xml.replace(/<saml:Assertion .*<\/saml:Assertion>/, (plain) => encrypt(plain)),
    'ID_11111111-2222-4333-8444-555555555555',
    { prefix: 'dsig', keyInfo },
  );

const shibbolethAssertion = `<saml2:Assertion xmlns:saml2="${SAML}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ID="_2f1e0d9c8b7a69584736251403f2e1d0" IssueInstant="${at(0)}" Version="2.0"><saml2:Issuer>${shibboleth}</saml2:Issuer><saml2:Subject><saml2:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient" NameQualifier="${shibboleth}" SPNameQualifier="${AWS_AUDIENCE}">AAdzZWNyZXQxdransient</saml2:NameID><saml2:SubjectConfirmation Method="${BEARER}"><saml2:SubjectConfirmationData Address="192.0.2.7" NotOnOrAfter="${at(300)}" Recipient="${AWS_SIGN_IN}"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="${at(0)}" NotOnOrAfter="${at(300)}"><saml2:AudienceRestriction><saml2:Audience>${AWS_AUDIENCE}</saml2:Audience></saml2:AudienceRestriction><saml2:ProxyRestriction Count="1"><saml2:Audience>https://proxy.example</saml2:Audience></saml2:ProxyRestriction></saml2:Conditions><saml2:Advice><saml2:AssertionIDRef>_0123456789abcdef</saml2:AssertionIDRef><saml2:AssertionURIRef>https://idp.university.example/a/1</saml2:AssertionURIRef></saml2:Advice><saml2:AuthnStatement AuthnInstant="${at(-5)}" SessionIndex="_9a8b7c6d5e4f" SessionNotOnOrAfter="${at(3600)}"><saml2:SubjectLocality Address="192.0.2.7" DNSName="pc7.university.example"/><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef><saml2:AuthenticatingAuthority>https://upstream.example/idp</saml2:AuthenticatingAuthority><saml2:AuthenticatingAuthority>https://further.example/idp</saml2:AuthenticatingAuthority></saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement><saml2:Attribute xmlns:x500="urn:oasis:names:tc:SAML:2.0:profiles:attribute:X500" x500:Encoding="LDAP" FriendlyName="eduPersonPrincipalName" Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.6" NameFormat="${URI}"><saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xsd:string">alice@university.example</saml2:AttributeValue></saml2:Attribute><saml2:Attribute FriendlyName="eduPersonTargetedID" Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10" NameFormat="${URI}"><saml2:AttributeValue><saml2:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="${shibboleth}" SPNameQualifier="${AWS_AUDIENCE}">zGv8=</saml2:NameID></saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion>`;

/** The EncryptedKey says who it is for, by which digest, and with which certificate; IDs begin with `_`. */
const shibbolethEncrypted = (algorithm: string) =>
  encrypt(shibbolethAssertion, {
    algorithm: `http://www.w3.org/2009/xmlenc11#${algorithm}`,
    keyParameters: `<ds:DigestMethod xmlns:ds="${DSIG}" Algorithm="${DSIG}sha1"/>`,
  })
    .replaceAll('saml:', 'saml2:')
    .replace('xmlns:saml=', 'xmlns:saml2=')
    .replace('<xenc:EncryptedData ', '<xenc:EncryptedData Id="_5c4b3a29" ')
    .replace('<xenc:EncryptedKey>', '<xenc:EncryptedKey Id="_6d5c4b3a" Recipient="https://sp.example">')
    .replace(
      '</xenc:EncryptionMethod><xenc:CipherData>',
      `</xenc:EncryptionMethod><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo><xenc:CipherData>`,
    );

const shibbolethDocument = (algorithm: string): Shape => ({
  entityId: shibboleth,
  config: { decryptionKeys: [fixture('broker.key')] },
  subject: 'AAdzZWNyZXQxdransient',
  claims: {
    'urn:oid:1.3.6.1.4.1.5923.1.1.1.6': ['alice@university.example'],
    'urn:oid:1.3.6.1.4.1.5923.1.1.1.10': ['zGv8='],
    NameQualifier: shibboleth,
    SPNameQualifier: AWS_AUDIENCE,
  },
  xml: sign(
    `<?xml version="1.0" encoding="UTF-8"?>\n<saml2p:Response xmlns:saml2p="${SAMLP}" Destination="${AWS_SIGN_IN}" ID="_ffeeddccbbaa99887766554433221100" IssueInstant="${at(0)}" Version="2.0"><saml2:Issuer xmlns:saml2="${SAML}">${shibboleth}</saml2:Issuer><saml2p:Status><saml2p:StatusCode Value="${SUCCESS}"/></saml2p:Status>${shibbolethEncrypted(algorithm)}</saml2p:Response>`,
    '_ffeeddccbbaa99887766554433221100',
    { keyInfo },
  ),
});

const SHAPES: Readonly<Record<string, Shape>> = {
  'Entra ID: the default namespace again and again, the Signature in its own, AttributeStatement first': {
    entityId: entraId,
    subject: 'alice@corp.example',
    claims: {
      'http://schemas.microsoft.com/identity/claims/tenantid': ['8d1f5c2e-3b7a-4f60-9c1d-2e5a7b8c9d01'],
      'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups': ['g-1', 'g-2'],
      SessionIndex: '_6f2d1c0b-0000-4000-8000-1a2b3c4d5e6f',
    },
    xml: sign(
      `<samlp:Response ID="_0c9b8a70-1111-4111-9111-aabbccddeeff" Version="2.0" IssueInstant="${at(0)}" Destination="${AWS_SIGN_IN}" xmlns:samlp="${SAMLP}"><Issuer xmlns="${SAML}">${entraId}</Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status><Assertion ID="_6f2d1c0b-0000-4000-8000-1a2b3c4d5e6f" IssueInstant="${at(0)}" Version="2.0" xmlns="${SAML}"><Issuer>${entraId}</Issuer><Subject><NameID Format="${NAME_ID}:emailAddress">alice@corp.example</NameID><SubjectConfirmation Method="${BEARER}"><SubjectConfirmationData NotOnOrAfter="${at(3600)}" Recipient="${AWS_SIGN_IN}"/></SubjectConfirmation></Subject><Conditions NotBefore="${at(-300)}" NotOnOrAfter="${at(3600)}"><AudienceRestriction><Audience>${AWS_AUDIENCE}</Audience></AudienceRestriction></Conditions><AttributeStatement><Attribute Name="http://schemas.microsoft.com/identity/claims/tenantid"><AttributeValue>8d1f5c2e-3b7a-4f60-9c1d-2e5a7b8c9d01</AttributeValue></Attribute><Attribute Name="http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"><AttributeValue>g-1</AttributeValue><AttributeValue>g-2</AttributeValue></Attribute></AttributeStatement><AuthnStatement AuthnInstant="${at(-60)}" SessionIndex="_6f2d1c0b-0000-4000-8000-1a2b3c4d5e6f"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>`,
      '_6f2d1c0b-0000-4000-8000-1a2b3c4d5e6f',
      { prefix: '', keyInfo },
    ),
  },
  'Google Workspace: the Response is signed, values are xs:anyType, line breaks between elements of the root':
    {
      entityId: google,
      subject: 'alice@corp.example',
      claims: {
        department: ['finance'],
        AuthnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified',
      },
      xml: sign(
        `<?xml version="1.0" encoding="UTF-8" standalone="no"?><saml2p:Response xmlns:saml2p="${SAMLP}" Destination="${AWS_SIGN_IN}" ID="_f00ba4f00ba4f00ba4f00ba4f00ba4f0" IssueInstant="${at(0)}" Version="2.0">\n<saml2:Issuer xmlns:saml2="${SAML}">${google}</saml2:Issuer>\n<saml2p:Status>\n<saml2p:StatusCode Value="${SUCCESS}"/>\n</saml2p:Status>\n<saml2:Assertion xmlns:saml2="${SAML}" ID="_beefbeefbeefbeefbeefbeefbeefbeef" IssueInstant="${at(0)}" Version="2.0"><saml2:Issuer>${google}</saml2:Issuer><saml2:Subject><saml2:NameID Format="${NAME_ID}:emailAddress">alice@corp.example</saml2:NameID><saml2:SubjectConfirmation Method="${BEARER}"><saml2:SubjectConfirmationData NotOnOrAfter="${at(300)}" Recipient="${AWS_SIGN_IN}"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="${at(-300)}" NotOnOrAfter="${at(300)}"><saml2:AudienceRestriction><saml2:Audience>${AWS_SIGN_IN}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AttributeStatement><saml2:Attribute Name="department"><saml2:AttributeValue ${XSI} xsi:type="xs:anyType">finance</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement><saml2:AuthnStatement AuthnInstant="${at(-90)}" SessionIndex="_beefbeefbeefbeefbeefbeefbeefbeef"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement></saml2:Assertion></saml2p:Response>`,
        '_f00ba4f00ba4f00ba4f00ba4f00ba4f0',
        { keyInfo },
      ),
    },
  'Keycloak: six Role attributes, both signed, prefix dsig, IDs that begin with ID_': {
    entityId: keycloak,
    subject: 'G-1f2e3d4c-5b6a-7988',
    claims: { Role: ['offline_access', 'a', 'b', 'c', 'd', 'e'] },
    xml: sign(
      sign(
        `<samlp:Response xmlns:samlp="${SAMLP}" xmlns:saml="${SAML}" Destination="${AWS_SIGN_IN}" ID="ID_11111111-2222-4333-8444-555555555555" IssueInstant="${at(0)}" Version="2.0"><saml:Issuer>${keycloak}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status><saml:Assertion ID="ID_66666666-7777-4888-8999-000000000000" IssueInstant="${at(0)}" Version="2.0" xmlns="${SAML}"><saml:Issuer>${keycloak}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">G-1f2e3d4c-5b6a-7988</saml:NameID><saml:SubjectConfirmation Method="${BEARER}"><saml:SubjectConfirmationData NotOnOrAfter="${at(58)}" Recipient="${AWS_SIGN_IN}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${at(-2)}" NotOnOrAfter="${at(58)}"><saml:AudienceRestriction><saml:Audience>${AWS_AUDIENCE}</saml:Audience></saml:AudienceRestriction><saml:OneTimeUse/></saml:Conditions><saml:AuthnStatement AuthnInstant="${at(0)}" SessionIndex="0a1b2c3d-aaaa-4bbb-8ccc-dddddddddddd::1f2e3d4c" SessionNotOnOrAfter="${at(36_000)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${['offline_access', 'a', 'b', 'c', 'd', 'e'].map(keycloakRole).join('')}</saml:AttributeStatement></saml:Assertion></samlp:Response>`,
        'ID_66666666-7777-4888-8999-000000000000',
        { prefix: 'dsig', keyInfo },
      ),
      'ID_11111111-2222-4333-8444-555555555555',
      { prefix: 'dsig', keyInfo },
    ),
  },
  'Keycloak: encrypted as it stood in the Response, whose prefix it uses without declaring it': {
    entityId: keycloak,
    config: { decryptionKeys: [fixture('broker.key')] },
    subject: 'G-1f2e3d4c-5b6a-7988',
    claims: { Role: ['a'] },
    xml: encryptedAsItStood(
      sign(
        `<samlp:Response xmlns:samlp="${SAMLP}" xmlns:saml="${SAML}" Destination="${AWS_SIGN_IN}" ID="ID_11111111-2222-4333-8444-555555555555" IssueInstant="${at(0)}" Version="2.0"><saml:Issuer>${keycloak}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status><saml:Assertion ID="ID_66666666-7777-4888-8999-000000000000" IssueInstant="${at(0)}" Version="2.0" xmlns="${SAML}"><saml:Issuer>${keycloak}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">G-1f2e3d4c-5b6a-7988</saml:NameID><saml:SubjectConfirmation Method="${BEARER}"><saml:SubjectConfirmationData NotOnOrAfter="${at(58)}" Recipient="${AWS_SIGN_IN}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${at(-2)}" NotOnOrAfter="${at(58)}"><saml:AudienceRestriction><saml:Audience>${AWS_AUDIENCE}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${at(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${keycloakRole('a')}</saml:AttributeStatement></saml:Assertion></samlp:Response>`,
        'ID_66666666-7777-4888-8999-000000000000',
        { prefix: 'dsig', keyInfo },
      ),
    ),
  },
  'Okta: both signed, with prefixes that the signature includes, namespaces declared again on every child': {
    entityId: okta,
    subject: 'alice@corp.example',
    claims: { [ROLE]: [role('A')] },
    xml: sign(
      sign(oktaDocument, 'id27031418123010981234567890', inclusive),
      'id27031418122905651234567890',
      inclusive,
    ),
  },
  'ADFS: Consent, the assertion in the default namespace, empty, typed and two-line values, no SessionIndex':
    {
      entityId: adfs,
      subject: 'CORP\\alice',
      claims: {
        'http://schemas.xmlsoap.org/claims/Group': ['Domain Users', 'Analysts & Co'],
        'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/streetaddress': ['1 High Street\r\nFloor 2'],
        'http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname': [''],
      },
      xml: sign(
        `<samlp:Response ID="_a1b2c3d4-0000-4111-8222-333344445555" Version="2.0" IssueInstant="${at(0)}" Destination="${AWS_SIGN_IN}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" xmlns:samlp="${SAMLP}"><Issuer xmlns="${SAML}">${adfs}</Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}" /></samlp:Status><Assertion ID="_b2c3d4e5-0000-4111-8222-333344445555" IssueInstant="${at(0)}" Version="2.0" xmlns="${SAML}"><Issuer>${adfs}</Issuer><Subject><NameID>CORP\\alice</NameID><SubjectConfirmation Method="${BEARER}"><SubjectConfirmationData NotOnOrAfter="${at(300)}" Recipient="${AWS_SIGN_IN}" /></SubjectConfirmation></Subject><Conditions NotBefore="${at(0)}" NotOnOrAfter="${at(3600)}"><AudienceRestriction><Audience>${AWS_AUDIENCE}</Audience></AudienceRestriction></Conditions><AttributeStatement><Attribute Name="http://schemas.xmlsoap.org/claims/Group"><AttributeValue>Domain Users</AttributeValue><AttributeValue xmlns:tn="http://www.w3.org/2001/XMLSchema" xmlns:b="http://www.w3.org/2001/XMLSchema-instance" b:type="tn:string">Analysts &amp; Co</AttributeValue></Attribute><Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/streetaddress"><AttributeValue>1 High Street&#xD;&#xA;Floor 2</AttributeValue></Attribute><Attribute Name="http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname" a:OriginalIssuer="${adfs}" xmlns:a="http://schemas.xmlsoap.org/ws/2009/09/identity/claims"><AttributeValue></AttributeValue></Attribute></AttributeStatement><AuthnStatement AuthnInstant="${at(-30)}"><AuthnContext><AuthnContextClassRef>urn:federation:authentication:windows</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>`,
        '_b2c3d4e5-0000-4111-8222-333344445555',
        { keyInfo },
      ),
      config: { namespaces: ['http://schemas.xmlsoap.org/ws/2009/09/identity/claims'] },
    },
  'Shibboleth: encrypted with AES-128-GCM, FriendlyName, Advice, ProxyRestriction, AuthenticatingAuthority':
    shibbolethDocument('aes128-gcm'),
  'Shibboleth: encrypted with AES-256-GCM': shibbolethDocument('aes256-gcm'),
};

for (const [name, { entityId, xml, config, subject, claims }] of Object.entries(SHAPES)) {
  t.test(`a Response of ${name} is accepted`, async (t) => {
    const verifier = await verifierWith(t, config, { metadataXml: metadata(['idp'], { entityId }) });
    const { principal } = await verifyText(verifier, base64(xml));
    t.equal(principal.subject, subject);
    t.match(principal.claims, { ...claims, Issuer: entityId });
    for (const [claim, value] of Object.entries(claims)) t.same(principal.claims[claim], value, claim);
    const altered = base64(xml.replaceAll(at(0), at(-1)));
    await t.rejects(verifyText(verifier, altered), { name: 'SallyportError' }, 'altered, it is refused');
  });
}
