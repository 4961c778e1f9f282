// AssumeRoleWithWebIdentity through the AWS SDK, with tokens of an issuer that the test runs.
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  GetCallerIdentityCommand,
} from '@aws-sdk/client-sts';
import { loadIam } from '@sallyport/sandbox/internal/iam/load';
import t, { type Test } from 'tap';
import {
  at,
  goodClaims,
  type Json,
  NOW,
  newKey,
  signToken,
  startIssuer,
} from '../../../support/oidc-issuer.js';
import { exampleIam, keysOf, refuses, startSandbox } from './sandbox.js';

const DEPLOY = 'arn:aws:iam::111122223333:role/deploy';
const rsa = newKey('rsa');
const ec = newKey('ec', 'ES256');

const TAGS = 'https://aws.amazon.com/tags';

async function start(t: Test, yaml?: (url: string) => string) {
  const issuer = await startIssuer(t, [rsa, ec]);
  const iam = yaml ? loadIam(yaml(issuer.url), {}) : exampleIam(issuer.url);
  const sandbox = await startSandbox(t, iam, at());
  const sts = sandbox.client();
  const assume = (token: string, more: Partial<AssumeRoleWithWebIdentityCommandInput> = {}) =>
    sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: DEPLOY,
        RoleSessionName: 'run-1',
        WebIdentityToken: token,
        ...more,
      }),
    );
  /** A token of `changes` to good claims. */
  const token = (changes: Json = {}, key = rsa) => signToken(goodClaims(issuer.url, changes), key);
  return { ...sandbox, issuer, assume, token };
}

t.test('AssumeRoleWithWebIdentity accepts a token of a trusted provider', async (t) => {
  const { assume, token, issuer, client, sts } = await start(t);
  const host = issuer.url.replace('http://', '');
  const response = await assume(token());
  t.match(response, {
    SubjectFromWebIdentityToken: 'alice',
    Audience: 'sallyport',
    Provider: `arn:aws:iam::111122223333:oidc-provider/${host}`,
    AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/deploy/run-1' },
    Credentials: { Expiration: at(3600) },
    PackedPolicySize: undefined,
  });
  t.match(await client(keysOf(response.Credentials)).send(new GetCallerIdentityCommand({})), {
    Arn: 'arn:aws:sts::111122223333:assumed-role/deploy/run-1',
  });
  t.match(sts.requests[0], { action: 'AssumeRoleWithWebIdentity', status: 200 });
  t.notOk(sts.requests[0]?.caller, 'not signed');
  t.ok(await assume(token({}, ec)), 'ES256');
  t.ok(await assume(token({ aud: ['sallyport', 'other'], azp: 'sallyport' })), 'azp counts');
  const nested = await assume(
    token({
      [TAGS]: { principal_tags: { team: ['blue'], unit: 'one' }, transitive_tag_keys: ['team'] },
      'https://aws.amazon.com/source_identity': 'alice',
    }),
  );
  t.match(nested, { SourceIdentity: 'alice', PackedPolicySize: 4 });
  const flat = { [`${TAGS}/principal_tags/team`]: 'blue', [`${TAGS}/transitive_tag_keys`]: ['team'] };
  t.match(await assume(token(flat)), { PackedPolicySize: 2 });
});

t.test('AssumeRoleWithWebIdentity rejects invalid tokens', async (t) => {
  const { assume, token, issuer } = await start(t);
  const refused = (text: string, message: string | RegExp, code = 'InvalidIdentityToken') =>
    refuses(t, assume(text), code, message);
  const malformed =
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)';
  await refused('opaque-access-token', malformed);
  await refused('a.b.c', malformed);
  const elsewhere = 'https://elsewhere.example';
  await refused(
    token({ iss: elsewhere }),
    `No OpenIDConnect provider found in your account for ${elsewhere}`,
  );
  await refused(
    token({ iss: `${issuer.url}/` }),
    `No OpenIDConnect provider found in your account for ${issuer.url}/`,
  );
  await refused(token({ aud: 'someone' }), 'Incorrect token audience');
  await refused(token({ aud: ['sallyport', 'other'] }), 'Incorrect token audience');
  await refused(token({ azp: 'other' }), 'Incorrect token audience');
  for (const claim of ['iss', 'aud', 'sub', 'exp', 'iat']) {
    await refused(token({ [claim]: undefined }), `Missing a required claim: ${claim}`);
  }
  await refused(token({ exp: NOW + 0.5 }), 'Missing a required claim: exp');
  await refused(
    token({ exp: NOW }),
    `Token expired: current date/time ${NOW} must be before the expiration date/time${NOW}`,
    'ExpiredTokenException',
  );
  await refused(token({ iat: NOW - 441_398 }), 'Token too old: 441398', 'ExpiredTokenException');
  const noKey =
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
  await refused(token({}, newKey('unknown')), noKey);
  await refused(token({}, newKey('rsa')), 'The ID Token signature is invalid.');
  const pss = newKey('pss', 'PS256');
  issuer.publish(rsa, ec, pss);
  await refused(token({}, pss), noKey);
  await refused(signToken(goodClaims(issuer.url), rsa, { alg: 'none' }), /./);
  await refused(token({ [TAGS]: { principal_tags: { a: ['x', 'y'] } } }), /exactly one value$/);
  await refused(
    token({ [TAGS]: { principal_tags: { a: 'x', A: 'y' } } }),
    /^Duplicate tag keys/,
    'InvalidParameterValue',
  );
  await refused(
    token({ [TAGS]: { principal_tags: { a: 'x' }, transitive_tag_keys: ['b'] } }),
    'The specified transitive tag key must be included in the requested tags.',
    'InvalidParameterValue',
  );
  await refused(
    token({ 'https://aws.amazon.com/source_identity': 'a b' }),
    /sourceIdentity/,
    'ValidationError',
  );
});

t.test('AssumeRoleWithWebIdentity with rotated, unavailable and wrong keys', async (t) => {
  const { assume, token, issuer } = await start(t);
  t.ok(await assume(token()));
  const next = newKey('next');
  issuer.publish(next);
  t.ok(await assume(token({}, next)), 'an unknown key id makes the STS look again');
  t.equal(issuer.requests.filter((path) => path.includes('well-known')).length, 1, 'discovery happens once');

  const other = await start(t);
  other.issuer.down();
  const unreachable = 'The identity provider could not be reached';
  await refuses(t, other.assume(other.token()), 'IDPCommunicationError', unreachable);
  other.issuer.up();
  other.issuer.answers['/.well-known/openid-configuration'] = { issuer: 'no keys here' };
  await refuses(
    t,
    other.assume(other.token()),
    'InvalidIdentityToken',
    /^Couldn't retrieve verification key/,
  );
});

t.test('AssumeRoleWithWebIdentity evaluates the trust policy', async (t) => {
  const role =
    (condition: string, action = '[sts:AssumeRoleWithWebIdentity]') =>
    (url: string) => {
      const host = url.replace('http://', '');
      return `
accounts:
  "111122223333":
    oidcProviders: [{ url: "${url}", clientIds: [sallyport, other] }]
    roles:
      deploy:
        maxSessionDuration: 7200
        policies: [{ Version: "2012-10-17", Statement: { Effect: Allow, Action: "sts:*", Resource: "*" } }]
        trust:
          Version: "2012-10-17"
          Statement:
            - { Effect: Allow, Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/${host}" }, Action: ${action}, Condition: ${condition.replaceAll('HOST', host)} }
      Next:
        trust: { Version: "2012-10-17", Statement: { Effect: Allow, Principal: "*", Action: "sts:*", Condition: ${condition.replaceAll('HOST', host)} } }
`;
    };
  const refusal = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
  const bySubject = await start(t, role('{ StringLike: { "HOST:sub": "al*" } }'));
  const response = await bySubject.assume(bySubject.token(), { DurationSeconds: 7200 });
  t.same(response.Credentials?.Expiration, at(7200));
  await refuses(t, bySubject.assume(bySubject.token({ sub: 'bob' })), 'AccessDenied', refusal);
  await refuses(
    t,
    bySubject.assume(bySubject.token(), { DurationSeconds: 7201 }),
    'ValidationError',
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  );
  const missing = { RoleArn: 'arn:aws:iam::111122223333:role/Missing' };
  await refuses(t, bySubject.assume(bySubject.token(), missing), 'AccessDenied', refusal);
  const chained = new AssumeRoleCommand({
    RoleArn: 'arn:aws:iam::111122223333:role/Next',
    RoleSessionName: 'next',
  });
  t.ok(
    await bySubject.client(keysOf(response.Credentials)).send(chained),
    'the session keeps the keys of its issuer',
  );
  const tagged = bySubject.token({ [TAGS]: { principal_tags: { a: 'b' } } });
  await refuses(t, bySubject.assume(tagged), 'AccessDenied', 'Not authorized to perform sts:TagSession');
  const sourced = bySubject.token({ 'https://aws.amazon.com/source_identity': 'alice' });
  await refuses(
    t,
    bySubject.assume(sourced),
    'AccessDenied',
    'Not authorized to perform sts:SetSourceIdentity',
  );

  const byOriginal = await start(
    t,
    role('{ "ForAnyValue:StringEquals": { "HOST:oaud": one, "HOST:amr": otp } }'),
  );
  t.ok(await byOriginal.assume(byOriginal.token({ aud: ['one', 'two'], azp: 'other', amr: ['pwd', 'otp'] })));
  await refuses(t, byOriginal.assume(byOriginal.token({ amr: ['otp'] })), 'AccessDenied', refusal);

  const custom = await start(t, role('{ StringEquals: { "HOST:team": blue } }'));
  await refuses(t, custom.assume(custom.token({ team: 'blue' })), 'AccessDenied', refusal);
});

t.test('AssumeRoleWithWebIdentity validates its parameters', async (t) => {
  const { assume, token } = await start(t);
  await refuses(
    t,
    assume('abc', { RoleArn: 'short', RoleSessionName: 'x y' }),
    'ValidationError',
    /^3 validation errors detected: Value 'short' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; Value 'x y' at 'roleSessionName' .*; Value '\*\*\*' at 'webIdentityToken' /,
  );
  await refuses(
    t,
    assume(token(), { ProviderId: 'www.amazon.com' }),
    'NotImplemented',
    /OAuth 2\.0 access tokens/,
    501,
  );
});
