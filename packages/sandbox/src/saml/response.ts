// A SAML Response from values: SAML Core sections 2 and 3, Web Browser SSO profile (Profiles section 4.1.4.2).
// Pure: the caller decides every value and time, so that a test can make any genuine document.
import { type Content, element, type Markup } from '@sallyport/sts-protocol/markup';
import { BEARER, NS, PASSWORD_PROTECTED_TRANSPORT, SUCCESS } from './names.js';
import { type SignatureValues, signatureOf } from './signature.js';

/** Which elements are signed. */
export type SignaturePlacement = 'assertion' | 'response' | 'both';

/** `adfs` has the assertion in the default namespace; `okta` prefixes everything and types its attribute values. */
export type Dialect = 'adfs' | 'okta';

export interface ResponseValues {
  readonly issuer: string;
  readonly responseId: string;
  readonly assertionId: string;
  /** `Destination` of the Response. */
  readonly destination?: string;
  readonly inResponseTo?: string;
  readonly recipient: string;
  /** No list, no AudienceRestriction. */
  readonly audiences?: readonly string[];
  readonly nameId: { readonly value: string; readonly format?: string; readonly nameQualifier?: string };
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
  readonly notBefore?: Date;
  readonly notOnOrAfter: Date;
  /** Of the SubjectConfirmationData; default `notOnOrAfter`. */
  readonly confirmationNotOnOrAfter?: Date;
  /** Default `now`. */
  readonly authnInstant?: Date;
  readonly sessionIndex?: string;
  readonly sessionNotOnOrAfter?: Date;
  /** AuthnContextClassRef; default PasswordProtectedTransport. */
  readonly authnContext?: string;
  /** Top-level StatusCode; default Success. */
  readonly status?: string;
  /** Default `adfs`. */
  readonly dialect?: Dialect;
  /** Left out, nothing is signed. */
  readonly signature?: SignatureValues & { readonly placement: SignaturePlacement };
}

const DIALECTS = {
  adfs: {
    protocol: 'samlp',
    saml: '',
    namespace: { xmlns: NS.assertion },
    schema: {},
    typed: {},
    inclusivePrefixes: [],
  },
  okta: {
    protocol: 'saml2p',
    saml: 'saml2:',
    namespace: { 'xmlns:saml2': NS.assertion },
    schema: { 'xmlns:xs': NS.schema },
    typed: { 'xmlns:xsi': NS.schemaInstance, 'xsi:type': 'xs:string' },
    inclusivePrefixes: ['xs'],
  },
} as const;

function attributeStatement(values: ResponseValues): Markup {
  const { saml, typed } = DIALECTS[values.dialect ?? 'adfs'];
  const attributes = Object.entries(values.attributes).map(([name, value]) =>
    element(
      `${saml}Attribute`,
      { Name: name },
      [value].flat().map((text) => element(`${saml}AttributeValue`, typed, text)),
    ),
  );
  return element(`${saml}AttributeStatement`, {}, attributes);
}

function assertionElement(values: ResponseValues, now: Date, signature?: Markup): Markup {
  const { saml, namespace, schema } = DIALECTS[values.dialect ?? 'adfs'];
  const el = (name: string, attributes: Record<string, string | undefined>, ...children: Content[]) =>
    element(`${saml}${name}`, attributes, ...children);
  const { value, format, nameQualifier } = values.nameId;

  return el(
    'Assertion',
    { ...namespace, ...schema, ID: values.assertionId, IssueInstant: now.toISOString(), Version: '2.0' },
    el('Issuer', {}, values.issuer),
    signature,
    el(
      'Subject',
      {},
      el('NameID', { Format: format, NameQualifier: nameQualifier }, value),
      el(
        'SubjectConfirmation',
        { Method: BEARER },
        el('SubjectConfirmationData', {
          InResponseTo: values.inResponseTo,
          NotOnOrAfter: (values.confirmationNotOnOrAfter ?? values.notOnOrAfter).toISOString(),
          Recipient: values.recipient,
        }),
      ),
    ),
    el(
      'Conditions',
      { NotBefore: values.notBefore?.toISOString(), NotOnOrAfter: values.notOnOrAfter.toISOString() },
      values.audiences &&
        el(
          'AudienceRestriction',
          {},
          values.audiences.map((audience) => el('Audience', {}, audience)),
        ),
    ),
    // The schema requires at least one Attribute: Core section 2.7.3.
    Object.keys(values.attributes).length > 0 ? attributeStatement(values) : undefined,
    el(
      'AuthnStatement',
      {
        AuthnInstant: (values.authnInstant ?? now).toISOString(),
        SessionIndex: values.sessionIndex,
        SessionNotOnOrAfter: values.sessionNotOnOrAfter?.toISOString(),
      },
      el(
        'AuthnContext',
        {},
        el('AuthnContextClassRef', {}, values.authnContext ?? PASSWORD_PROTECTED_TRANSPORT),
      ),
    ),
  );
}

function responseElement(values: ResponseValues, now: Date, assertion: Markup, signature?: Markup): Markup {
  const { protocol, saml, namespace, schema } = DIALECTS[values.dialect ?? 'adfs'];
  return element(
    `${protocol}:Response`,
    {
      [`xmlns:${protocol}`]: NS.protocol,
      ...schema,
      ID: values.responseId,
      Version: '2.0',
      IssueInstant: now.toISOString(),
      Destination: values.destination,
      InResponseTo: values.inResponseTo,
    },
    element(`${saml}Issuer`, namespace, values.issuer),
    signature,
    element(`${protocol}:Status`, {}, element(`${protocol}:StatusCode`, { Value: values.status ?? SUCCESS })),
    assertion,
  );
}

/** The Response as XML text, issued at `now`. What is to be signed is made twice: to be digested, and with its signature. */
export function buildResponse(values: ResponseValues, now: Date): string {
  const { signature } = values;
  const { inclusivePrefixes } = DIALECTS[values.dialect ?? 'adfs'];
  const signedAs = (part: SignaturePlacement, id: string, make: (signature?: Markup) => Markup) =>
    signature?.placement === part || signature?.placement === 'both'
      ? make(signatureOf(make(), id, signature, inclusivePrefixes))
      : make();

  const assertion = signedAs('assertion', values.assertionId, (own) => assertionElement(values, now, own));
  return signedAs('response', values.responseId, (own) =>
    responseElement(values, now, assertion, own),
  ).toString();
}
