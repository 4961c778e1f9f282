// Attacks with genuinely signed documents in which one field is wrong or missing.
import t from 'tap';
import { attacksOn } from '../support/saml-attacks.js';
import {
  ASSERTION,
  AWS_AUDIENCE,
  AWS_SIGN_IN,
  assertion,
  at,
  ENTITY_ID,
  RESPONSE,
  response,
  sign,
  signature,
  signedResponse,
} from '../support/saml-documents.js';
import { SERVER_URL, verifierWith } from '../support/saml-verifier.js';

const GENUINE = signedResponse();
const SIGNED_RESPONSE = sign(response(assertion()), '_response-1');
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';

const check = attacksOn(await verifierWith(t));

t.test(
  'a Response with a wrong status, Destination, Issuer, InResponseTo or version is refused',
  async (t) => {
    const frame = (values: Parameters<typeof response>[1]) => signedResponse({}, values);
    const status = (code: string, more = '') =>
      `<samlp:Status><samlp:StatusCode Value="${code}">${more}</samlp:StatusCode></samlp:Status>`;
    const success = (more: string) =>
      `<samlp:Status><samlp:StatusCode Value="${SUCCESS}"/>${more}</samlp:Status>`;
    const responder = 'urn:oasis:names:tc:SAML:2.0:status:Responder';
    await check(t, [
      ['status Responder', frame({ status: status(responder) }), 'proof_invalid saml.status'],
      [
        'a refusal, with no assertion',
        response('', { status: status(responder) }),
        'proof_invalid saml.status',
      ],
      ['an empty status', frame({ status: '<samlp:Status/>' }), 'proof_invalid saml.status'],
      ['no status', frame({ status: '' }), 'proof_malformed saml.response.content'],
      [
        'Success only as the second-level code',
        frame({ status: status(responder, `<samlp:StatusCode Value="${SUCCESS}"/>`) }),
        'proof_invalid saml.status',
      ],
      [
        'a second-level code below Success',
        frame({ status: status(SUCCESS, `<samlp:StatusCode Value="${responder}"/>`) }),
        'proof_invalid saml.status.content',
        frame({ status: status(SUCCESS) }),
      ],
      [
        'a StatusDetail with status Success',
        frame({ status: success('<samlp:StatusDetail/>') }),
        'proof_invalid saml.status.content',
      ],
      [
        'a StatusDetail with status Success, before any signature is checked',
        frame({ status: success('<samlp:StatusDetail/>') }).replace('>alice<', '>admin<'),
        'proof_invalid saml.status.content',
      ],
      [
        'a StatusDetail with status Success in a signed Response',
        sign(response(assertion(), { status: success('<samlp:StatusDetail/>') }), '_response-1'),
        'proof_invalid saml.status.content',
      ],
      [
        'a long StatusMessage',
        frame({ status: success(`<samlp:StatusMessage>${'a'.repeat(1_025)}</samlp:StatusMessage>`) }),
        'proof_invalid saml.status.content',
        frame({ status: success(`<samlp:StatusMessage>${'a'.repeat(1_024)}</samlp:StatusMessage>`) }),
      ],
      [
        'elements in a StatusMessage',
        frame({ status: success('<samlp:StatusMessage><samlp:Extensions/></samlp:StatusMessage>') }),
        'proof_invalid saml.status.content',
      ],
      [
        'two status codes',
        frame({
          status: `<samlp:Status><samlp:StatusCode Value="${SUCCESS}"/><samlp:StatusCode Value="${responder}"/></samlp:Status>`,
        }),
        'proof_invalid saml.status',
      ],
      [
        'another Issuer than the assertion',
        frame({ issuer: '<saml:Issuer>https://other.example</saml:Issuer>' }),
        'proof_invalid saml.issuer',
        frame({ issuer: '' }),
      ],
      [
        'signed, without Issuer',
        response(assertion(), {
          issuer: '',
          status: signature(response(assertion(), { issuer: '' }), '_response-1') + RESPONSE.status,
        }),
        'proof_invalid saml.issuer.missing',
        SIGNED_RESPONSE,
      ],
      [
        'Destination at another URL',
        frame({ destination: 'https://sp.example/acs' }),
        'audience_mismatch saml.destination',
        frame({ destination: undefined }),
      ],
      [
        'Destination that only begins like AWS',
        frame({ destination: 'https://signin.aws.amazon.com.evil.example/saml' }),
        'audience_mismatch saml.destination',
      ],
      [
        'signed, without Destination',
        sign(response(assertion(), { destination: undefined }), '_response-1'),
        'audience_mismatch saml.destination.missing',
        SIGNED_RESPONSE,
      ],
      ['Version 1.1', frame({ version: '1.1' }), 'proof_invalid saml.version'],
      ['no Version', frame({ version: undefined }), 'proof_invalid saml.version'],
      ['no ID', frame({ id: undefined }), 'proof_invalid saml.id.missing'],
      ['no IssueInstant', frame({ issueInstant: undefined }), 'proof_invalid saml.issue_instant.missing'],
      [
        'IssueInstant to come',
        frame({ issueInstant: at(61) }),
        'proof_not_yet_valid saml.issue_instant',
        frame({ issueInstant: at(60) }),
      ],
      [
        'InResponseTo here, not in the assertion',
        frame({ inResponseTo: '_request' }),
        'proof_invalid saml.in_response_to.mismatch',
      ],
      [
        'InResponseTo in the assertion, not here',
        signedResponse({ inResponseTo: '_request' }),
        'proof_invalid saml.in_response_to.mismatch',
      ],
      [
        'a response to the request of another browser',
        signedResponse({ inResponseTo: '_request' }, { inResponseTo: '_request' }),
        'proof_invalid saml.in_response_to.foreign',
      ],
      [
        'an unknown issuer',
        GENUINE.replaceAll(ENTITY_ID, 'https://stranger.example'),
        'issuer_unknown saml.issuer.unknown',
      ],
    ]);
  },
);

t.test('an assertion with a wrong ID, Version, IssueInstant or Issuer is refused', async (t) => {
  const issuer = (format: string) => `<saml:Issuer Format="${format}">${ENTITY_ID}</saml:Issuer>`;
  await check(t, [
    ['Version 1.0', signedResponse({ version: '1.0' }), 'proof_invalid saml.version'],
    [
      'no IssueInstant',
      signedResponse({ issueInstant: undefined }),
      'proof_invalid saml.issue_instant.missing',
    ],
    [
      'IssueInstant to come',
      signedResponse({ issueInstant: at(61) }),
      'proof_not_yet_valid saml.issue_instant',
      signedResponse({ issueInstant: at(60) }),
    ],
    [
      'IssueInstant without a zone',
      signedResponse({ issueInstant: '2026-11-21T12:00:00' }),
      'proof_invalid saml.instant',
    ],
    [
      'IssueInstant with an offset',
      signedResponse({ issueInstant: '2026-11-21T12:00:00+00:00' }),
      'proof_invalid saml.instant',
      signedResponse({ issueInstant: '2026-11-21T12:00:00.0000000Z' }),
    ],
    [
      'IssueInstant on February 30',
      signedResponse({ issueInstant: '2026-02-30T12:00:00Z' }),
      'proof_invalid saml.instant',
    ],
    [
      'IssueInstant in a leap second',
      signedResponse({ issueInstant: '2026-11-21T11:59:60Z' }),
      'proof_invalid saml.instant',
    ],
    [
      'no Issuer',
      response(
        assertion({ issuer: '' }).replace(
          '<saml:Subject>',
          `${signature(assertion({ issuer: '' }), '_assertion-1')}<saml:Subject>`,
        ),
      ),
      'proof_invalid saml.issuer.missing',
    ],
    [
      'an Issuer that is an e-mail address',
      signedResponse({ issuer: issuer('urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress') }),
      'proof_invalid saml.issuer.format',
      signedResponse({ issuer: issuer('urn:oasis:names:tc:SAML:2.0:nameid-format:entity') }),
    ],
    [
      'a blank before the Issuer',
      signedResponse({ issuer: `<saml:Issuer> ${ENTITY_ID}</saml:Issuer>` }),
      'issuer_unknown saml.issuer.unknown',
    ],
    [
      'an AuthzDecisionStatement',
      signedResponse({ extra: '<saml:AuthzDecisionStatement/>' }),
      'proof_invalid saml.assertion.content',
    ],
  ]);
});

t.test('an assertion with a wrong NameID or SubjectConfirmation is refused', async (t) => {
  const nameId = (text: string) => signedResponse({ nameId: `<saml:NameID>${text}</saml:NameID>` });
  const confirmation =
    /<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/.exec(assertion())?.[0] ?? '';
  await check(t, [
    [
      'no Subject',
      sign(response(assertion().replace(/<saml:Subject>.*<\/saml:Subject>/, '')), '_response-1'),
      'claim_missing saml.subject.missing',
      SIGNED_RESPONSE,
    ],
    ['no NameID', signedResponse({ nameId: '' }), 'claim_missing saml.nameid.missing'],
    ['two NameIDs', signedResponse({ nameId: ASSERTION.nameId.repeat(2) }), 'proof_invalid saml.subject'],
    ['an empty NameID', nameId(''), 'claim_missing saml.nameid.empty'],
    ['a blank NameID', nameId(' '), 'claim_missing saml.nameid.empty'],
    ['a line end in the NameID', nameId('al&#10;ice'), 'claim_missing saml.nameid.characters'],
    ['a tab after the NameID', nameId('alice&#9;'), 'claim_missing saml.nameid.characters'],
    ['a blank after the NameID', nameId('alice '), 'claim_missing saml.nameid.characters'],
    ['a zero-width space in the NameID', nameId('al\u200bice'), 'claim_missing saml.nameid.characters'],
    ['a right-to-left override in the NameID', nameId('\u202ealice'), 'claim_missing saml.nameid.characters'],
    ['a Hangul filler in the NameID', nameId('alice\u3164'), 'claim_missing saml.nameid.characters'],
    ['a variation selector in the NameID', nameId('alice\ufe0f'), 'claim_missing saml.nameid.characters'],
    ['a NameID of 257 characters', nameId('a'.repeat(257)), 'claim_missing saml.nameid.length'],
    ['an element in the NameID', nameId('<saml:X>alice</saml:X>'), 'proof_invalid saml.nameid.content'],
    ['an EncryptedID', signedResponse({ nameId: '<saml:EncryptedID/>' }), 'proof_invalid saml.subject'],
    ['no SubjectConfirmation', signedResponse({ confirmation: '' }), 'proof_invalid saml.confirmation.count'],
    [
      'two SubjectConfirmations',
      signedResponse({ confirmation: confirmation.repeat(2) }),
      'proof_invalid saml.confirmation.count',
    ],
    [
      'holder-of-key',
      signedResponse({ method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }),
      'proof_invalid saml.confirmation.method',
    ],
    [
      'sender-vouches',
      signedResponse({ method: 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches' }),
      'proof_invalid saml.confirmation.method',
    ],
    ['no Method', signedResponse({ method: undefined }), 'proof_invalid saml.confirmation.method'],
    [
      'no SubjectConfirmationData',
      signedResponse({ confirmation: `<saml:SubjectConfirmation Method="${ASSERTION.method}"/>` }),
      'proof_invalid saml.confirmation.data',
    ],
    [
      'a NameID in SubjectConfirmation',
      signedResponse({
        confirmation: confirmation.replace(
          '<saml:SubjectConfirmationData',
          '<saml:NameID>admin</saml:NameID>$&',
        ),
      }),
      'proof_invalid saml.confirmation.data',
    ],
    ['no Recipient', signedResponse({ recipient: undefined }), 'audience_mismatch saml.recipient.missing'],
    [
      'Recipient at another URL',
      signedResponse({ recipient: 'https://sp.example/acs' }),
      'audience_mismatch saml.recipient',
      signedResponse({ recipient: 'https://eu-west-1.signin.aws.amazon.com/saml' }),
    ],
    [
      'Recipient over http',
      signedResponse({ recipient: 'http://signin.aws.amazon.com/saml' }),
      'audience_mismatch saml.recipient',
    ],
    [
      'Recipient that only ends like AWS',
      signedResponse({ recipient: `https://evil.example/?${AWS_SIGN_IN}` }),
      'audience_mismatch saml.recipient',
    ],
    [
      'Recipient that only begins like AWS',
      signedResponse({ recipient: `${AWS_SIGN_IN}.evil.example` }),
      'audience_mismatch saml.recipient',
    ],
    [
      'Recipient with a port',
      signedResponse({ recipient: 'https://signin.aws.amazon.com:8443/saml' }),
      'audience_mismatch saml.recipient',
    ],
    [
      'Recipient with a longer host',
      signedResponse({ recipient: 'https://evil.signin.aws.amazon.com/saml' }),
      'audience_mismatch saml.recipient',
      signedResponse({ recipient: 'https://us-gov-west-1.signin.amazonaws-us-gov.com/saml' }),
    ],
    [
      'Recipient is this broker, where AWS is expected',
      signedResponse({ recipient: `${SERVER_URL}/saml/acs` }),
      'audience_mismatch saml.recipient',
    ],
    [
      'confirmed only later',
      signedResponse({ confirmationNotBefore: at(61) }),
      'proof_not_yet_valid saml.confirmation.not_before',
      signedResponse({ confirmationNotBefore: at(60) }),
    ],
    [
      'confirmed for ever',
      signedResponse({ confirmationNotOnOrAfter: undefined }),
      'proof_invalid saml.confirmation.not_on_or_after',
    ],
    [
      'no longer confirmed',
      signedResponse({ confirmationNotOnOrAfter: at(-60) }),
      'proof_expired saml.confirmation.expired',
      signedResponse({ confirmationNotOnOrAfter: at(-59), issueInstant: at(-59) }),
    ],
    [
      'confirmed from a time after its end',
      signedResponse({ confirmationNotBefore: at(50), confirmationNotOnOrAfter: at(49) }),
      'proof_invalid saml.conditions.order',
      signedResponse({ confirmationNotBefore: at(49), confirmationNotOnOrAfter: at(50) }),
    ],
    [
      'confirmed until a time before it was issued',
      signedResponse({ issueInstant: at(50), confirmationNotOnOrAfter: at(49) }),
      'proof_invalid saml.conditions.order',
      signedResponse({ issueInstant: at(49), confirmationNotOnOrAfter: at(50) }),
    ],
    [
      'confirmed until a time that cannot be read',
      signedResponse({ confirmationNotOnOrAfter: 'tomorrow' }),
      'proof_invalid saml.instant',
    ],
  ]);
});

t.test('an assertion with wrong or unmet Conditions is refused', async (t) => {
  const audience = (...names: string[]) =>
    `<saml:AudienceRestriction>${names.map((name) => `<saml:Audience>${name}</saml:Audience>`).join('')}</saml:AudienceRestriction>`;
  const ours = audience(AWS_AUDIENCE);
  const conditions = (xml: string) => signedResponse({ conditions: xml });
  await check(t, [
    ['no Conditions', signedResponse({ conditions: undefined }), 'proof_invalid saml.conditions.missing'],
    ['no AudienceRestriction', conditions(''), 'audience_mismatch saml.audience.missing'],
    ['an empty AudienceRestriction', conditions(audience()), 'audience_mismatch saml.audience'],
    ['an empty Audience', conditions(audience('')), 'audience_mismatch saml.audience'],
    [
      'another Audience',
      conditions(audience('urn:other')),
      'audience_mismatch saml.audience',
      conditions(audience('urn:other', AWS_AUDIENCE)),
    ],
    [
      'an Audience that begins like ours',
      conditions(audience(`${AWS_AUDIENCE}.evil`)),
      'audience_mismatch saml.audience',
      conditions(audience(AWS_SIGN_IN)),
    ],
    [
      'an Audience with a blank in it',
      conditions(audience(AWS_AUDIENCE.replace(':', ': '))),
      'audience_mismatch saml.audience',
      conditions(audience(`\n  ${AWS_AUDIENCE}\n`)),
    ],
    [
      'an AWS sign-in URL other than the Recipient as Audience',
      conditions(audience('https://eu-west-1.signin.aws.amazon.com/saml')),
      'audience_mismatch saml.audience',
    ],
    [
      'a second AudienceRestriction that is not ours',
      conditions(ours + audience('urn:other')),
      'audience_mismatch saml.audience',
      conditions(ours + audience('urn:other', AWS_AUDIENCE)),
    ],
    [
      'two ProxyRestrictions',
      conditions(`${ours}${'<saml:ProxyRestriction Count="0"/>'.repeat(2)}`),
      'proof_invalid saml.conditions.unknown',
      conditions(`${ours}<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>`),
    ],
    [
      'a statement in Advice',
      signedResponse({
        extra:
          '<saml:Advice><saml:AttributeStatement><saml:Attribute Name="groups"/></saml:AttributeStatement></saml:Advice>',
      }),
      'proof_invalid saml.advice',
      signedResponse({
        extra: '<saml:Advice><saml:AssertionIDRef>_earlier</saml:AssertionIDRef></saml:Advice>',
      }),
    ],
    [
      'a statement inside a reference in Advice',
      signedResponse({
        extra:
          '<saml:Advice><saml:AssertionIDRef><saml:NameID>admin</saml:NameID></saml:AssertionIDRef></saml:Advice>',
      }),
      'proof_invalid saml.advice',
    ],
    ['an unknown Condition', conditions(`${ours}<saml:Condition/>`), 'proof_invalid saml.conditions.unknown'],
    [
      'NotBefore to come',
      signedResponse({ notBefore: at(61) }),
      'proof_not_yet_valid saml.conditions.not_before',
      signedResponse({ notBefore: undefined }),
    ],
    [
      'NotOnOrAfter past',
      signedResponse({ notOnOrAfter: at(-60) }),
      'proof_expired saml.conditions.expired',
      signedResponse({ notOnOrAfter: undefined }),
    ],
    [
      'NotBefore after NotOnOrAfter',
      signedResponse({ notBefore: at(50), notOnOrAfter: at(49) }),
      'proof_invalid saml.conditions.order',
      signedResponse({ notBefore: at(49), notOnOrAfter: at(50) }),
    ],
    [
      'IssueInstant after NotOnOrAfter',
      signedResponse({ issueInstant: at(50), notOnOrAfter: at(49) }),
      'proof_invalid saml.conditions.order',
      signedResponse({ issueInstant: at(49), notOnOrAfter: at(50) }),
    ],
    [
      'NotOnOrAfter in month 13',
      signedResponse({ notOnOrAfter: '2026-13-21T12:00:00Z' }),
      'proof_invalid saml.instant',
    ],
    [
      'a lifetime of more than an hour',
      signedResponse({ confirmationNotOnOrAfter: at(3601), notOnOrAfter: at(3601) }),
      'proof_invalid saml.lifetime',
      signedResponse({ confirmationNotOnOrAfter: at(3600), notOnOrAfter: at(7200) }),
    ],
  ]);
});

t.test('an assertion with a wrong AuthnStatement or AttributeStatement is refused', async (t) => {
  const value = '<saml:AttributeValue>x</saml:AttributeValue>';
  const attribute = (name: string, content = value) =>
    `<saml:Attribute Name="${name}">${content}</saml:Attribute>`;
  const attributes = (xml: string) => signedResponse({ attributes: xml });
  await check(t, [
    [
      'no AuthnStatement',
      sign(response(assertion().replace(/<saml:AuthnStatement.*<\/saml:AuthnStatement>/, '')), '_response-1'),
      'proof_invalid saml.assertion.content',
      SIGNED_RESPONSE,
    ],
    [
      'no AuthnInstant',
      signedResponse({ authnInstant: undefined }),
      'proof_invalid saml.authn_instant.missing',
    ],
    [
      'signed in only later',
      signedResponse({ authnInstant: at(61) }),
      'proof_not_yet_valid saml.authn_instant',
      signedResponse({ authnInstant: at(-86_400) }),
    ],
    [
      'the session over',
      signedResponse({ sessionNotOnOrAfter: at(-60) }),
      'proof_expired saml.session.expired',
      signedResponse({ sessionNotOnOrAfter: undefined }),
    ],
    ['no AuthnContext', signedResponse({ authnContext: '' }), 'proof_invalid saml.authn_statement'],
    [
      'two AttributeStatements',
      signedResponse({ extra: `<saml:AttributeStatement>${attribute('a')}</saml:AttributeStatement>` }),
      'proof_invalid saml.assertion.content',
      attributes(''),
    ],
    [
      'an Attribute named NameID',
      attributes(attribute('NameID')),
      'proof_invalid saml.attribute.reserved',
      attributes(attribute('name_id')),
    ],
    [
      'an Attribute named __proto__',
      attributes(attribute('__proto__')),
      'proof_invalid saml.attribute.reserved',
      attributes(attribute('constructor')),
    ],
    ['an Attribute without a Name', attributes(attribute('')), 'proof_invalid saml.attribute.name'],
    [
      'an Attribute with an element as its value',
      attributes(
        attribute('a', '<saml:AttributeValue><saml:Issuer>admin</saml:Issuer></saml:AttributeValue>'),
      ),
      'proof_invalid saml.attribute.value',
      attributes(attribute('a')),
    ],
    [
      'an EncryptedAttribute',
      attributes('<saml:EncryptedAttribute/>'),
      'proof_invalid saml.attribute_statement',
    ],
  ]);
});
