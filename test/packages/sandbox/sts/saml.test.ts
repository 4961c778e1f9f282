// AssumeRoleWithSAML through the AWS SDK, with documents signed in the test.
import { createHash } from 'node:crypto';
import {
  AssumeRoleCommand,
  AssumeRoleWithSAMLCommand,
  type AssumeRoleWithSAMLCommandInput,
} from '@aws-sdk/client-sts';
import { loadIam } from '@sallyport/sandbox/internal/iam/load';
import t, { type Test } from 'tap';
import {
  type AssertionValues,
  assertion,
  at,
  encrypt,
  fixture,
  metadata,
  response,
  sign,
  signedResponse,
} from '../../../support/saml-documents.js';
import { exampleIam, keysOf, refuses, startSandbox } from './sandbox.js';

const READER = 'arn:aws:iam::111122223333:role/S3Reader';
const PROVIDER = 'arn:aws:iam::111122223333:saml-provider/SandboxIdp';
const PREFIX = 'https://aws.amazon.com/SAML/Attributes/';

/** An Attribute of one or more values; a name without `:` is one of AWS's. */
const attribute = (name: string, ...values: string[]) =>
  `<saml:Attribute Name="${/^(urn|http)/.test(name) ? name : PREFIX + name}">${values
    .map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`)
    .join('')}</saml:Attribute>`;
const ROLE = attribute('Role', `${READER},${PROVIDER}`);
const NAME = attribute('RoleSessionName', 'alice@corp.example');
const attributes = (...more: string[]): AssertionValues => ({ attributes: ROLE + NAME + more.join('') });

async function start(t: Test, iam = exampleIam()) {
  const sandbox = await startSandbox(t, iam);
  const sts = sandbox.client();
  const assume = (xml: string, more: Partial<AssumeRoleWithSAMLCommandInput> = {}) =>
    sts.send(
      new AssumeRoleWithSAMLCommand({
        RoleArn: READER,
        PrincipalArn: PROVIDER,
        SAMLAssertion: Buffer.from(xml).toString('base64'),
        ...more,
      }),
    );
  return { ...sandbox, assume };
}

const seconds = (value: number) => new Date(Date.parse(at(value)));

t.test('AssumeRoleWithSAML accepts an assertion of a trusted provider', async (t) => {
  const { assume } = await start(t);
  const answer = await assume(signedResponse(attributes()), { DurationSeconds: 14_400 });
  t.match(answer, {
    Subject: 'alice',
    SubjectType: 'persistent',
    Issuer: 'https://idp.corp.example/saml',
    Audience: 'https://signin.aws.amazon.com/saml',
    NameQualifier: createHash('sha1')
      .update('https://idp.corp.example/saml111122223333/SandboxIdp')
      .digest('base64'),
    AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/S3Reader/alice@corp.example' },
    Credentials: { Expiration: seconds(14_400) },
  });
  const whole = sign(response(assertion(attributes())), '_response-1');
  t.ok(await assume(whole), 'the Response may be signed instead');
  const reversed = { attributes: attribute('Role', `${PROVIDER},${READER}`) + NAME };
  t.ok(await assume(signedResponse(reversed)), 'the pair in the other order');
  const tagged = signedResponse(
    attributes(
      attribute('PrincipalTag:team', 'blue'),
      attribute('TransitiveTagKeys', 'team'),
      attribute('SourceIdentity', 'alice'),
    ),
  );
  t.match(await assume(tagged), { SourceIdentity: 'alice', PackedPolicySize: 2 });
});

t.test('AssumeRoleWithSAML limits the duration by the assertion', async (t) => {
  const { assume } = await start(t);
  const expires = async (values: AssertionValues, DurationSeconds?: number) =>
    (await assume(signedResponse(values), { DurationSeconds })).Credentials?.Expiration;
  t.same(await expires(attributes()), seconds(3600));
  t.same(await expires(attributes(attribute('SessionDuration', '1800'))), seconds(1800));
  t.same(await expires(attributes(attribute('SessionDuration', '7200'))), seconds(3600));
  t.same(await expires(attributes(attribute('SessionDuration', '7200')), 10_000), seconds(7200));
  t.same(await expires({ ...attributes(), sessionNotOnOrAfter: at(600) }), seconds(600));
  await refuses(
    t,
    expires(attributes(), 14_401),
    'ValidationError',
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  );
  await refuses(
    t,
    expires(attributes(attribute('SessionDuration', '60'))),
    'InvalidIdentityToken',
    /^SessionDuration in AuthnResponse/,
  );
});

t.test('AssumeRoleWithSAML verifies signatures', async (t) => {
  const { assume } = await start(t);
  const refused = (xml: string, message: string | RegExp = 'Response signature invalid') =>
    refuses(t, assume(xml), 'InvalidIdentityToken', message);
  const good = signedResponse(attributes());
  await refused(response(assertion(attributes())));
  await refused(good.replace('>alice<', '>admin<'));
  await refused(signedResponse(attributes(), {}, { key: fixture('stranger.key') }));
  await refused(signedResponse(attributes(), {}, { uri: '' }));
  await refused(signedResponse(attributes(), {}, { uri: '#_response-1' }));
  // The signed assertion hidden in a forged one: what is read must be what was signed.
  const hidden = good.slice(good.indexOf('<saml:Assertion'), good.indexOf('</samlp:Response>'));
  const forged = assertion({ ...attributes(), id: '_forged', nameId: '<saml:NameID>admin</saml:NameID>' });
  await refused(response(forged.replace('</saml:Assertion>', `${hidden}</saml:Assertion>`)));
  const signature = /<ds:Signature.*<\/ds:Signature>/s.exec(hidden)?.[0] ?? '';
  const around = forged.replace('</saml:Issuer>', `</saml:Issuer>${signature}`);
  await refused(response(around.replace('</saml:Assertion>', `${hidden}</saml:Assertion>`)));
  await refused(response(forged + hidden), /exactly one assertion/);
  // A comment splits the text of a careless reader; here the canonical text has none.
  const commented = good.replace('>alice<', '>al<!-- -->ice<');
  t.equal((await assume(commented)).Subject, 'alice');
  // A signed Response is sufficient, regardless of the signature of its assertion.
  await refused(sign(good, '_response-1', { key: fixture('stranger.key') }));
  await refused(`<!DOCTYPE x>${good}`, /document type/);
  await refused('<samlp:Response', /not well-formed|signature|root/);
  await refused('<Response/>', /root element/);
  await refused(response(encrypt(assertion(attributes()))), /does not implement encrypted assertions/);
  const failed = response(sign(assertion(attributes()), '_assertion-1'), {
    status:
      '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Requester"/></samlp:Status>',
  });
  await refused(failed, /not Success/);

  const two = exampleIam();
  const provider = loadIam(
    `{ accounts: { "111122223333": { samlProviders: { SandboxIdp: "\${sandbox:saml.metadata}" } } } }`,
    { 'saml.metadata': metadata(['idp', 'idp-next']) },
  );
  const rotated = provider.accounts.get('111122223333')?.samlProviders.get('SandboxIdp');
  if (!rotated) throw new Error('no provider');
  two.accounts.get('111122223333')?.samlProviders.set('SandboxIdp', rotated);
  const next = await start(t, two);
  const signedByNext = signedResponse(attributes(), {}, { key: fixture('idp-next.key') });
  t.ok(await next.assume(signedByNext), 'any certificate of the metadata');
});

t.test('AssumeRoleWithSAML checks the conditions of the assertion', async (t) => {
  const { assume } = await start(t);
  const refused = (values: AssertionValues, message: string | RegExp, code = 'InvalidIdentityToken') =>
    refuses(t, assume(signedResponse({ ...attributes(), ...values })), code, message);
  await refused(
    { issuer: '<saml:Issuer>https://other</saml:Issuer>' },
    'Issuer not present in specified provider',
  );
  const audience = (uri: string) =>
    `<saml:AudienceRestriction><saml:Audience>${uri}</saml:Audience></saml:AudienceRestriction>`;
  const noAudience = 'Response does not contain the required audience.';
  await refused({ conditions: audience('https://sallyport.example') }, noAudience);
  await refused({ conditions: '' }, noAudience);
  const signIn = { ...attributes(), conditions: audience('https://signin.aws.amazon.com/saml') };
  t.ok(await assume(signedResponse(signIn)));
  const confirmation = /exactly one SubjectConfirmation/;
  await refused({ recipient: 'https://sallyport.example/saml/acs' }, confirmation);
  const data = `<saml:SubjectConfirmation><saml:SubjectConfirmationData Recipient="https://signin.aws.amazon.com/saml" NotOnOrAfter="${at(60)}"/></saml:SubjectConfirmation>`;
  await refused({ confirmation: data + data }, confirmation);
  await refused({ confirmation: '' }, confirmation);
  const late = 'Token must be redeemed within 5 minutes of issuance';
  await refused({ issueInstant: at(-301) }, late, 'ExpiredTokenException');
  await refused({ issueInstant: 'yesterday' }, late, 'ExpiredTokenException');
  t.ok(await assume(signedResponse({ ...attributes(), issueInstant: at(-300) })));
  const over = 'Assertion is no longer valid';
  await refused({ notOnOrAfter: at(0) }, over, 'ExpiredTokenException');
  await refused({ confirmationNotOnOrAfter: at(0) }, over, 'ExpiredTokenException');
  await refused({ confirmationNotOnOrAfter: undefined }, over, 'ExpiredTokenException');
  await refused({ sessionNotOnOrAfter: at(-1) }, over, 'ExpiredTokenException');
  await refused({ notBefore: at(1) }, 'Assertion is not valid yet');
});

t.test('AssumeRoleWithSAML checks the attributes for AWS', async (t) => {
  const { assume } = await start(t);
  const refused = (attributes: string, message: string | RegExp, code = 'InvalidIdentityToken') =>
    refuses(t, assume(signedResponse({ attributes })), code, message);
  const notAuthorized = 'Not authorized to perform sts:AssumeRoleWithSAML';
  await refused(NAME, notAuthorized, 'AccessDenied');
  await refused(NAME + attribute('Role', `${READER}2,${PROVIDER}`), notAuthorized, 'AccessDenied');
  await refused(NAME + attribute('Role', `${READER},${PROVIDER}2`), notAuthorized, 'AccessDenied');
  await refused(NAME + attribute('Role', READER), notAuthorized, 'AccessDenied');
  await refused(ROLE, 'RoleSessionName is required in AuthnResponse');
  const badName = 'RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}';
  await refused(ROLE + attribute('RoleSessionName', 'a b'), badName);
  await refused(ROLE + attribute('RoleSessionName', 'a'), badName);
  const badSource = 'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"';
  await refused(ROLE + NAME + attribute('SourceIdentity', 'aws:alice'), badSource);
  await refused(ROLE + NAME + attribute('PrincipalTag:a', 'x', 'y'), /exactly one value$/);
  await refused(ROLE + NAME + attribute('PrincipalTag:a', 'x*'), /'tags.1.member.value'/, 'ValidationError');
  await refused(
    ROLE + NAME + attribute('TransitiveTagKeys', 'team'),
    'The specified transitive tag key must be included in the requested tags.',
    'InvalidParameterValue',
  );
});

t.test('AssumeRoleWithSAML checks providers and trust policies', async (t) => {
  const { assume } = await start(t);
  const good = signedResponse(attributes());
  const other = { PrincipalArn: `${PROVIDER}2` };
  await refuses(t, assume(good, other), 'InvalidIdentityToken', "Specified provider doesn't exist");
  const missing = `${READER}2`;
  const forMissing = signedResponse({ attributes: NAME + attribute('Role', `${missing},${PROVIDER}`) });
  const refusal = 'Not authorized to perform sts:AssumeRoleWithSAML';
  await refuses(t, assume(forMissing, { RoleArn: missing }), 'AccessDenied', refusal);
  const noArn = 'x'.repeat(20);
  await refuses(t, assume(good, { PrincipalArn: noArn }), 'ValidationError', `${noArn} is invalid`);

  const trusting = (condition: string) =>
    start(
      t,
      loadIam(
        `
accounts:
  "111122223333":
    samlProviders: { SandboxIdp: "\${sandbox:saml.metadata}" }
    roles:
      S3Reader:
        policies: [{ Version: "2012-10-17", Statement: { Effect: Allow, Action: "sts:*", Resource: "*" } }]
        trust: { Version: "2012-10-17", Statement: { Effect: Allow, Principal: { Federated: "${PROVIDER}" }, Action: "sts:AssumeRoleWithSAML", Condition: ${condition} } }
      Next:
        trust: { Version: "2012-10-17", Statement: { Effect: Allow, Principal: "*", Action: "sts:*", Condition: ${condition} } }
`,
        { 'saml.metadata': metadata() },
      ),
    );
  const affiliation = attribute('urn:oid:1.3.6.1.4.1.5923.1.1.1.1', 'staff', 'member');
  const eduPerson = await trusting('{ "ForAnyValue:StringEquals": { "saml:edupersonaffiliation": staff } }');
  t.ok(await eduPerson.assume(signedResponse(attributes(affiliation))));
  await refuses(t, eduPerson.assume(good), 'AccessDenied', refusal);
  await refuses(
    t,
    eduPerson.assume(signedResponse(attributes(affiliation, attribute('PrincipalTag:a', 'b')))),
    'AccessDenied',
    'Not authorized to perform sts:TagSession',
  );
  const subject = await trusting('{ StringEquals: { "SAML:sub": alice, "SAML:sub_type": persistent } }');
  const { Credentials } = await subject.assume(good);
  const next = new AssumeRoleCommand({
    RoleArn: 'arn:aws:iam::111122223333:role/Next',
    RoleSessionName: 'next',
  });
  t.ok(await subject.client(keysOf(Credentials)).send(next), 'the session keeps sub and sub_type');
  const issuer = await trusting(
    '{ StringEquals: { "saml:iss": "https://idp.corp.example/saml", "saml:doc": 111122223333/SandboxIdp } }',
  );
  const session = await issuer.assume(good);
  await refuses(
    t,
    issuer.client(keysOf(session.Credentials)).send(next),
    'AccessDenied',
    /not authorized to perform: sts:AssumeRole/,
  );
});
