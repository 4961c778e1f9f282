// Builds SAML documents field by field, so that a test can write invalid ones: `assertion` and `response` return text,
// `sign` adds a signature to any text, `encrypt` encrypts an assertion.
import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  publicEncrypt,
  randomBytes,
  sign as signBytes,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { fixturePath } from './paths.js';

export const NOW = new Date('2026-11-21T12:00:00.000Z');
export const ENTITY_ID = 'https://idp.corp.example/saml';
export const AWS_SIGN_IN = 'https://signin.aws.amazon.com/saml';
export const AWS_AUDIENCE = 'urn:amazon:webservices';
export const ROLE = 'https://aws.amazon.com/SAML/Attributes/Role';

const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';

/** A key or certificate of test/fixtures/saml as PEM. */
export function fixture(file: string): string {
  return readFileSync(fixturePath(`saml/${file}`), 'utf8');
}

/** The time `seconds` after NOW in the format of SAML. */
export function at(seconds: number): string {
  return new Date(NOW.getTime() + seconds * 1000).toISOString();
}

/** `name="value"`, or an empty text for undefined. */
const attribute = (name: string, value: string | undefined) =>
  value === undefined ? '' : ` ${name}="${value}"`;

/** Values of an assertion. Each may be replaced; `undefined` leaves it out. Elements are XML. */
export const ASSERTION = {
  id: '_assertion-1' as string | undefined,
  version: '2.0' as string | undefined,
  issueInstant: at(0) as string | undefined,
  issuer: `<saml:Issuer>${ENTITY_ID}</saml:Issuer>`,
  nameId: '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>',
  method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer' as string | undefined,
  recipient: AWS_SIGN_IN as string | undefined,
  confirmationNotBefore: undefined as string | undefined,
  confirmationNotOnOrAfter: at(300) as string | undefined,
  inResponseTo: undefined as string | undefined,
  /** Replaces the whole SubjectConfirmation. */
  confirmation: undefined as string | undefined,
  /** Replaces the whole Subject. */
  subject: undefined as string | undefined,
  notBefore: at(-300) as string | undefined,
  notOnOrAfter: at(3000) as string | undefined,
  conditions:
    `<saml:AudienceRestriction><saml:Audience>${AWS_AUDIENCE}</saml:Audience></saml:AudienceRestriction>` as
      | string
      | undefined,
  authnInstant: at(-10) as string | undefined,
  sessionNotOnOrAfter: at(28_800) as string | undefined,
  authnContext:
    '<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>',
  /** Replaces the whole AuthnStatement. */
  authnStatement: undefined as string | undefined,
  attributes: `<saml:Attribute Name="${ROLE}"><saml:AttributeValue>arn:aws:iam::111122223333:role/A,arn:aws:iam::111122223333:saml-provider/Idp</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups"><saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string">analysts</saml:AttributeValue><saml:AttributeValue>finance &amp; friends</saml:AttributeValue></saml:Attribute>`,
  /** Additional children at the end of the Assertion. */
  extra: '',
};
export type AssertionValues = Partial<typeof ASSERTION>;

/** An unsigned Assertion that declares its own namespace. */
export function assertion(values: AssertionValues = {}): string {
  const v = { ...ASSERTION, ...values };
  const data = `<saml:SubjectConfirmationData${attribute('Recipient', v.recipient)}${attribute('NotBefore', v.confirmationNotBefore)}${attribute('NotOnOrAfter', v.confirmationNotOnOrAfter)}${attribute('InResponseTo', v.inResponseTo)}/>`;
  const confirmation =
    v.confirmation ??
    `<saml:SubjectConfirmation${attribute('Method', v.method)}>${data}</saml:SubjectConfirmation>`;
  const subject = v.subject ?? `<saml:Subject>${v.nameId}${confirmation}</saml:Subject>`;
  const conditions =
    v.conditions === undefined
      ? ''
      : `<saml:Conditions${attribute('NotBefore', v.notBefore)}${attribute('NotOnOrAfter', v.notOnOrAfter)}>${v.conditions}</saml:Conditions>`;
  const statement =
    v.authnStatement ??
    `<saml:AuthnStatement${attribute('AuthnInstant', v.authnInstant)} SessionIndex="s1"${attribute('SessionNotOnOrAfter', v.sessionNotOnOrAfter)}>${v.authnContext}</saml:AuthnStatement>`;
  const attributes =
    v.attributes === '' ? '' : `<saml:AttributeStatement>${v.attributes}</saml:AttributeStatement>`;
  return `<saml:Assertion xmlns:saml="${SAML}"${attribute('ID', v.id)}${attribute('Version', v.version)}${attribute('IssueInstant', v.issueInstant)}>${v.issuer}${subject}${conditions}${statement}${attributes}${v.extra}</saml:Assertion>`;
}

export const RESPONSE = {
  id: '_response-1' as string | undefined,
  version: '2.0' as string | undefined,
  issueInstant: at(0) as string | undefined,
  destination: AWS_SIGN_IN as string | undefined,
  inResponseTo: undefined as string | undefined,
  issuer: `<saml:Issuer>${ENTITY_ID}</saml:Issuer>`,
  status:
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>',
  /** Additional declarations and attributes of the root. */
  declarations: '',
};
export type ResponseValues = Partial<typeof RESPONSE>;

/** An unsigned Response around `content`. */
export function response(content: string, values: ResponseValues = {}): string {
  const v = { ...RESPONSE, ...values };
  return `<samlp:Response xmlns:samlp="${SAMLP}" xmlns:saml="${SAML}"${v.declarations}${attribute('ID', v.id)}${attribute('Version', v.version)}${attribute('IssueInstant', v.issueInstant)}${attribute('Destination', v.destination)}${attribute('InResponseTo', v.inResponseTo)}>${v.issuer}${v.status}${content}</samlp:Response>`;
}

export const SIGNING = {
  key: fixture('idp.key'),
  /** URI of SignatureMethod. */
  algorithm: `${MORE}rsa-sha256`,
  digestAlgorithm: `${XENC}sha256`,
  canonicalization: EXCLUSIVE_C14N,
  transforms: `<ds:Transform Algorithm="${DSIG}enveloped-signature"/><ds:Transform Algorithm="${EXCLUSIVE_C14N}"/>`,
  /** Of the Reference; default `#` and the element's ID. */
  uri: undefined as string | undefined,
  /** Additional References as XML. */
  moreReferences: '',
  keyInfo: '',
  /** Additional children of Signature before its own. */
  before: '',
  /** Of the signature's elements; empty: the default namespace. */
  prefix: 'ds',
  inclusivePrefixes: [] as string[],
};
export type SigningValues = Partial<typeof SIGNING>;

/** The exclusive canonical form of the element with this ID. */
function canonical(xml: string, id: string, inclusivePrefixes: string[] = []): string {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const element = Array.from(document.getElementsByTagName('*')).find(
    (node) => node.getAttribute('ID') === id,
  );
  if (!element) throw new Error(`no element ${id}`);
  return canonicalNode(element, inclusivePrefixes);
}

function canonicalNode(node: Element, inclusivePrefixes: string[] = []): string {
  return new ExclusiveCanonicalization().process(node, { inclusiveNamespacesPrefixList: inclusivePrefixes });
}

/** The Signature for the element with this ID, which must not be in `xml` yet. */
export function signature(xml: string, id: string, values: SigningValues = {}): string {
  const v = { ...SIGNING, ...values };
  const digest = digestOf(v.digestAlgorithm, canonical(xml, id, v.inclusivePrefixes));
  const prefixed = (xml: string) =>
    xml
      .replace(/(<\/?)ds:/g, v.prefix === '' ? '$1' : `$1${v.prefix}:`)
      .replaceAll('xmlns:ds=', v.prefix === '' ? 'xmlns=' : `xmlns:${v.prefix}=`);
  const info = prefixed(
    `<ds:SignedInfo xmlns:ds="${DSIG}"><ds:CanonicalizationMethod Algorithm="${v.canonicalization}"/>` +
      `<ds:SignatureMethod Algorithm="${v.algorithm}"/><ds:Reference URI="${v.uri ?? `#${id}`}">` +
      `<ds:Transforms>${v.transforms}</ds:Transforms><ds:DigestMethod Algorithm="${v.digestAlgorithm}"/>` +
      `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>${v.moreReferences}</ds:SignedInfo>`,
  );
  const root = new DOMParser().parseFromString(info, 'text/xml').documentElement;
  const value = signatureValue(v.algorithm, canonicalNode(root), v.key);
  return prefixed(
    `<ds:Signature xmlns:ds="${DSIG}">${v.before}${info}<ds:SignatureValue>${value}</ds:SignatureValue>${v.keyInfo}</ds:Signature>`,
  );
}

/** Adds a Signature to the element with this ID, after its Issuer. */
export function sign(xml: string, id: string, values: SigningValues = {}): string {
  return insertSignature(xml, id, signature(xml, id, values));
}

export function insertSignature(xml: string, id: string, signatureXml: string): string {
  const start = xml.indexOf(` ID="${id}"`);
  const issuer = /<\/(?:\w+:)?Issuer>/.exec(xml.slice(start));
  const place = issuer ? start + issuer.index + issuer[0].length : xml.indexOf('>', start) + 1;
  return xml.slice(0, place) + signatureXml + xml.slice(place);
}

function digestOf(uri: string, text: string): string {
  const name = uri.slice(uri.indexOf('#') + 1);
  return createHash(name).update(text).digest('base64');
}

function signatureValue(uri: string, text: string, key: string): string {
  const [kind = '', hash = ''] = uri.slice(uri.indexOf('#') + 1).split('-');
  if (kind === 'hmac') return createHmac(hash, key).update(text).digest('base64');
  return signBytes(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64');
}

/** A Response with a signed assertion. */
export function signedResponse(
  assertionValues: AssertionValues = {},
  responseValues: ResponseValues = {},
  signing: SigningValues = {},
): string {
  const id = assertionValues.id ?? '_assertion-1';
  return response(sign(assertion(assertionValues), id, signing), responseValues);
}

export const ENCRYPTION = {
  certificate: fixture('broker.crt'),
  /** URI of EncryptionMethod. */
  algorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  keyTransport: `${XENC}rsa-oaep-mgf1p`,
  /** Children of the EncryptedKey's EncryptionMethod. */
  keyParameters: '',
  /** Changes the bytes after encryption. */
  corrupt: (bytes: Buffer): Buffer => bytes,
};

/** The text as an EncryptedAssertion. */
export function encrypt(text: string, values: Partial<typeof ENCRYPTION> = {}): string {
  const v = { ...ENCRYPTION, ...values };
  const name = v.algorithm.slice(v.algorithm.indexOf('#') + 1).replace('aes', 'aes-');
  const gcm = name.endsWith('gcm');
  const key = randomBytes(name.includes('256') ? 32 : 16);
  const iv = randomBytes(gcm ? 12 : 16);
  const cipher = createCipheriv(name as 'aes-256-gcm', key, iv);
  const parts = [iv, cipher.update(text, 'utf8'), cipher.final()];
  const bytes = v.corrupt(Buffer.concat(gcm ? [...parts, cipher.getAuthTag()] : parts));
  const padding = v.keyTransport.endsWith('rsa-1_5')
    ? constants.RSA_PKCS1_PADDING
    : constants.RSA_PKCS1_OAEP_PADDING;
  const wrapped = publicEncrypt({ key: createPublicKey(v.certificate), padding, oaepHash: 'sha1' }, key);
  return (
    `<saml:EncryptedAssertion xmlns:saml="${SAML}"><xenc:EncryptedData xmlns:xenc="${XENC}" Type="${XENC}Element">` +
    `<xenc:EncryptionMethod Algorithm="${v.algorithm}"/><ds:KeyInfo xmlns:ds="${DSIG}"><xenc:EncryptedKey>` +
    `<xenc:EncryptionMethod Algorithm="${v.keyTransport}">${v.keyParameters}</xenc:EncryptionMethod><xenc:CipherData>` +
    `<xenc:CipherValue>${wrapped.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>` +
    `<xenc:CipherData><xenc:CipherValue>${bytes.toString('base64')}</xenc:CipherValue></xenc:CipherData>` +
    '</xenc:EncryptedData></saml:EncryptedAssertion>'
  );
}

/** IdP metadata with these certificates (fixture names without `.crt`). */
export function metadata(
  certificates: readonly string[] = ['idp'],
  {
    entityId = ENTITY_ID,
    validUntil = undefined as string | undefined,
    id = undefined as string | undefined,
  } = {},
): string {
  const descriptors = certificates.map((name) => {
    const der = fixture(`${name}.crt`).replaceAll(/-----[A-Z ]+-----|\s/g, '');
    return `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="${DSIG}"><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
  });
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}"${attribute('validUntil', validUntil)}${attribute('ID', id)}><md:IDPSSODescriptor protocolSupportEnumeration="${SAMLP}">${descriptors.join('')}<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.corp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`;
}
