// Results of genuine Responses of several kinds of IdP, and how the settings of the issuer change what is accepted.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Secret } from '@sallyport/client/internal/secret';
import {
  buildResponse,
  type Dialect,
  type SignaturePlacement,
} from '@sallyport/sandbox/internal/saml/response';
import { generateSigningKey } from '@sallyport/sandbox/internal/saml/signing-key';
import t from 'tap';
import { Authenticator } from '../../../src/authn/authenticate.js';
import type { CrossCheck } from '../../../src/authn/saml/cross-check/cross-check.js';
import { createSamlVerifier } from '../../../src/authn/saml/verifier.js';
import type { SamlIssuer } from '../../../src/config/schema/saml-issuer.js';
import type { LoginRequest } from '../../../src/core/types.js';
import { MemoryReplayStore } from '../../../src/replay/memory-replay-store.js';
import {
  AWS_AUDIENCE,
  AWS_SIGN_IN,
  assertion,
  at,
  ENTITY_ID,
  encrypt,
  fixture,
  metadata,
  NOW,
  ROLE,
  response,
  sign,
  signature,
  signedResponse,
} from '../../support/saml-documents.js';
import {
  base64,
  folderWith,
  outcome,
  SERVER_URL,
  sharedCrossCheck,
  silent,
  verifierWith,
  verifyText,
} from '../../support/saml-verifier.js';

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

t.test('an attribute value that is a NameID element (eduPersonTargetedID) yields its text', async (t) => {
  const verifier = await verifierWith(t);
  const name = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.10';
  const nameId = '<saml:NameID NameQualifier="idp" SPNameQualifier="sp">3f7b</saml:NameID>';
  const of = (value: string) =>
    base64(
      signedResponse({
        attributes: `<saml:Attribute Name="${name}"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`,
      }),
    );
  const { principal } = await verifyText(verifier, of(nameId));
  t.same(principal.claims[name], ['3f7b']);
  for (const value of [nameId + nameId, '<saml:NameID><saml:NameID>3f7b</saml:NameID></saml:NameID>'])
    t.equal(await outcome(verifier, of(value)), 'proof_invalid saml.attribute.value');
});

t.test('the principal has the claims of the assertion, and the assertion ID is single-use', async (t) => {
  const verifier = await verifierWith(t);
  const { principal, singleUseIds } = await verifyText(verifier, base64(signedResponse()));
  t.equal(Object.getPrototypeOf(principal.claims), null);
  t.same(
    { ...principal, claims: { ...principal.claims } },
    {
      issuer: 'corp',
      type: 'saml',
      subject: 'alice',
      proofId: '_assertion-1',
      issuedAt: NOW.getTime() / 1000,
      expiresAt: NOW.getTime() / 1000 + 300,
      sessionNotOnOrAfter: NOW.getTime() / 1000 + 28_800,
      claims: {
        [ROLE]: ['arn:aws:iam::111122223333:role/A,arn:aws:iam::111122223333:saml-provider/Idp'],
        groups: ['analysts', 'finance & friends'],
        Issuer: ENTITY_ID,
        NameID: 'alice',
        NameIDFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        Recipient: AWS_SIGN_IN,
        AuthnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
        AuthnInstant: at(-10),
        SessionIndex: 's1',
      },
    },
  );
  const past = new Date(NOW.getTime() + 359_999);
  const issuedAt = NOW.getTime() / 1000;
  t.same(singleUseIds, [{ issuer: ENTITY_ID, id: '_assertion-1', issuedAt, expiresAt: issuedAt + 360 }]);
  t.equal(
    await outcome(verifier, base64(signedResponse()), past),
    'accepted alice',
    'to the end of the claim',
  );
  t.match(await outcome(verifier, base64(signedResponse()), new Date(past.getTime() + 1)), 'proof_expired');
});

t.test('Attributes with the same Name are joined in order', async (t) => {
  const role = (value: string) =>
    `<saml:Attribute Name="Role"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`;
  const attributes = ['a', 'b', 'c', 'd', 'e', 'f'].map(role).join('');
  const { principal } = await verifyText(await verifierWith(t), base64(signedResponse({ attributes })));
  t.same(principal.claims['Role'], ['a', 'b', 'c', 'd', 'e', 'f']);
});

t.test('Responses of an independent builder are accepted with every placement of signatures', async (t) => {
  const key = await generateSigningKey('test', new Date());
  const der = key.certificate;
  const metadataXml = metadata().replace(/(<ds:X509Certificate>)[^<]*/, `$1${der}`);
  const verifier = await verifierWith(t, {}, { metadataXml });
  for (const dialect of ['adfs', 'okta'] satisfies Dialect[]) {
    for (const placement of ['assertion', 'response', 'both'] satisfies SignaturePlacement[]) {
      for (const digest of ['sha256', 'sha512'] as const) {
        const xml = buildResponse(
          {
            issuer: ENTITY_ID,
            responseId: '_r',
            assertionId: '_a',
            destination: AWS_SIGN_IN,
            recipient: AWS_SIGN_IN,
            audiences: [AWS_AUDIENCE],
            nameId: { value: 'alice' },
            attributes: { mail: 'alice@corp.example', groups: ['a', 'b <c> & "d"'] },
            notOnOrAfter: new Date(NOW.getTime() + 300_000),
            dialect,
            signature: { ...key, placement, digestAlgorithm: `${XENC}${digest}` },
          },
          NOW,
        );
        const { principal } = await verifyText(verifier, base64(xml));
        t.same(principal.claims['groups'], ['a', 'b <c> & "d"'], `${dialect} ${placement} ${digest}`);
      }
    }
  }
});

t.test('RSA and ECDSA signatures with SHA-256, SHA-384 and SHA-512 are accepted', async (t) => {
  const verifier = await verifierWith(t, {}, { metadataXml: metadata(['idp', 'ec']) });
  const accepted = (algorithm: string, digestAlgorithm: string, key = fixture('idp.key')) =>
    outcome(verifier, base64(signedResponse({}, {}, { algorithm, digestAlgorithm, key })));
  t.equal(await accepted(`${MORE}rsa-sha384`, `${MORE}sha384`), 'accepted alice');
  t.equal(await accepted(`${MORE}rsa-sha512`, `${XENC}sha512`), 'accepted alice');
  for (const hash of ['sha256', 'sha384', 'sha512']) {
    t.equal(await accepted(`${MORE}ecdsa-${hash}`, `${XENC}sha256`, fixture('ec.key')), 'accepted alice');
  }
});

t.test(
  'a signature made with another key type than its algorithm is refused (saml.signature.value)',
  async (t) => {
    const verifier = await verifierWith(t, {}, { metadataXml: metadata(['idp', 'ec']) });
    const crossed = signedResponse({}, {}, { algorithm: `${MORE}rsa-sha256`, key: fixture('ec.key') });
    t.equal(await outcome(verifier, base64(crossed)), 'proof_invalid saml.signature.value');
  },
);

t.test('the principal expires at the earliest NotOnOrAfter', async (t) => {
  const verifier = await verifierWith(t);
  const { principal, singleUseIds } = await verifyText(
    verifier,
    base64(signedResponse({ notOnOrAfter: at(100) })),
  );
  t.equal(principal.expiresAt, NOW.getTime() / 1000 + 100);
  t.equal(singleUseIds[0]?.expiresAt, NOW.getTime() / 1000 + 160);
});

t.test(
  'a Response is refused if the cross-check finds another subject (saml.reader.disagrees)',
  async (t) => {
    const folder = folderWith(t, { 'idp.xml': metadata() });
    const created = await createSamlVerifier({
      issuers: { corp: { type: 'saml', metadata: join(folder, 'idp.xml') } },
      serverUrl: SERVER_URL,
      log: silent,
      crossCheck: { readSubject: async () => ({ nameId: 'admin', attributes: {} }), close: async () => {} },
    });
    if (!created.ok) throw new Error('faults');
    t.teardown(() => created.verifier.close());
    t.equal(await outcome(created.verifier, base64(signedResponse())), 'proof_invalid saml.reader.disagrees');
  },
);

t.test('InclusiveNamespaces prefixes are resolved in the Response', async (t) => {
  const transforms = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="${C14N}"><ec:InclusiveNamespaces xmlns:ec="${C14N}" PrefixList="samlp"/></ds:Transform>`;
  const protocol = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"';
  const declaring = assertion().replace('<saml:Assertion', `<saml:Assertion ${protocol}`);
  const own = signature(declaring, '_assertion-1', { transforms, inclusivePrefixes: ['samlp'] });
  const xml = response(assertion().replace('</saml:Issuer>', `</saml:Issuer>${own}`));
  const verifier = await verifierWith(t);
  t.equal(await outcome(verifier, base64(xml)), 'accepted alice');
  t.equal(
    await outcome(
      verifier,
      base64(
        response(
          assertion().replace(
            '</saml:Issuer>',
            `</saml:Issuer>${signature(assertion(), '_assertion-1', { transforms })}`,
          ),
        ),
      ),
    ),
    'proof_invalid saml.signature.digest',
  );
});

t.test('audience sallyport requires assertions addressed to the broker', async (t) => {
  const acs = `${SERVER_URL}/saml/acs`;
  const conditions = `<saml:AudienceRestriction><saml:Audience>${SERVER_URL}/saml/metadata</saml:Audience></saml:AudienceRestriction>`;
  const ours = signedResponse({ recipient: acs, conditions }, { destination: acs });
  const config: Partial<SamlIssuer> = { audience: 'sallyport', unsolicited: 'accept' };
  const verifier = await verifierWith(t, config);
  t.equal(await outcome(verifier, base64(ours)), 'accepted alice');
  t.equal(await outcome(verifier, base64(signedResponse())), 'audience_mismatch saml.recipient');
  const forAws = signedResponse({ recipient: acs }, { destination: acs });
  t.equal(await outcome(verifier, base64(forAws)), 'audience_mismatch saml.audience');
  t.equal(
    await outcome(await verifierWith(t, { audience: 'sallyport' }), base64(ours)),
    'proof_invalid saml.unsolicited',
    'by default only in response to a request',
  );
});

t.test('a Response must be for a request of the same browser, and the request is single-use', async (t) => {
  const acs = `${SERVER_URL}/saml/acs`;
  const entityId = `${SERVER_URL}/saml/metadata`;
  const conditions = `<saml:AudienceRestriction><saml:Audience>${entityId}</saml:Audience></saml:AudienceRestriction>`;
  const answer = (inResponseTo?: string, elsewhere = inResponseTo) =>
    base64(
      signedResponse(
        { recipient: acs, conditions, inResponseTo },
        { inResponseTo: elsewhere, destination: acs },
      ),
    );
  const seconds = NOW.getTime() / 1000;
  const sent = (id: string, issuer = 'corp'): LoginRequest => ({
    id,
    issuer,
    issuedAt: seconds - 30,
    expiresAt: seconds + 570,
    parameters: {},
  });
  const verifier = await verifierWith(t, { audience: 'sallyport' });
  const open = [sent('_request-1'), sent('_request-2'), sent('_request-3', 'other')];
  const { principal, singleUseIds } = await verifyText(verifier, answer('_request-2'), NOW, open);
  t.equal(principal.inResponseTo, '_request-2');
  t.match(singleUseIds, [
    { issuer: ENTITY_ID, id: '_assertion-1' },
    { issuer: entityId, id: '_request-2', issuedAt: seconds - 30, expiresAt: seconds + 570 },
  ]);
  const unknown = 'proof_invalid saml.in_response_to.unknown';
  const rows: [string, readonly LoginRequest[] | undefined, string][] = [
    [answer('_request-1'), open, 'accepted alice'],
    [answer('_never-sent'), open, unknown],
    [answer('_request-1'), [], unknown],
    [answer('_request-1'), undefined, unknown],
    [answer('_request-3'), open, 'proof_invalid saml.in_response_to.issuer'],
    [answer('_request-1', '_request-2'), open, 'proof_invalid saml.in_response_to.mismatch'],
    [answer(), open, 'proof_invalid saml.unsolicited'],
    [base64(signedResponse()), open, 'audience_mismatch saml.recipient'],
  ];
  for (const [proof, requests, expected] of rows)
    t.equal(await outcome(verifier, proof, NOW, requests), expected, expected);

  const accepting = await verifierWith(t, { audience: 'sallyport', unsolicited: 'accept' });
  t.equal(await outcome(accepting, answer(), NOW, open), 'accepted alice');
  t.equal(await outcome(accepting, answer('_never-sent'), NOW, open), unknown, 'unsolicited is without one');

  const forAws = await verifierWith(t);
  t.equal(
    await outcome(forAws, base64(signedResponse()), NOW, []),
    'audience_mismatch saml.issuer.for_aws',
    'no browser signs in with what is addressed to AWS',
  );
});

t.test(
  'with one IdP for AWS and for the broker, a browser can only use assertions for the broker',
  async (t) => {
    const metadataFile = join(folderWith(t, { 'idp.xml': metadata() }), 'idp.xml');
    const created = await createSamlVerifier({
      issuers: {
        api: { type: 'saml', metadata: metadataFile },
        people: { type: 'saml', metadata: metadataFile, audience: 'sallyport', unsolicited: 'accept' },
      },
      serverUrl: SERVER_URL,
      log: silent,
      crossCheck: sharedCrossCheck,
    });
    if (!created.ok) throw new Error(JSON.stringify(created.errors));
    t.teardown(() => created.verifier.close());
    const acs = `${SERVER_URL}/saml/acs`;
    const conditions = `<saml:AudienceRestriction><saml:Audience>${SERVER_URL}/saml/metadata</saml:Audience></saml:AudienceRestriction>`;
    const forBroker = base64(signedResponse({ recipient: acs, conditions }, { destination: acs }));
    const forAws = base64(signedResponse());
    t.equal((await verifyText(created.verifier, forAws)).principal.issuer, 'api');
    t.equal((await verifyText(created.verifier, forBroker, NOW, [])).principal.issuer, 'people');
    t.equal(await outcome(created.verifier, forBroker), 'audience_mismatch saml.recipient');
    t.equal(await outcome(created.verifier, forAws, NOW, []), 'audience_mismatch saml.recipient');
  },
);

t.test(
  'unsolicited controls Responses without a request and to foreign requests, with audience aws',
  async (t) => {
    const foreign = base64(signedResponse({ inResponseTo: '_tool' }, { inResponseTo: '_tool' }));
    const plain = base64(signedResponse());
    const table: [SamlIssuer['unsolicited'], string, string][] = [
      ['accept', plain, 'accepted alice'],
      ['accept', foreign, 'proof_invalid saml.in_response_to.foreign'],
      ['accept-foreign', plain, 'accepted alice'],
      ['accept-foreign', foreign, 'accepted alice'],
      ['refuse', plain, 'proof_invalid saml.unsolicited'],
      ['refuse', foreign, 'proof_invalid saml.in_response_to.foreign'],
    ];
    for (const [unsolicited, proof, expected] of table) {
      const verifier = await verifierWith(t, unsolicited ? { unsolicited } : {});
      t.equal(await outcome(verifier, proof), expected, `${unsolicited} gives ${expected}`);
    }
  },
);

t.test('namespaces, maxLifetime and several decryptionKeys of the issuer apply', async (t) => {
  const namespaces = ['http://schemas.xmlsoap.org/ws/2009/09/identity/claims'];
  const typed = signedResponse({
    attributes: `<saml:Attribute Name="a" xmlns:a="${namespaces[0]}" a:OriginalIssuer="x"><saml:AttributeValue>v</saml:AttributeValue></saml:Attribute>`,
  });
  t.equal(await outcome(await verifierWith(t), base64(typed)), 'proof_malformed saml.xml.namespace');
  t.equal(await outcome(await verifierWith(t, { namespaces }), base64(typed)), 'accepted alice');
  const short = await verifierWith(t, { maxLifetime: '4m' });
  t.equal(await outcome(short, base64(signedResponse())), 'proof_invalid saml.lifetime');
  const decryptionKeys = [fixture('stranger.key'), fixture('broker.key')];
  const encrypted = response(encrypt(sign(assertion(), '_assertion-1')));
  t.equal(await outcome(await verifierWith(t, { decryptionKeys }), base64(encrypted)), 'accepted alice');
});

t.test('namespaces of one issuer are not accepted from another (saml.xml.namespace)', async (t) => {
  const other = 'https://other.example';
  const folder = folderWith(t, { 'a.xml': metadata(), 'b.xml': metadata(['idp'], { entityId: other }) });
  const created = await createSamlVerifier({
    issuers: {
      a: { type: 'saml', metadata: join(folder, 'a.xml') },
      b: { type: 'saml', metadata: join(folder, 'b.xml'), namespaces: ['urn:more'] },
    },
    serverUrl: SERVER_URL,
    log: silent,
    crossCheck: sharedCrossCheck,
  });
  if (!created.ok) throw new Error('faults');
  t.teardown(() => created.verifier.close());
  const issuer = `<saml:Issuer>${other}</saml:Issuer>`;
  const declarations = ' xmlns:more="urn:more"';
  const fromA = signedResponse({}, { declarations });
  const fromB = signedResponse({ issuer }, { issuer, declarations });
  t.equal(await outcome(created.verifier, base64(fromA)), 'proof_malformed saml.xml.namespace');
  t.equal(await outcome(created.verifier, base64(fromB)), 'accepted alice');
});

t.test('a replayed proof is refused before the cross-check', async (t) => {
  let readings = 0;
  const crossCheck: Pick<CrossCheck, 'readSubject' | 'close'> = {
    readSubject: (request) => {
      readings++;
      return sharedCrossCheck.readSubject(request);
    },
    close: () => sharedCrossCheck.close(),
  };
  const created = await createSamlVerifier({
    issuers: {
      corp: { type: 'saml', metadata: join(folderWith(t, { 'idp.xml': metadata() }), 'idp.xml') },
    },
    serverUrl: SERVER_URL,
    log: silent,
    crossCheck,
  });
  if (!created.ok) throw new Error('faults');
  t.teardown(() => created.verifier.close());
  const replay = new MemoryReplayStore(() => new Date(NOW.getTime() - 60_000));
  const authenticator = new Authenticator(replay);
  const verifiers = { saml: created.verifier, oidc: created.verifier };
  const proof = { type: 'saml', value: new Secret(base64(signedResponse())) } as const;
  t.equal((await authenticator.authenticate(verifiers, proof, NOW)).subject, 'alice');
  await t.rejects(authenticator.authenticate(verifiers, proof, NOW), { code: 'proof_replayed' });
  t.equal(readings, 1);
});

t.test('concurrent proofs are verified independently', async (t) => {
  const verifier = await verifierWith(t);
  const names = Array.from({ length: 20 }, () => randomUUID());
  const outcomes = await Promise.all(
    names.map((name) =>
      outcome(verifier, base64(signedResponse({ nameId: `<saml:NameID>${name}</saml:NameID>` }))),
    ),
  );
  t.same(
    outcomes,
    names.map((name) => `accepted ${name}`),
  );
});

t.test('the error of a refused proof has no value of the proof', async (t) => {
  const verifier = await verifierWith(t);
  for (const xml of [
    signedResponse().replace('>alice<', '>mallory<'),
    signedResponse({ nameId: '<saml:NameID>mallory&#10;</saml:NameID>' }),
    `${signedResponse()}<mallory`,
  ]) {
    const error = await verifyText(verifier, base64(xml)).then(
      () => t.fail('accepted'),
      (reason: unknown) => reason,
    );
    t.notMatch(JSON.stringify(error, Object.getOwnPropertyNames(error)), /mallory|alice/);
  }
});

t.test('a verifier closes its own cross-check worker', async (t) => {
  const folder = folderWith(t, { 'idp.xml': metadata() });
  const created = await createSamlVerifier({
    issuers: { corp: { type: 'saml', metadata: join(folder, 'idp.xml') } },
    serverUrl: SERVER_URL,
    log: silent,
  });
  if (!created.ok) throw new Error('faults');
  t.equal(await outcome(created.verifier, base64(signedResponse())), 'accepted alice');
  await created.verifier.close();
  t.equal(await outcome(created.verifier, base64(signedResponse())), 'overloaded saml.reader.queue');
});
