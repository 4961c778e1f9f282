// AssumeRole through the AWS SDK: who may, for how long, with which tags, and what a chain of roles carries on.
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
} from '@aws-sdk/client-sts';
import { loadIam } from '@sallyport/sandbox/internal/iam/load';
import { totp } from '@sallyport/sandbox/internal/iam/totp';
import t from 'tap';
import { exampleIam, type Keys, keysOf, refuses, startSandbox } from './sandbox.js';

const JUMP = 'arn:aws:iam::111122223333:role/Jump';
const ADMIN = 'arn:aws:iam::444455556666:role/Admin';
const EXTERNAL_ID = { ExternalId: 'sandbox-external-id' };

const SEED = 'JBSWY3DPEHPK3PXP';
const MFA = 'arn:aws:iam::111122223333:mfa/amy';
const KEYS = {
  amy: { accessKeyId: 'AKIAAMYAMYAMYAMYAMY0', secretAccessKey: 'a'.repeat(40) },
  bob: { accessKeyId: 'AKIABOBBOBBOBBOBBOB0', secretAccessKey: 'b'.repeat(40) },
  root: { accessKeyId: 'AKIAROOTROOTROOTROOT', secretAccessKey: 'r'.repeat(40) },
  stranger: { accessKeyId: 'AKIASTRANGERSTRANGER', secretAccessKey: 's'.repeat(40) },
} satisfies Record<string, Keys>;

/** amy may do all that STS has, bob nothing by his own policies. `trust` is each role's one statement. */
const iam = () =>
  loadIam(
    `
accounts:
  "111122223333":
    root: { accessKeys: [{ id: AKIAROOTROOTROOTROOT, secret: ${'r'.repeat(40)} }] }
    policies:
      NothingMuch: { Version: "2012-10-17", Statement: { Effect: Allow, Action: "s3:*", Resource: "*" } }
      AllOfSts: { Version: "2012-10-17", Statement: { Effect: Allow, Action: "sts:*", Resource: "*" } }
    users:
      amy:
        accessKeys: [{ id: AKIAAMYAMYAMYAMYAMY0, secret: ${'a'.repeat(40)} }]
        mfaDevices: [{ serialNumber: "${MFA}", seed: ${SEED} }]
        tags: { Team: blue }
        policies:
          - arn:aws:iam::111122223333:policy/AllOfSts
          - { Version: "2012-10-17", Statement: { Effect: Deny, Action: sts:AssumeRole, Resource: "*/Forbidden" } }
      bob: { accessKeys: [{ id: AKIABOBBOBBOBBOBBOB0, secret: ${'b'.repeat(40)} }] }
    roles:
      Named: ${role('{ AWS: ["arn:aws:iam::111122223333:user/amy", "arn:aws:iam::111122223333:user/bob"] }')}
      Forbidden: ${role('{ AWS: "arn:aws:iam::111122223333:user/amy" }')}
      Delegated: ${role('{ AWS: "111122223333" }')}
      Everyone: ${role('"*"')}
      OnlyAssume: ${role('{ AWS: "*" }', 'sts:AssumeRole')}
      WithMfa: ${role('{ AWS: "*" }', '"sts:*"', '{ Bool: { "aws:MultiFactorAuthPresent": true } }')}
      Blue: ${role('{ AWS: "*" }', '"sts:*"', '{ StringEquals: { "aws:PrincipalTag/team": blue } }')}
      Sourced: ${role('{ AWS: "*" }', '"sts:*"', '{ StringEquals: { "sts:SourceIdentity": amy } }')}
      SourcedAndTagged:
        trust:
          Version: "2012-10-17"
          Statement:
            - { Effect: Allow, Principal: "*", Action: sts:AssumeRole }
            - { Effect: Allow, Principal: "*", Action: ["sts:SetSourceIdentity", "sts:TagSession"], Condition: { StringLike: { "aws:RequestTag/team": "*" } } }
      First: { ${role('"*"').slice(1, -1)}, path: /team/, maxSessionDuration: 7200, policies: [arn:aws:iam::111122223333:policy/AllOfSts] }
      Bare: ${role('"*"')}
      FromFirst: ${role('{ AWS: "arn:aws:iam::111122223333:role/team/First" }')}
      FromSession: ${role('{ AWS: "arn:aws:sts::111122223333:assumed-role/First/one" }')}
      Owned:
        tags: { Owner: someone }
        trust: { Version: "2012-10-17", Statement: { Effect: Allow, Principal: "*", Action: "sts:*", Condition: { StringEquals: { "aws:ResourceTag/owner": amy } } } }
  "444455556666":
    users:
      stranger: { accessKeys: [{ id: AKIASTRANGERSTRANGER, secret: ${'s'.repeat(40)} }] }
    roles:
      Elsewhere: ${role('{ AWS: "*" }')}
`,
    {},
  );

function role(principal: string, action = '"sts:*"', condition?: string): string {
  const conditions = condition ? `, Condition: ${condition}` : '';
  return `{ trust: { Version: "2012-10-17", Statement: [{ Effect: Allow, Principal: ${principal}, Action: ${action}${conditions} }] } }`;
}

const arn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
const assume = (RoleArn: string, more: Partial<AssumeRoleCommandInput> = {}) =>
  new AssumeRoleCommand({ RoleArn, RoleSessionName: 'one', ...more });
const denied = (user: string, action: string, resource: string) =>
  `User: ${user} is not authorized to perform: ${action} on resource: ${resource}`;
const AMY = 'arn:aws:iam::111122223333:user/amy';
const BOB = 'arn:aws:iam::111122223333:user/bob';

t.test('example roles chain into another account', async (t) => {
  const { client, sts } = await startSandbox(t, exampleIam());
  const first = await client().send(assume(JUMP));
  t.match(first.Credentials, {
    AccessKeyId: /^ASIA[A-Z0-9]{16}$/,
    SecretAccessKey: /^[A-Za-z0-9+/]{40}$/,
    SessionToken: /^[A-Za-z0-9+/=]{100,}$/,
    Expiration: new Date('2026-11-21T13:00:00Z'),
  });
  t.equal(first.PackedPolicySize, undefined, 'absent without policy and tags');
  const jump = client(keysOf(first.Credentials));
  t.match(await jump.send(new GetCallerIdentityCommand({})), {
    Arn: 'arn:aws:sts::111122223333:assumed-role/Jump/one',
    Account: '111122223333',
    UserId: /^AROA[A-Z0-9]{17}:one$/,
  });
  const second = await jump.send(assume(ADMIN, EXTERNAL_ID));
  t.match(second.AssumedRoleUser, {
    Arn: 'arn:aws:sts::444455556666:assumed-role/Admin/one',
    AssumedRoleId: /^AROA[A-Z0-9]{17}:one$/,
  });
  const session = 'arn:aws:sts::111122223333:assumed-role/Jump/one';
  const refusal = denied(session, 'sts:AssumeRole', ADMIN);
  await refuses(t, jump.send(assume(ADMIN)), 'AccessDenied', refusal);
  await refuses(t, jump.send(assume(ADMIN, { ExternalId: 'Sandbox-external-id' })), 'AccessDenied', refusal);
  const guest = { ...EXTERNAL_ID, RoleSessionName: 'guest-7' };
  await refuses(t, jump.send(assume(ADMIN, guest)), 'AccessDenied', refusal);
  const direct = client().send(assume(ADMIN, EXTERNAL_ID));
  const sallyport = 'arn:aws:iam::111122223333:user/sallyport';
  await refuses(t, direct, 'AccessDenied', denied(sallyport, 'sts:AssumeRole', ADMIN));
  t.match(sts.requests.at(-1), {
    action: 'AssumeRole',
    caller: sallyport,
    status: 403,
    errorCode: 'AccessDenied',
  });
});

t.test('AssumeRole evaluates trust and identity policies', async (t) => {
  const { client } = await startSandbox(t, iam());
  const amy = client(KEYS.amy);
  const bob = client(KEYS.bob);
  t.ok(await bob.send(assume(arn('Named'))), 'the trust policy names him: no policy of his own is needed');
  t.ok(await bob.send(assume(arn('Everyone'))), 'the same for everyone of the account');
  t.ok(await amy.send(assume(arn('Delegated'))), 'the account is named and her policies allow it');
  const refusal = (name: string) => denied(BOB, 'sts:AssumeRole', arn(name));
  await refuses(t, bob.send(assume(arn('Delegated'))), 'AccessDenied', refusal('Delegated'));
  await refuses(t, bob.send(assume(arn('Nothing'))), 'AccessDenied', refusal('Nothing'));
  await refuses(t, bob.send(assume(arn('path/Named'))), 'AccessDenied', refusal('path/Named'));
  await refuses(
    t,
    amy.send(assume(arn('Forbidden'))),
    'AccessDenied',
    denied(AMY, 'sts:AssumeRole', arn('Forbidden')),
  );
  const elsewhere = 'arn:aws:iam::444455556666:role/Elsewhere';
  t.ok(await amy.send(assume(elsewhere)), 'across accounts both sides allow it');
  await refuses(t, bob.send(assume(elsewhere)), 'AccessDenied', denied(BOB, 'sts:AssumeRole', elsewhere));
  t.ok(await client(KEYS.stranger).send(assume(elsewhere)));
  await refuses(
    t,
    client(KEYS.stranger).send(assume(arn('Everyone'))),
    'AccessDenied',
    denied('arn:aws:iam::444455556666:user/stranger', 'sts:AssumeRole', arn('Everyone')),
  );
  await refuses(
    t,
    client(KEYS.root).send(assume(arn('Everyone'))),
    'AccessDenied',
    'Roles may not be assumed by root accounts.',
  );
  t.ok(await amy.send(assume(arn('Blue'))), 'PrincipalTag, its key in another case');
  await refuses(t, bob.send(assume(arn('Blue'))), 'AccessDenied', refusal('Blue'));
  await refuses(t, bob.send(assume('x'.repeat(20))), 'ValidationError', `${'x'.repeat(20)} is invalid`);
  const contexts = [{ ProviderArn: arn('Everyone'), ContextAssertion: 'assertion' }];
  await refuses(
    t,
    amy.send(assume(arn('Everyone'), { ProvidedContexts: contexts })),
    'NotImplemented',
    'The sandbox STS does not implement ProvidedContexts of AssumeRole.',
    501,
  );
});

t.test('session policies limit the session', async (t) => {
  const { client } = await startSandbox(t, iam());
  const nothing = {
    PolicyArns: [{ arn: 'arn:aws:iam::111122223333:policy/NothingMuch' }],
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
    }),
  };
  const first = (more: Partial<AssumeRoleCommandInput>) =>
    client(KEYS.amy)
      .send(assume(arn('team/First'), more))
      .then(({ Credentials }) => client(keysOf(Credentials)));
  const free = await first({});
  t.ok(await free.send(assume(arn('FromFirst'))));
  const limited = await first(nothing);
  const session = 'arn:aws:sts::111122223333:assumed-role/First/one';
  await refuses(
    t,
    limited.send(assume(arn('FromFirst'))),
    'AccessDenied',
    denied(session, 'sts:AssumeRole', arn('FromFirst')),
  );
  t.ok(await limited.send(assume(arn('FromSession'))), 'a grant to the session itself escapes');
  const named = await first({ PolicyArns: [{ arn: 'arn:aws:iam::111122223333:policy/AllOfSts' }] });
  t.ok(await named.send(assume(arn('FromFirst'))));
  t.match((await client(KEYS.amy).send(assume(arn('Everyone'), nothing))).PackedPolicySize, /^[1-9]\d?$/);

  const amy = client(KEYS.amy);
  const policy = (Policy: string) => amy.send(assume(arn('Everyone'), { Policy }));
  await refuses(t, policy('{'), 'MalformedPolicyDocument', 'This policy contains invalid Json');
  const withPrincipal = { Statement: { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } };
  await refuses(
    t,
    policy(JSON.stringify(withPrincipal)),
    'MalformedPolicyDocument',
    /^Syntax errors in policy\./,
  );
  const long = JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: 'x'.repeat(2048) } });
  await refuses(t, policy(long), 'PackedPolicyTooLarge', /^Packed policy consumes 1\d\d% of allotted space/);
  const arns = (PolicyArns: { arn: string }[]) => amy.send(assume(arn('Everyone'), { PolicyArns }));
  const odd = 'arn:aws:iam::111122223333:role/NoPolicy';
  await refuses(t, arns([{ arn: odd }]), 'ValidationError', `${odd} is invalid`);
  const eleven = Array.from({ length: 11 }, () => ({ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }));
  await refuses(t, arns(eleven), 'ValidationError', 'PolicyArns may hold at most 10 ARNs');
});

t.test('duration is checked against the range, the role and role chaining, in this order', async (t) => {
  const { client } = await startSandbox(t, iam());
  const amy = client(KEYS.amy);
  const requested = (DurationSeconds: number, name = 'team/First') => assume(arn(name), { DurationSeconds });
  const long = await amy.send(requested(7200));
  t.same(long.Credentials?.Expiration, new Date('2026-11-21T14:00:00Z'));
  await refuses(
    t,
    amy.send(requested(43_201)),
    'ValidationError',
    "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
  );
  await refuses(
    t,
    amy.send(requested(899)),
    'ValidationError',
    "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
  );
  const tooLong = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.';
  await refuses(t, amy.send(requested(7201)), 'ValidationError', tooLong);
  const chained = client(keysOf(long.Credentials));
  await refuses(
    t,
    chained.send(requested(3601)),
    'ValidationError',
    'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
  );
  await refuses(t, chained.send(requested(3601, 'Everyone')), 'ValidationError', tooLong);
  t.ok(await chained.send(requested(3600)));
});

t.test('session tags are validated, authorized by sts:TagSession and packed', async (t) => {
  const { client } = await startSandbox(t, iam());
  const amy = client(KEYS.amy);
  const tagged = (Tags: Record<string, string> | [string, string][], TransitiveTagKeys: string[] = []) =>
    assume(arn('Everyone'), {
      Tags: (Array.isArray(Tags) ? Tags : Object.entries(Tags)).map(([Key, Value]) => ({ Key, Value })),
      TransitiveTagKeys,
    });
  t.match(await amy.send(tagged({ team: 'blue', Üni: 'ä b' }, ['TEAM'])), { PackedPolicySize: 4 });
  const duplicates = 'Duplicate tag keys found. Please note that Tag keys are case insensitive.';
  await refuses(t, amy.send(tagged({ team: 'a', Team: 'b' })), 'InvalidParameterValue', duplicates);
  await refuses(
    t,
    amy.send(tagged({ team: 'a' }, ['unit'])),
    'InvalidParameterValue',
    'The specified transitive tag key must be included in the requested tags.',
  );
  await refuses(
    t,
    amy.send(tagged({ 'aws:x': 'a' })),
    'InvalidParameterValue',
    'Tag keys must not begin with aws:',
  );
  await refuses(
    t,
    amy.send(
      tagged([
        ['a', 'b'],
        ['x*', 'c'],
      ]),
    ),
    'ValidationError',
    "1 validation error detected: Value 'x*' at 'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+",
  );
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, '']));
  await refuses(
    t,
    amy.send(tagged(many)),
    'ValidationError',
    /at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50$/,
  );
  const nine = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [`T${index + 1}`, 'a'.repeat(250)]),
  );
  await refuses(
    t,
    amy.send(tagged(nine)),
    'PackedPolicyTooLarge',
    'Packed size of session tags consumes 498% of allotted space.',
  );
  await refuses(
    t,
    amy.send(assume(arn('OnlyAssume'), { Tags: [{ Key: 'a', Value: 'b' }] })),
    'AccessDenied',
    denied(AMY, 'sts:TagSession', arn('OnlyAssume')),
  );
});

t.test('role chaining inherits transitive tags and the source identity', async (t) => {
  const { client } = await startSandbox(t, iam());
  const first = await client(KEYS.amy).send(
    assume(arn('team/First'), {
      Tags: [
        { Key: 'Owner', Value: 'amy' },
        { Key: 'team', Value: 'blue' },
      ],
      TransitiveTagKeys: ['owner'],
      SourceIdentity: 'amy',
    }),
  );
  t.equal(first.SourceIdentity, 'amy');
  const session = 'arn:aws:sts::111122223333:assumed-role/First/one';
  const chained = client(keysOf(first.Credentials));
  const owned = await chained.send(assume(arn('Owned'), { SourceIdentity: 'amy' }));
  t.equal(owned.SourceIdentity, 'amy', 'may be repeated; the transitive tag overrides the tag of the role');
  t.ok(await chained.send(assume(arn('Blue'))), 'the session itself has its other tag too');
  await refuses(
    t,
    client(keysOf(owned.Credentials)).send(assume(arn('Blue'))),
    'AccessDenied',
    denied('arn:aws:sts::111122223333:assumed-role/Owned/one', 'sts:SetSourceIdentity', arn('Blue')),
  );
  await refuses(
    t,
    chained.send(assume(arn('Owned'), { SourceIdentity: 'bob' })),
    'ValidationError',
    'The source identity is already set for this assume role session',
  );
  await refuses(
    t,
    chained.send(assume(arn('Everyone'), { Tags: [{ Key: 'OWNER', Value: 'bob' }] })),
    'InvalidParameterValue',
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
  );
  const inheritedOnly = denied(session, 'sts:SetSourceIdentity', arn('OnlyAssume'));
  await refuses(t, chained.send(assume(arn('OnlyAssume'))), 'AccessDenied', inheritedOnly);
  const onlyTagged = await client(KEYS.amy).send(
    assume(arn('team/First'), { Tags: [{ Key: 'Owner', Value: 'amy' }], TransitiveTagKeys: ['Owner'] }),
  );
  await refuses(
    t,
    client(keysOf(onlyTagged.Credentials)).send(assume(arn('OnlyAssume'))),
    'AccessDenied',
    denied(session, 'sts:TagSession', arn('OnlyAssume')),
  );
  const once = await client(keysOf(onlyTagged.Credentials)).send(assume(arn('Owned')));
  t.ok(once, 'transitive without source identity');
});

t.test('role chaining needs both policies to allow tags and source identity', async (t) => {
  const { client } = await startSandbox(t, iam());
  const { Credentials } = await client(KEYS.amy).send(assume(arn('Bare')));
  const bare = client(keysOf(Credentials));
  t.ok(
    await bare.send(assume(arn('Everyone'))),
    'a role without policies may assume one that trusts everyone',
  );
  const refusal = (action: string) =>
    denied('arn:aws:sts::111122223333:assumed-role/Bare/one', action, arn('Everyone'));
  const tagged = assume(arn('Everyone'), { Tags: [{ Key: 'a', Value: 'b' }] });
  await refuses(t, bare.send(tagged), 'AccessDenied', refusal('sts:TagSession'));
  const sourced = assume(arn('Everyone'), { SourceIdentity: 'amy' });
  await refuses(t, bare.send(sourced), 'AccessDenied', refusal('sts:SetSourceIdentity'));
});

t.test('source identity is required by condition and authorized by sts:SetSourceIdentity', async (t) => {
  const { client } = await startSandbox(t, iam());
  const amy = client(KEYS.amy);
  const sourced = (SourceIdentity: string, name = 'Sourced') => assume(arn(name), { SourceIdentity });
  t.equal((await amy.send(sourced('amy'))).SourceIdentity, 'amy');
  await refuses(
    t,
    amy.send(assume(arn('Sourced'))),
    'AccessDenied',
    denied(AMY, 'sts:AssumeRole', arn('Sourced')),
  );
  const refusal = denied(AMY, 'sts:SetSourceIdentity', arn('Sourced'));
  await refuses(t, amy.send(sourced('bob')), 'AccessDenied', refusal);
  t.ok(
    await amy.send(sourced('x'.repeat(256), 'Everyone')),
    'the service accepts more than the model documents',
  );
  await refuses(
    t,
    amy.send(sourced('aws:amy')),
    'ValidationError',
    /at 'sourceIdentity' .* pattern: \[\\w\+=,\.@-\]\*$/,
  );
  const tagged = assume(arn('SourcedAndTagged'), {
    SourceIdentity: 'amy',
    Tags: [{ Key: 'team', Value: 'blue' }],
  });
  await refuses(
    t,
    amy.send(tagged),
    'AccessDenied',
    denied(AMY, 'sts:SetSourceIdentity', arn('SourcedAndTagged')),
  );
});

t.test('MFA', async (t) => {
  const { client, clock } = await startSandbox(t, iam());
  const amy = client(KEYS.amy);
  const withCode = (TokenCode: string, SerialNumber = MFA) =>
    assume(arn('WithMfa'), { SerialNumber, TokenCode });
  const first = await amy.send(withCode(totp(SEED, clock.now)));
  t.ok(await client(keysOf(first.Credentials)).send(assume(arn('WithMfa'))), 'a session remembers it');
  await refuses(
    t,
    amy.send(assume(arn('WithMfa'))),
    'AccessDenied',
    denied(AMY, 'sts:AssumeRole', arn('WithMfa')),
  );
  const stale = totp(SEED, new Date(clock.now.getTime() - 120_000));
  await refuses(
    t,
    amy.send(withCode(stale)),
    'AccessDenied',
    'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
  );
  const unknown =
    'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.';
  await refuses(t, amy.send(withCode('123456', `${MFA}2`)), 'AccessDenied', unknown);
  await refuses(t, amy.send(assume(arn('WithMfa'), { SerialNumber: MFA })), 'AccessDenied', unknown);
  // RFC 6238 appendix B, the last six digits for SHA-1.
  const rfcSeed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  t.equal(totp(rfcSeed, new Date(59_000)), '287082');
  t.equal(totp(rfcSeed, new Date(1_111_111_109_000)), '081804');
});

t.test('session ends when it expires or its role is deleted', async (t) => {
  const model = exampleIam();
  const { client, clock } = await startSandbox(t, model);
  const { Credentials } = await client().send(assume(JUMP, { DurationSeconds: 900 }));
  const roles = model.accounts.get('111122223333')?.roles;
  const jump = roles?.get('Jump');
  if (!roles || !jump) throw new Error('no role Jump');
  const identity = () => client(keysOf(Credentials)).send(new GetCallerIdentityCommand({}));
  t.ok(await identity());
  const invalid = 'The security token included in the request is invalid.';
  roles.delete('Jump');
  await refuses(t, identity(), 'InvalidClientTokenId', invalid, 403);
  roles.set('Jump', { ...jump, id: 'AROAANOTHERANOTHERXYZ' });
  await refuses(t, identity(), 'InvalidClientTokenId', invalid, 403);
  roles.set('Jump', { ...jump, trust: { version: '2012-10-17', statements: [] } });
  t.ok(await identity(), 'a changed trust policy ends no session');
  clock.now = new Date(clock.now.getTime() + 899_000);
  t.ok(await identity());
  clock.now = new Date(clock.now.getTime() + 1000);
  await refuses(t, identity(), 'ExpiredToken', 'The security token included in the request is expired', 403);
});
