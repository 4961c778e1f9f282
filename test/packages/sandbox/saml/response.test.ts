// The Response builder: every value where the standard puts it, every time the caller's, every signature valid.
import { X509Certificate } from 'node:crypto';
import { buildResponse, type ResponseValues } from '@sallyport/sandbox/internal/saml/response';
import { generateSigningKey } from '@sallyport/sandbox/internal/saml/signing-key';
import { DOMParser } from '@xmldom/xmldom';
import fc from 'fast-check';
import t from 'tap';
import { SignedXml } from 'xml-crypto';

const NOW = new Date('2026-11-21T12:00:00.250Z');
const key = await generateSigningKey('a test IdP', NOW);
const certificate = new X509Certificate(Buffer.from(key.certificate, 'base64'));

const minimal: ResponseValues = {
  issuer: 'https://idp.example',
  responseId: '_r',
  assertionId: '_a',
  recipient: 'https://sp.example/acs',
  nameId: { value: 'alice' },
  attributes: {},
  notOnOrAfter: new Date('2026-11-21T12:05:00Z'),
};

const parse = (xml: string) => new DOMParser().parseFromString(xml, 'text/xml');
const find = (xml: string, name: string) => Array.from(parse(xml).getElementsByTagNameNS('*', name));

function verifies(xml: string): boolean {
  const signatures = find(xml, 'Signature');
  return (
    signatures.length > 0 &&
    signatures.every((signature) => {
      const verifier = new SignedXml({
        publicCert: certificate.toString(),
        getCertFromKeyInfo: () => null,
      });
      verifier.loadSignature(signature as unknown as string);
      return verifier.checkSignature(xml);
    })
  );
}

t.test('Response with the minimum of values', async (t) => {
  t.equal(
    buildResponse(minimal, NOW),
    [
      '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0"',
      ' IssueInstant="2026-11-21T12:00:00.250Z">',
      '<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example</Issuer>',
      '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>',
      '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a"',
      ' IssueInstant="2026-11-21T12:00:00.250Z" Version="2.0">',
      '<Issuer>https://idp.example</Issuer>',
      '<Subject><NameID>alice</NameID>',
      '<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
      '<SubjectConfirmationData NotOnOrAfter="2026-11-21T12:05:00.000Z" Recipient="https://sp.example/acs">',
      '</SubjectConfirmationData></SubjectConfirmation></Subject>',
      '<Conditions NotOnOrAfter="2026-11-21T12:05:00.000Z"></Conditions>',
      '<AuthnStatement AuthnInstant="2026-11-21T12:00:00.250Z"><AuthnContext><AuthnContextClassRef>',
      'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      '</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>',
    ].join(''),
  );
});

t.test('Response has every value at the place that the standard defines', async (t) => {
  const xml = buildResponse(
    {
      ...minimal,
      destination: 'https://sp.example/destination',
      inResponseTo: '_request',
      audiences: ['urn:one', 'urn:two'],
      nameId: { value: 'alice', format: 'urn:format', nameQualifier: 'urn:qualifier' },
      attributes: { one: 'a', many: ['b', 'c'], none: [] },
      notBefore: new Date('2026-11-21T11:59:00Z'),
      confirmationNotOnOrAfter: new Date('2026-11-21T12:02:00Z'),
      authnInstant: new Date('2026-11-21T08:00:00Z'),
      sessionIndex: '_session',
      sessionNotOnOrAfter: new Date('2026-11-21T16:00:00Z'),
      authnContext: 'urn:context',
      status: 'urn:status',
    },
    NOW,
  );
  const attributes = (name: string) =>
    find(xml, name).map((element) =>
      Object.fromEntries(Array.from(element.attributes, ({ name, value }) => [name, value])),
    );
  const texts = (name: string) => find(xml, name).map((element) => element.textContent);
  t.match(attributes('Response'), [
    { Destination: 'https://sp.example/destination', InResponseTo: '_request' },
  ]);
  t.same(texts('Audience'), ['urn:one', 'urn:two']);
  t.same(attributes('NameID'), [{ Format: 'urn:format', NameQualifier: 'urn:qualifier' }]);
  t.same(attributes('SubjectConfirmationData'), [
    {
      InResponseTo: '_request',
      NotOnOrAfter: '2026-11-21T12:02:00.000Z',
      Recipient: 'https://sp.example/acs',
    },
  ]);
  t.same(attributes('Conditions'), [
    { NotBefore: '2026-11-21T11:59:00.000Z', NotOnOrAfter: '2026-11-21T12:05:00.000Z' },
  ]);
  t.same(attributes('Attribute'), [{ Name: 'one' }, { Name: 'many' }, { Name: 'none' }]);
  t.same(texts('AttributeValue'), ['a', 'b', 'c']);
  t.same(attributes('AuthnStatement'), [
    {
      AuthnInstant: '2026-11-21T08:00:00.000Z',
      SessionIndex: '_session',
      SessionNotOnOrAfter: '2026-11-21T16:00:00.000Z',
    },
  ]);
  t.same(texts('AuthnContextClassRef'), ['urn:context']);
  t.same(attributes('StatusCode'), [{ Value: 'urn:status' }]);
});

t.test('signature follows the Issuer and uses the requested algorithms', async (t) => {
  const xml = buildResponse(
    {
      ...minimal,
      signature: {
        ...key,
        placement: 'both',
        signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
        digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha512',
      },
    },
    NOW,
  );
  t.ok(verifies(xml));
  t.equal(xml.match(/#rsa-sha512"/g)?.length, 2);
  t.equal(xml.match(/xmlenc#sha512"/g)?.length, 2);
  for (const name of ['Response', 'Assertion']) {
    const children = Array.from(find(xml, name)[0]?.childNodes ?? []);
    t.same(
      children.slice(0, 2).map((child) => (child as Element).localName),
      ['Issuer', 'Signature'],
      name,
    );
  }
});

t.test('Response keeps arbitrary values unchanged and its signatures verify', async (t) => {
  // Characters XML 1.0 section 2.2 allows, without the two that xmldom treats as line ends against section 2.11.
  const text = fc
    .string({ unit: 'binary', maxLength: 40 })
    .map((value) =>
      value.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]|[\u0085\u2028]/gu, ''),
    );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('adfs' as const, 'okta' as const),
        fc.constantFrom('assertion' as const, 'response' as const, 'both' as const),
        (value, dialect, placement) => {
          const values = {
            ...minimal,
            nameId: { value, format: value },
            attributes: { name: value },
            dialect,
          };
          const xml = buildResponse({ ...values, signature: { ...key, placement } }, NOW);
          const read = [
            find(xml, 'NameID')[0]?.textContent,
            find(xml, 'NameID')[0]?.getAttribute('Format'),
            find(xml, 'AttributeValue')[0]?.textContent,
          ];
          return verifies(xml) && read.every((found) => found === value);
        },
      ),
      { numRuns: 100, verbose: true },
    ),
  );
});

t.test('self-signed certificate is valid X.509', async (t) => {
  t.equal(certificate.subject, 'CN=a test IdP');
  t.ok(certificate.verify(certificate.publicKey));
  t.ok(certificate.checkPrivateKey(key.privateKey));
  t.ok(certificate.checkIssued(certificate));
  t.equal(new Date(certificate.validFrom).toISOString(), '2026-11-21T12:00:00.000Z');
  t.equal(new Date(certificate.validTo).toISOString(), '2027-11-21T12:00:00.000Z');
  t.match(certificate.serialNumber, /^01[0-9A-F]{30}$/);
});
