// Browser sign-in over HTTP: metadata, the redirect to the IdP, cookies, and the pages at the end.
import { DOMParser } from '@xmldom/xmldom';
import t from 'tap';
import { SignInCookies } from '../../src/portal/cookies.js';
import { NOW } from '../support/saml-documents.js';
import { SERVER_URL } from '../support/saml-verifier.js';
import { ACS, Browser, requestOf, responseTo, SP, sharedSeal, startSignIn } from '../support/sign-in.js';

const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
const json = { accept: 'application/json' };
const broker = await startSignIn(t);

t.test('/saml/metadata returns service provider metadata (SAML metadata 2.4.4)', async (t) => {
  const { status, headers, text } = await new Browser().get(broker, '/saml/metadata');
  t.equal(status, 200);
  t.match(headers['content-type'], /^application\/samlmetadata\+xml/);
  const { documentElement: entity } = new DOMParser().parseFromString(text, 'text/xml');
  const attributesOf = (element: Element | null | undefined) =>
    Object.fromEntries(Array.from(element?.attributes ?? [], ({ name, value }) => [name, value]));
  t.match(attributesOf(entity), { entityID: SP });
  t.notOk(entity.hasAttribute('validUntil'), 'an IdP that imports it keeps it');
  const [role, ...others] = Array.from(entity.childNodes) as Element[];
  t.same(others, []);
  t.same(attributesOf(role), {
    protocolSupportEnumeration: 'urn:oasis:names:tc:SAML:2.0:protocol',
    AuthnRequestsSigned: 'false',
    WantAssertionsSigned: 'true',
  });
  t.same([role?.namespaceURI, role?.localName], [METADATA, 'SPSSODescriptor']);
  const [acs, ...more] = Array.from(role?.childNodes ?? []) as Element[];
  t.same(more, [], 'no logout, no empty keys');
  t.equal(acs?.localName, 'AssertionConsumerService');
  t.same(attributesOf(acs), {
    Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    Location: ACS,
    index: '0',
    isDefault: 'true',
  });
});

t.test(
  '/login redirects to the IdP of the metadata with an unpredictable AuthnRequest for the ACS and no RelayState',
  async (t) => {
    const browser = new Browser();
    const shown = await browser.get(broker, '/login/corp');
    t.match(shown, { status: 302, headers: { 'cache-control': 'no-store' } });
    const { id, xml, url } = requestOf(shown);
    t.equal(`${url.origin}${url.pathname}`, 'https://idp.corp.example/sso');
    t.same([...url.searchParams.keys()], ['SAMLRequest']);
    const request = new DOMParser().parseFromString(xml, 'text/xml').documentElement;
    t.same(
      [request.namespaceURI, request.localName],
      ['urn:oasis:names:tc:SAML:2.0:protocol', 'AuthnRequest'],
    );
    for (const [name, value] of Object.entries({
      Version: '2.0',
      Destination: 'https://idp.corp.example/sso',
      AssertionConsumerServiceURL: ACS,
      ProtocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    }))
      t.equal(request.getAttribute(name), value, name);
    t.match(request.getAttribute('IssueInstant'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    t.equal(request.getElementsByTagNameNS('*', 'Issuer')[0]?.textContent, SP);
    t.match(id, /^_[0-9a-f]{42}$/);
    const ids = await Promise.all(Array.from({ length: 20 }, () => new Browser().begin(broker)));
    t.equal(new Set(ids).size, 20);
  },
);

t.test('the sign-in cookie is host-only, encrypted and expires after ten minutes', async (t) => {
  const browser = new Browser();
  const id = await browser.begin(broker, '/login/corp?Role=reader&Reason=the+secret+plan');
  const [cookie = ''] = browser.setCookies;
  t.match(cookie, /^__Host-sallyport-sign-in_[0-9a-f]{42}=/);
  t.match(cookie, /; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=None$/);
  t.notMatch(Buffer.from(cookie, 'base64').toString('latin1'), /secret plan|reader/);
  const answered = await browser.post(broker, responseTo(id));
  t.equal(answered.outcome, 'issued');
  t.match(
    browser.setCookies.at(-1),
    /^__Host-sallyport-sign-in_[0-9a-f]{42}=; Max-Age=0; Path=\/; HttpOnly; Secure;/,
  );
  t.match(broker.records.at(-1), { Surface: 'sign-in', Role: 'reader', Reason: 'the secret plan' });

  const seal = sharedSeal();
  const plain = new SignInCookies(seal, 'http://127.0.0.1:8443');
  const [dev = ''] = await plain.add(undefined, { id: '_1', issuer: 'corp', parameters: {} }, NOW);
  t.match(dev, /^sallyport-sign-in_1=[^;]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/, 'over http');
});

t.test(
  'a sealed sign-in keeps fractions of seconds, so a broker started in the same second accepts it',
  async (t) => {
    const seal = sharedSeal();
    const sent = new Date(NOW.getTime() + 700);
    const sealed = await seal.seal({ id: 'r1', issuer: 'corp', parameters: {} }, sent);
    t.match(await seal.open(sealed, sent), { id: 'r1', issuedAt: sent.getTime() / 1000 });
    t.equal(await seal.open(sealed, new Date(sent.getTime() + 601_000)), undefined, 'and its end');
  },
);

t.test(
  'several sign-ins can be pending, each with its parameters; beyond the limit the oldest is deleted',
  async (t) => {
    const clock = { seconds: NOW.getTime() / 1000 - 60 };
    const slow = await startSignIn(t, { now: () => new Date(clock.seconds * 1000) });
    const browser = new Browser();
    browser.cookies.set('theme', 'dark');
    browser.cookies.set('__Host-sallyport-sign-in_junk', 'junk');
    const begin = async (query: string) => {
      clock.seconds += 1;
      return browser.begin(slow, `/login/corp?${query}`);
    };
    const ids = [
      await begin('Role=reader&DurationSeconds=901'),
      await begin('Role=writer&DurationSeconds=902'),
      await begin('Role=reader&DurationSeconds=903'),
    ];
    t.notOk(browser.cookies.has('__Host-sallyport-sign-in_junk'), 'invalid cookies are removed');
    clock.seconds = NOW.getTime() / 1000;
    for (const [index, id] of ids.entries()) {
      t.equal((await browser.post(slow, responseTo(id))).outcome, 'issued');
      t.match(slow.issued.at(-1), {
        role: ['reader', 'writer', 'reader'][index],
        session: { durationSeconds: 901 + index },
        durationLimitedBy: 'request',
      });
    }
    clock.seconds -= 30;
    const many: string[] = [];
    for (let sent = 0; sent < 7; sent++) many.push(await begin('Role=reader'));
    t.equal(browser.cookies.size, 1 + 5);
    t.equal(browser.cookies.get('theme'), 'dark');
    clock.seconds = NOW.getTime() / 1000;
    const outcomes: string[] = [];
    for (const id of many) outcomes.push((await browser.post(slow, responseTo(id))).outcome);
    const unknown = 'proof_invalid saml.in_response_to.unknown';
    t.same(outcomes, [unknown, unknown, ...Array(5).fill('issued')]);
  },
);

t.test(
  'login parameters are validated like the body of POST /v1/credentials and must fit into a cookie',
  async (t) => {
    const browser = new Browser();
    const arns = `&PolicyArns=arn:aws:iam::aws:policy/${'x'.repeat(400)}/y`.repeat(10);
    for (const [query, reason] of [
      ['DurationSeconds=60', 'parameter.schema'],
      ['DurationSeconds=soon', 'parameter.schema'],
      ['Role=', 'parameter.schema'],
      ['SAMLResponse=x', 'parameter.schema'],
      ['role=reader', 'parameter.schema'],
      [arns.slice(1), 'sign_in.size'],
    ] as const) {
      const shown = await browser.get(broker, `/login/corp?${query}`);
      t.match(shown, { status: 400, outcome: `parameter_invalid ${reason}` }, query.slice(0, 40));
    }
    const twice = await browser.get(broker, '/login/corp?Role=a&Role=b');
    t.equal(twice.outcome, 'request_malformed request.duplicate_key');
    t.equal(
      (await browser.get(broker, '/login/corp?Role=%ff')).outcome,
      'request_malformed request.encoding',
    );
    t.equal(browser.cookies.size, 0);
    const id = await browser.begin(broker, '/login/corp?Role=nobody');
    t.equal((await browser.post(broker, responseTo(id))).outcome, 'role_not_permitted role_not_permitted');
    t.equal(browser.cookies.size, 0, 'a refusal ends the sign-in too');
  },
);

t.test('/login rejects issuers without browser sign-in', async (t) => {
  for (const [name, reason] of [
    ['api', 'saml.sign_in.issuer'],
    ['nobody', 'saml.sign_in.issuer'],
    ['__proto__', 'saml.sign_in.issuer'],
    ['post-only', 'saml.sign_in.binding'],
  ]) {
    const shown = await new Browser().get(broker, `/login/${name}`);
    t.match(shown, { status: 404, outcome: `sign_in_unknown ${reason}`, text: /sign_in_unknown/ });
    t.equal(shown.headers['set-cookie'], undefined);
  }
  const unsolicited = await new Browser().post(broker, responseTo(undefined));
  t.equal(unsolicited.outcome, 'proof_invalid saml.unsolicited');
});

t.test('a sign-in started at the IdP is accepted if the issuer has unsolicited: accept', async (t) => {
  const accepting = await startSignIn(t, { unsolicited: 'accept' });
  const browser = new Browser();
  const choice = await browser.post(accepting, responseTo(undefined));
  t.match(choice, { status: 409, outcome: 'role_ambiguous role_ambiguous' });
  t.match(choice.text, `href="${SERVER_URL}/login/corp?Role=writer"`);
  const only = await browser.post(
    accepting,
    responseTo(undefined, { nameId: '<saml:NameID>bob</saml:NameID>' }),
  );
  t.equal(only.outcome, 'issued');
  t.match(accepting.issued, [{ role: 'reader', session: { name: 'bob' } }]);
});

t.test('with several roles, a page links to each role and keeps the other parameters', async (t) => {
  const browser = new Browser();
  const id = await browser.begin(broker, '/login/corp?DurationSeconds=1800&Reason=a%26b');
  const choice = await browser.post(broker, responseTo(id));
  t.match(choice, { status: 409, outcome: 'role_ambiguous role_ambiguous' });
  const links = [...choice.text.matchAll(/href="([^"]+)">([^<]+)</g)].map(([, href = '', role]) => [
    role,
    href.replaceAll('&amp;', '&').replaceAll('&#38;', '&'),
  ]);
  t.same(links, [
    ['reader', `${SERVER_URL}/login/corp?Role=reader&DurationSeconds=1800&Reason=a%26b`],
    ['writer', `${SERVER_URL}/login/corp?Role=writer&DurationSeconds=1800&Reason=a%26b`],
  ]);
  const [, [, href = ''] = []] = links;
  const next = await browser.begin(broker, href.slice(SERVER_URL.length));
  t.equal((await browser.post(broker, responseTo(next))).outcome, 'issued', 'with a fresh proof');
  t.match(broker.issued.at(-1), { role: 'writer', reason: 'a&b', session: { durationSeconds: 1800 } });

  const again = await browser.begin(broker, '/login/corp');
  const asJson = await browser.post(broker, responseTo(again), json);
  t.match(JSON.parse(asJson.text), { code: 'role_ambiguous', Roles: ['reader', 'writer'] });
});

t.test('the ACS returns a page or, on request, JSON, and neither is cached', async (t) => {
  const browser = new Browser();
  const page = await browser.post(broker, responseTo(await browser.begin(broker)), {
    accept: 'text/html,*/*',
  });
  t.match(page.headers, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy':
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  });
  t.notMatch(page.text, /<script|onload|style="/);
  const shown = page.text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
  t.match(
    shown,
    "export AWS_ACCESS_KEY_ID='ASIAEXAMPLEEXAMPLE00'\nexport AWS_SECRET_ACCESS_KEY='secret/key'\nexport AWS_SESSION_TOKEN='session+token=='",
  );
  for (const text of ['federated-user/alice', '2026-11-21T13:00:00Z', 'reader']) t.match(shown, text);

  const response = await browser.post(broker, responseTo(await browser.begin(broker)), json);
  t.match(response.headers, { 'cache-control': 'no-store', 'content-type': /^application\/json/ });
  t.match(JSON.parse(response.text), {
    Credentials: { AccessKeyId: 'ASIAEXAMPLEEXAMPLE00', Expiration: '2026-11-21T13:00:00Z' },
    FederatedUser: { Arn: /alice/ },
    Sallyport: { Role: 'reader', Operation: 'GetFederationToken' },
  });
  t.ok(page.text.includes(String(broker.records.at(-3)?.RequestId)), 'the request id leads to the record');
});

t.test('pages escape all values from the request', async (t) => {
  const browser = new Browser();
  const id = await browser.begin(
    broker,
    `/login/corp?Role=${encodeURIComponent('"><script>alert(1)</script>')}`,
  );
  const refused = await browser.post(broker, responseTo(id));
  t.equal(refused.outcome, 'role_not_permitted role_not_permitted');
  t.notMatch(refused.text, /<script/);
  t.match(refused.text, /Role=%22%3E%3Cscript/, 'in the link it is only a value');
  const name = '&quot;&gt;&lt;script&gt;';
  const choice = await browser.post(
    broker,
    responseTo(await browser.begin(broker, '/login/corp'), { nameId: `<saml:NameID>${name}</saml:NameID>` }),
  );
  t.equal(choice.outcome, 'role_ambiguous role_ambiguous');
  t.notMatch(choice.text, /<script/);
});
