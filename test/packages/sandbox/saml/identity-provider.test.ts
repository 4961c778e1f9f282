// The sandbox's SAML IdP over HTTP: metadata, sign-on in a browser by each binding, and assertions for scripts.
// What it signs is checked by two readers that are not its own: xml-crypto, and saml2-js as a service provider.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { fetchAssertion } from '@sallyport/sandbox/internal/saml/fetch-assertion';
import { startSamlIdp } from '@sallyport/sandbox/internal/saml/server';
import { loadUsers } from '@sallyport/sandbox/internal/users';
import { DOMParser } from '@xmldom/xmldom';
import t, { type Test } from 'tap';
import { SignedXml } from 'xml-crypto';

const ACS = 'http://127.0.0.1:8443/saml/acs';
const SP = 'http://127.0.0.1:8443/saml/metadata';
const AWS_ACS = 'https://signin.aws.amazon.com/saml';
const ROLE = 'arn:aws:iam::111122223333:role/S3Reader,arn:aws:iam::111122223333:saml-provider/Adfs';
const ALICE = { user: 'alice', password: 'sandbox-alice' } as const;
/** Everything XML has a use for, but for a carriage return: saml2-js loses it, and then the signature. */
const HARD = '<&>"\'\n\t]]> é 日';
const PLACEMENTS = ['assertion', 'response', 'both'] as const;

/** The part of saml2-js this test uses: it has no types. */
interface Saml2 {
  ServiceProvider: new (
    options: object,
  ) => {
    post_assert(
      idp: object,
      options: object,
      done: (error: Error | null, answer: { user: Record<string, unknown> }) => void,
    ): void;
  };
  IdentityProvider: new (options: object) => object;
}
const saml2 = createRequire(import.meta.url)('saml2-js') as Saml2;

const users = loadUsers(await readFile('packages/sandbox/examples/users.yaml', 'utf8'));
const idp = await startSamlIdp({ users, roles: ({ name }) => (name === 'alice' ? [ROLE] : []) });
const okta = await startSamlIdp({ users, dialect: 'okta', signature: 'both' });
t.teardown(() => Promise.all([idp.close(), okta.close()]));

const parse = (xml: string) => new DOMParser().parseFromString(xml, 'text/xml');
const decode = (base64: string) => Buffer.from(base64, 'base64').toString();
const all = (root: Document | Element, name: string) => Array.from(root.getElementsByTagNameNS('*', name));
const one = (root: Document | Element, name: string): Element => {
  const [first, ...others] = all(root, name);
  if (!first || others.length > 0) throw new Error(`${others.length + (first ? 1 : 0)} elements ${name}`);
  return first;
};
const pem = (metadata: string) =>
  new X509Certificate(
    Buffer.from(one(parse(metadata), 'X509Certificate').textContent ?? '', 'base64'),
  ).toString();

/** Names of the elements whose signatures xml-crypto accepts with that certificate. */
function validSignatures(xml: string, certificate: string): string[] {
  return all(parse(xml), 'Signature').map((signature) => {
    const verifier = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null });
    verifier.loadSignature(signature as unknown as string);
    if (!verifier.checkSignature(xml)) throw new Error('not valid');
    const [signed = ''] = verifier.getSignedReferences();
    return parse(signed).documentElement?.localName ?? '';
  });
}

/** What saml2-js, as the service provider at the recipient, makes of a response. */
async function accept(response: string, recipient: string, audience: string, options: object = {}) {
  const provider = new saml2.ServiceProvider({
    entity_id: audience,
    assert_endpoint: recipient,
    private_key: '',
    certificate: '',
    allow_unencrypted_assertion: true,
    audience,
    ...options,
  });
  const peer = new saml2.IdentityProvider({
    sso_login_url: idp.ssoUrl,
    sso_logout_url: '',
    certificates: [pem(idp.metadata), pem(okta.metadata)],
  });
  const post = promisify(provider.post_assert.bind(provider));
  return (await post(peer, { request_body: { SAMLResponse: response } })).user;
}

const authnRequest = (attributes: Record<string, string> = {}, nameIdFormat?: string) => {
  const received = Object.entries({
    ID: '_request-1',
    Version: '2.0',
    IssueInstant: '2026-11-21T12:00:00.000Z',
    Destination: idp.ssoUrl,
    AssertionConsumerServiceURL: ACS,
    ...attributes,
  });
  return `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ${received
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ')}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${SP}</saml:Issuer>${
    nameIdFormat === undefined ? '' : `<samlp:NameIDPolicy Format="${nameIdFormat}"/>`
  }</samlp:AuthnRequest>`;
};

const redirectUrl = (xml: string, parameters: Record<string, string> = {}) =>
  `${idp.ssoUrl}?${new URLSearchParams({ SAMLRequest: deflateRawSync(xml).toString('base64'), ...parameters })}`;
const post = (form: Record<string, string>) =>
  fetch(idp.ssoUrl, { method: 'POST', body: new URLSearchParams(form) });

/** The only form of a page: its action and its hidden fields. */
async function formOf(response: Response) {
  const page = parse(
    (await response.text())
      .replace('<!doctype html>', '')
      .replace(/<(meta|input)([^>]*)>/g, '<$1$2/>')
      .replace(/ (required|autofocus)/g, ''),
  );
  const fields = all(page, 'input')
    .filter((input) => input.getAttribute('type') === 'hidden')
    .map((input) => [input.getAttribute('name') ?? '', input.getAttribute('value') ?? ''] as const);
  return { action: one(page, 'form').getAttribute('action'), fields: Object.fromEntries(fields) };
}

/** Signs alice in on a login page and returns the form of the response. */
async function signInOn(t: Test, loginPage: Response) {
  t.equal(loginPage.status, 200);
  const { action, fields } = await formOf(loginPage);
  t.equal(action, '/saml/sso');
  const answer = await post({ ...fields, ...ALICE });
  t.equal(answer.status, 200);
  t.match(answer.headers.get('cache-control'), 'no-store');
  return formOf(answer);
}

t.test('metadata has what a service provider needs', async (t) => {
  const response = await fetch(idp.metadataUrl);
  t.match(response.headers.get('content-type'), 'application/samlmetadata+xml');
  t.equal(await response.text(), idp.metadata);
  const metadata = parse(idp.metadata);
  t.equal(metadata.documentElement?.getAttribute('entityID'), idp.entityId);
  t.equal(one(metadata, 'KeyDescriptor').getAttribute('use'), 'signing');
  t.same(
    all(metadata, 'SingleSignOnService').map((service) => [
      service.getAttribute('Binding')?.split(':').at(-1),
      service.getAttribute('Location'),
    ]),
    [
      ['HTTP-Redirect', idp.ssoUrl],
      ['HTTP-POST', idp.ssoUrl],
    ],
  );
  const certificate = new X509Certificate(pem(idp.metadata));
  t.ok(certificate.verify(certificate.publicKey), 'the certificate is signed with its own key');
  t.equal(certificate.subject, certificate.issuer);
  t.ok(new Date(certificate.validFrom) <= new Date() && new Date() < new Date(certificate.validTo));
  t.not(pem(okta.metadata), pem(idp.metadata), 'each IdP generates its own key');
});

for (const [dialect, server] of Object.entries({ adfs: idp, okta })) {
  for (const signature of PLACEMENTS) {
    t.test(`${dialect}, signed: ${signature}`, async (t) => {
      const response = await fetchAssertion(server.ssoUrl, { ...ALICE, signature });
      const expected = { assertion: ['Assertion'], response: ['Response'], both: ['Response', 'Assertion'] };
      const xml = decode(response);
      t.same(validSignatures(xml, pem(server.metadata)), expected[signature]);
      for (const [from, to] of [
        ['>analysts<', '>admins<'],
        ['>alice<', '>bob<'],
        ['urn:amazon', 'urn:other'],
      ] as const) {
        t.throws(() => validSignatures(xml.replace(from, to), pem(server.metadata)), /not valid|invalid/);
      }
      t.throws(() => validSignatures(xml, pem(server === idp ? okta.metadata : idp.metadata)));
      const user = await accept(response, AWS_ACS, 'urn:amazon:webservices');
      t.match(user, { name_id: 'alice', attributes: { groups: ['analysts'], partner_id: ['acme'] } });
    });
  }
}

t.test('assertion for AWS has the attributes that AWS and Sallyport read', async (t) => {
  const assertion = parse(decode(await fetchAssertion(idp.ssoUrl, ALICE)));
  const attribute = (name: string) =>
    all(assertion, 'Attribute')
      .filter((candidate) => candidate.getAttribute('Name') === name)
      .flatMap((found) => all(found, 'AttributeValue').map((value) => value.textContent));
  t.same(attribute('https://aws.amazon.com/SAML/Attributes/Role'), [ROLE]);
  t.same(attribute('https://aws.amazon.com/SAML/Attributes/RoleSessionName'), ['alice@corp.example']);
  t.same(attribute('https://aws.amazon.com/SAML/Attributes/SessionDuration'), ['28800']);
  t.same(attribute('email'), ['alice@corp.example']);
  t.same(attribute('groups'), ['analysts']);

  const confirmation = one(assertion, 'SubjectConfirmationData');
  t.equal(confirmation.getAttribute('Recipient'), AWS_ACS);
  t.notOk(confirmation.hasAttribute('InResponseTo'));
  t.equal(one(assertion, 'Audience').textContent, 'urn:amazon:webservices');
  t.match(one(assertion, 'NameID').getAttribute('Format'), /:persistent$/);
  const conditions = one(assertion, 'Conditions');
  const from = conditions.getAttribute('NotBefore') ?? '';
  const until = conditions.getAttribute('NotOnOrAfter') ?? '';
  t.match(from, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.equal(Date.parse(until) - Date.parse(from), 300_000);
  t.equal(confirmation.getAttribute('NotOnOrAfter'), until);
  t.ok(one(assertion, 'AuthnStatement').getAttribute('SessionIndex'));
  t.equal(
    Date.parse(one(assertion, 'AuthnStatement').getAttribute('SessionNotOnOrAfter') ?? '') - Date.parse(from),
    8 * 3_600_000,
  );
  t.match(one(assertion, 'AuthnContextClassRef').textContent, /PasswordProtectedTransport$/);
});

t.test('script endpoint sets recipient, audience, lifetime and attributes', async (t) => {
  const response = await fetchAssertion(idp.ssoUrl, {
    user: 'bob',
    password: 'sandbox-bob',
    recipient: 'https://sallyport.corp.example/saml/acs',
    audience: 'https://sallyport.corp.example',
    lifetimeSeconds: 60,
    attributes: { groups: ['a', 'b'], hard: HARD, empty: [] },
  });
  const xml = decode(response);
  t.same(validSignatures(xml, pem(idp.metadata)), ['Assertion']);
  t.notMatch(xml, 'Attributes/Role"', 'who has no role gets no Role attribute');
  const user = await accept(
    response,
    'https://sallyport.corp.example/saml/acs',
    'https://sallyport.corp.example',
  );
  t.match(user['attributes'], { groups: ['a', 'b'], hard: [HARD], empty: [] });
  const conditions = one(parse(xml), 'Conditions');
  t.equal(
    Date.parse(conditions.getAttribute('NotOnOrAfter') ?? '') -
      Date.parse(conditions.getAttribute('NotBefore') ?? ''),
    60_000,
  );
});

t.test('script endpoint rejects a wrong password and invalid values', async (t) => {
  await t.rejects(
    fetchAssertion(idp.ssoUrl, { ...ALICE, password: 'guess' }),
    /name or the password is wrong/,
  );
  await t.rejects(fetchAssertion(idp.ssoUrl, { ...ALICE, user: 'nobody' }), /name or the password is wrong/);
  for (const lifetimeSeconds of [0, 1.5, 86_401]) {
    await t.rejects(fetchAssertion(idp.ssoUrl, { ...ALICE, lifetimeSeconds }), /lifetimeSeconds/);
  }
  await t.rejects(fetchAssertion(idp.ssoUrl, { ...ALICE, recipient: '' }), /recipient/);
});

t.test('SP-initiated sign-in by HTTP-Redirect returns a Response to the request', async (t) => {
  const relayState = '"><script>alert(1)</script>';
  const { action, fields } = await signInOn(
    t,
    await fetch(redirectUrl(authnRequest(), { RelayState: relayState })),
  );
  t.equal(action, ACS);
  t.equal(fields['RelayState'], relayState);
  const response = fields['SAMLResponse'] ?? '';
  const user = await accept(response, ACS, SP, {});
  t.match(user, { name_id: 'alice' });
  const document = parse(decode(response));
  t.equal(document.documentElement?.getAttribute('InResponseTo'), '_request-1');
  t.equal(document.documentElement?.getAttribute('Destination'), ACS);
  t.equal(one(document, 'SubjectConfirmationData').getAttribute('InResponseTo'), '_request-1');
  t.equal(one(document, 'SubjectConfirmationData').getAttribute('Recipient'), ACS);
});

t.test('SP-initiated sign-in by HTTP-POST returns the requested emailAddress NameID', async (t) => {
  const format = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
  const request = Buffer.from(authnRequest({}, format)).toString('base64');
  const { action, fields } = await signInOn(t, await post({ SAMLRequest: request }));
  t.equal(action, ACS);
  t.notOk('RelayState' in fields);
  const nameId = one(parse(decode(fields['SAMLResponse'] ?? '')), 'NameID');
  t.equal(nameId.getAttribute('Format'), format);
  t.equal(nameId.textContent, 'alice@corp.example');
});

t.test('IdP-initiated sign-in posts to AWS or to a service provider on this machine', async (t) => {
  const toAws = await signInOn(t, await fetch(idp.ssoUrl));
  t.equal(toAws.action, AWS_ACS);
  await accept(toAws.fields['SAMLResponse'] ?? '', AWS_ACS, 'urn:amazon:webservices');
  const here = await signInOn(
    t,
    await fetch(`${idp.ssoUrl}?${new URLSearchParams({ acs: ACS, audience: SP })}`),
  );
  t.equal(here.action, ACS);
  await accept(here.fields['SAMLResponse'] ?? '', ACS, SP);
  t.notMatch(decode(here.fields['SAMLResponse'] ?? ''), 'InResponseTo');
});

t.test('login page keeps the request after a wrong password', async (t) => {
  const { fields } = await formOf(await fetch(redirectUrl(authnRequest(), { RelayState: 'there' })));
  const refused = await post({ ...fields, user: 'alice', password: 'guess' });
  t.equal(refused.status, 401);
  const again = await formOf(refused);
  t.same(again.fields, fields);
});

t.test('IdP rejects unsafe AuthnRequests with an error page and no assertion', async (t) => {
  const transient = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
  const requests: [xml: string, says: RegExp][] = [
    [
      authnRequest({ AssertionConsumerServiceURL: 'https://elsewhere.example/acs' }),
      /AssertionConsumerServiceURL/,
    ],
    [
      authnRequest({ AssertionConsumerServiceURL: 'https://signin.aws.amazon.com.evil.example/saml' }),
      /Assertion/,
    ],
    [
      authnRequest({ AssertionConsumerServiceURL: 'javascript:alert(1)//127.0.0.1' }),
      /AssertionConsumerServiceURL/,
    ],
    [authnRequest({ Destination: 'https://elsewhere.example/sso' }), /Destination/],
    [authnRequest({ Version: '1.1' }), /Version 2\.0/],
    [authnRequest({ ID: '' }), /needs an ID/],
    [authnRequest({ IsPassive: 'true' }), /IsPassive/],
    [authnRequest({}, transient), /NameIDs/],
    [`<!DOCTYPE x [<!ENTITY e "x">]>${authnRequest()}`, /DOCTYPE/],
    ['<LogoutRequest xmlns="urn:oasis:names:tc:SAML:2.0:protocol"/>', /not an AuthnRequest/],
    ['<unclosed', /not XML/],
    ['', /not XML/],
  ];
  for (const [xml, says] of requests) {
    const responses = [
      await fetch(redirectUrl(xml)),
      await post({ SAMLRequest: Buffer.from(xml).toString('base64'), ...ALICE }),
    ];
    for (const answer of responses) {
      t.equal(answer.status, 400, `${says}`);
      const page = await answer.text();
      t.match(page, says);
      t.notMatch(page, 'SAMLResponse');
    }
  }
  const bomb = deflateRawSync(Buffer.alloc(10_000_000, ' ')).toString('base64');
  t.match(
    await (await fetch(`${idp.ssoUrl}?${new URLSearchParams({ SAMLRequest: bomb })}`)).text(),
    /not a deflated/,
  );
  t.equal((await fetch(`${idp.ssoUrl}?SAMLRequest=a&SAMLRequest=b`)).status, 400);
  t.equal((await fetch(`${idp.ssoUrl}?acs=https://elsewhere.example/`)).status, 400);
});

t.test('SAML IdP listens on loopback only and frees its port on close', async (t) => {
  await t.rejects(startSamlIdp({ users, host: '192.0.2.1' }), /loopback only/);
  const first = await startSamlIdp({ users });
  await first.close();
  const second = await startSamlIdp({ users, port: Number(new URL(first.ssoUrl).port) });
  t.equal(second.ssoUrl, first.ssoUrl);
  await second.close();
});
