// Every STS operation with every parameter, as it arrives at the sandbox STS; refusals before and by STS; and the
// credentials in use by independent clients.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { totp } from '@sallyport/sandbox/internal/iam/totp';
import t, { type Test } from 'tap';
import { type BrokerResponse, environmentOf, startTestBroker } from '../support/broker.js';
import { requirePeer } from '../support/peers.js';

const run = promisify(execFile);

const SEED = 'JBSWY3DPEHPK3PXP';
const MFA = 'arn:aws:iam::111122223333:mfa/sallyport';
const READ_ONLY = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const POLICY = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}';

const trust = (principal: string, action: string, condition = '') =>
  `trust: { Version: "2012-10-17", Statement: [{ Effect: Allow, Principal: ${principal}, Action: ${action}${condition && `, Condition: ${condition}`} }] }`;
const BROKER = '{ AWS: "arn:aws:iam::111122223333:user/sallyport" }';
const ALL = '["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]';
const MAY_ALL = `policies: [{ Version: "2012-10-17", Statement: { Effect: Allow, Action: "sts:*", Resource: "*" } }]`;

const IAM = `
accounts:
  "111122223333":
    users:
      sallyport:
        accessKeys: [{ id: AKIASANDBOXSALLYPORT, secret: sandboxSecretSandboxSecretSandboxSecret0 }]
        mfaDevices: [{ serialNumber: "${MFA}", seed: ${SEED} }]
        ${MAY_ALL}
    oidcProviders: [{ url: "\${sandbox:oidc.issuer}", clientIds: [sallyport] }]
    samlProviders: { SandboxIdp: "\${sandbox:saml.metadata}" }
    roles:
      Plain: { ${trust(BROKER, ALL)}, maxSessionDuration: 43200 }
      External: { ${trust(BROKER, ALL, '{ StringEquals: { "sts:ExternalId": "shared/secret:1" } }')} }
      WithMfa: { ${trust(BROKER, ALL, '{ Bool: { "aws:MultiFactorAuthPresent": true } }')} }
      NoTags: { ${trust(BROKER, 'sts:AssumeRole')} }
      First: { ${trust(BROKER, ALL)}, ${MAY_ALL} }
      Second: { ${trust('{ AWS: "arn:aws:iam::111122223333:role/First" }', ALL)}, ${MAY_ALL} }
      Short: { ${trust(BROKER, ALL)}, maxSessionDuration: 3600 }
      Web: { ${trust('{ Federated: "arn:aws:iam::111122223333:oidc-provider/${sandbox:oidc.host}" }', '["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]')}, maxSessionDuration: 43200 }
      Saml: { ${trust('{ Federated: "arn:aws:iam::111122223333:saml-provider/SandboxIdp" }', '["sts:AssumeRoleWithSAML", "sts:TagSession"]')}, maxSessionDuration: 43200 }
  "444455556666":
    roles:
      Last:
        ${trust('{ AWS: "arn:aws:iam::111122223333:role/Second" }', ALL, '{ StringEquals: { "sts:ExternalId": "last-id" } }')}
        maxSessionDuration: 43200
        ${MAY_ALL}
      Onward:
        ${trust('{ AWS: "arn:aws:iam::444455556666:role/Last" }', ALL)}
`;

const role = (name: string, rest = '') =>
  `{ via: AssumeRole, roleArn: "arn:aws:iam::111122223333:role/${name}"${rest && `, ${rest}`} }`;
const CONFIG = `
server: { url: "\${sandbox:broker.url}", listen: { host: 127.0.0.1, port: \${sandbox:broker.port} } }
aws:
  region: eu-west-1
  endpoint: "\${sandbox:sts.url}"
  credentials: { accessKeyId: AKIASANDBOXSALLYPORT, secretAccessKey: sandboxSecretSandboxSecretSandboxSecret0 }
issuers:
  corp: { type: oidc, issuer: "\${sandbox:oidc.issuer}", audience: sallyport }
  idp: { type: saml, metadata: "\${sandbox:saml.metadata}", audience: aws }
roles:
  plain: ${role('Plain', 'session: { name: "${claims.sub}-x", maxDuration: 12h }')}
  described: ${role('Plain', 'session: { name: "${claims.sub}", tags: { Team: "${claims.team}", Cost: "1" }, transitiveTags: [Team], sourceIdentity: "${claims.email}", policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }')}
  external: ${role('External', 'externalId: "shared/secret:1"')}
  wrong-external: ${role('External', 'externalId: "another"')}
  with-mfa: ${role('WithMfa', 'mfa: required')}
  untagged: ${role('NoTags', 'session: { tags: { Team: red } }')}
  unsourced: ${role('NoTags', 'session: { sourceIdentity: alice }')}
  too-long: ${role('Short', 'session: { maxDuration: 2h }')}
  chained:
    via: AssumeRole
    roleArn: arn:aws:iam::444455556666:role/Last
    externalId: last-id
    chain: ["arn:aws:iam::111122223333:role/First", { roleArn: "arn:aws:iam::111122223333:role/Second" }]
    session: { tags: { Team: "\${claims.team}", Own: mine }, transitiveTags: [Team], sourceIdentity: "\${claims.sub}", duration: 2h, maxDuration: 12h }
  broken-chain: ${role('Plain', 'chain: ["arn:aws:iam::111122223333:role/First", "arn:aws:iam::111122223333:role/Nowhere"]')}
  session-token: { via: GetSessionToken, session: { maxDuration: 36h } }
  session-token-mfa: { via: GetSessionToken, mfa: required }
  user: { via: GetFederationToken, session: { tags: { Team: "\${claims.team}" }, policyArns: [${READ_ONLY}], maxDuration: 36h } }
  web: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/Web", session: { maxDuration: 12h } }
  saml: { via: AssumeRoleWithSAML, roleArn: "arn:aws:iam::111122223333:role/Saml", principalArn: "arn:aws:iam::111122223333:saml-provider/SandboxIdp", session: { maxDuration: 12h } }
  until-the-token: ${role('Plain', 'session: { maxDuration: 12h, duration: 12h, endWithProof: true }')}
grants:
  - { id: all, issuer: [corp, idp], match: {}, roles: ["*"] }
audit: { sinks: [{ type: file, path: "\${sandbox:audit}" }] }
`;

const folder = t.testdir({});
const iamFile = join(folder, 'iam.yaml');
await writeFile(iamFile, IAM);
const broker = await startTestBroker(t, { config: CONFIG, sandbox: { iamFile } });
const { sts } = broker.sandbox;
const code = () => totp(SEED, new Date());

/** What arrived at STS since then, without what every call has, and without secrets. */
async function arrived(t: Test, body: object, proof: { jwt: string } | { SAMLResponse: string }) {
  const before = sts.requests.length;
  const response =
    'jwt' in proof ? await broker.exchange(body, proof.jwt) : await broker.exchange({ ...body, ...proof });
  const calls = sts.requests.slice(before).map(({ action, parameters, caller }) => {
    const { Action, Version, WebIdentityToken, SAMLAssertion, TokenCode, ...rest } = parameters;
    t.equal(Action, action);
    t.equal(Version, '2011-06-15');
    const call: Record<string, string | undefined> = {
      action,
      caller: caller?.replace(/^arn:aws:/, ''),
      ...rest,
    };
    return call;
  });
  return { answer: response, calls };
}

/** An assertion that STS accepts for the role `saml`. */
const assertion = () =>
  broker.assertion('alice', {
    attributes: {
      'https://aws.amazon.com/SAML/Attributes/Role':
        'arn:aws:iam::111122223333:role/Saml,arn:aws:iam::111122223333:saml-provider/SandboxIdp',
    },
  });

const NAMED = { RoleArn: 'arn:aws:iam::111122223333:role/Plain', RoleSessionName: 'alice-x' };
const USER = 'iam::111122223333:user/sallyport';

t.test('every session parameter of every operation reaches STS as decided', async (t) => {
  const jwt = await broker.token();
  const rows: readonly [what: string, body: object, calls: readonly object[], answer?: object][] = [
    ['nothing but the role', { Role: 'plain' }, [{ ...NAMED, DurationSeconds: '3600' }]],
    [
      'a duration and policies of the request',
      { Role: 'plain', DurationSeconds: 43_200, Policy: POLICY, PolicyArns: [READ_ONLY] },
      [{ ...NAMED, DurationSeconds: '43200', Policy: POLICY, 'PolicyArns.member.1.arn': READ_ONLY }],
      { Sallyport: { DurationLimitedBy: 'request' } },
    ],
    [
      'tags, transitive tags, source identity and policies of the role',
      { Role: 'described' },
      [
        {
          RoleArn: NAMED.RoleArn,
          RoleSessionName: 'alice',
          DurationSeconds: '3600',
          'PolicyArns.member.1.arn': READ_ONLY,
          'Tags.member.1.Key': 'Team',
          'Tags.member.1.Value': 'payments',
          'Tags.member.2.Key': 'Cost',
          'Tags.member.2.Value': '1',
          'TransitiveTagKeys.member.1': 'Team',
          SourceIdentity: 'alice@corp.example',
        },
      ],
      { SourceIdentity: 'alice@corp.example', PackedPolicySize: Number },
    ],
    [
      'an external id',
      { Role: 'external' },
      [{ ExternalId: 'shared/secret:1', RoleArn: 'arn:aws:iam::111122223333:role/External' }],
    ],
    ['an MFA code', { Role: 'with-mfa', SerialNumber: MFA, TokenCode: code() }, [{ SerialNumber: MFA }]],
  ];
  for (const [what, body, expected, said = {}] of rows) {
    const { answer, calls } = await arrived(t, body, { jwt });
    t.equal(answer.status, 200, `${what} ${answer.json.code ?? ''}`);
    t.match(
      calls,
      expected.map((call) => ({ action: 'AssumeRole', caller: USER, ...call })),
      what,
    );
    t.match(answer.json, { AssumedRoleUser: { Arn: /assumed-role/ }, ...said }, what);
    if (what !== 'an MFA code' && what !== 'an external id')
      t.same(
        Object.keys(calls[0] ?? {}).sort(),
        ['action', 'caller', ...Object.keys(expected[0] ?? {})].sort(),
      );
  }
});

t.test('a role chain passes on tags and source identity, and limits the duration to one hour', async (t) => {
  const { answer, calls } = await arrived(t, { Role: 'chained' }, { jwt: await broker.token() });
  t.equal(answer.status, 200, answer.json.code);
  const name = { RoleSessionName: calls[0]?.['RoleSessionName'] };
  t.strictSame(calls, [
    {
      action: 'AssumeRole',
      caller: USER,
      RoleArn: 'arn:aws:iam::111122223333:role/First',
      ...name,
      DurationSeconds: '900',
      'Tags.member.1.Key': 'Team',
      'Tags.member.1.Value': 'payments',
      'TransitiveTagKeys.member.1': 'Team',
      SourceIdentity: 'alice',
    },
    {
      action: 'AssumeRole',
      caller: `sts::111122223333:assumed-role/First/${name.RoleSessionName}`,
      RoleArn: 'arn:aws:iam::111122223333:role/Second',
      ...name,
      DurationSeconds: '900',
    },
    {
      action: 'AssumeRole',
      caller: `sts::111122223333:assumed-role/Second/${name.RoleSessionName}`,
      RoleArn: 'arn:aws:iam::444455556666:role/Last',
      ...name,
      ExternalId: 'last-id',
      DurationSeconds: '3600',
      'Tags.member.1.Key': 'Own',
      'Tags.member.1.Value': 'mine',
    },
  ]);
  t.match(answer.json, {
    AssumedRoleUser: { Arn: /^arn:aws:sts::444455556666:assumed-role\/Last\// },
    SourceIdentity: 'alice',
    Sallyport: { Operation: 'AssumeRole', DurationLimitedBy: 'chain' },
  });
  const issued = (await readFile(broker.auditFile, 'utf8')).trim().split('\n').at(-1) ?? '';
  t.match(JSON.parse(issued), {
    Event: 'issued',
    Chain: ['arn:aws:iam::111122223333:role/First', 'arn:aws:iam::111122223333:role/Second'],
    Session: { TransitiveTagKeys: ['Team'], SourceIdentity: 'alice', DurationLimitedBy: 'chain' },
  });
  const limit = await broker.exchange({ Role: 'chained', DurationSeconds: 3601 }, await broker.token());
  t.match(limit.json, { code: 'duration_exceeds_limit', MaxDurationSeconds: 3600 });
});

t.test(
  "GetSessionToken, GetFederationToken and operations with the caller's proof issue credentials",
  async (t) => {
    const jwt = await broker.token();
    const session = await arrived(t, { Role: 'session-token', DurationSeconds: 129_600 }, { jwt });
    t.strictSame(session.calls, [{ action: 'GetSessionToken', caller: USER, DurationSeconds: '129600' }]);
    t.notOk(session.answer.json.AssumedRoleUser ?? session.answer.json.FederatedUser);
    const mfa = { SerialNumber: MFA, TokenCode: code() };
    const withMfa = await arrived(t, { Role: 'session-token-mfa', ...mfa }, { jwt });
    t.strictSame(withMfa.calls, [
      { action: 'GetSessionToken', caller: USER, DurationSeconds: '3600', SerialNumber: MFA },
    ]);

    const user = await arrived(t, { Role: 'user', DurationSeconds: 129_600 }, { jwt });
    t.strictSame(user.calls, [
      {
        action: 'GetFederationToken',
        caller: USER,
        Name: user.answer.json.FederatedUser.Arn.split('/')[1],
        DurationSeconds: '129600',
        'PolicyArns.member.1.arn': READ_ONLY,
        'Tags.member.1.Key': 'Team',
        'Tags.member.1.Value': 'payments',
      },
    ]);

    const narrowed = { DurationSeconds: 7200, Policy: POLICY, PolicyArns: [READ_ONLY] };
    const arrivedSo = { DurationSeconds: '7200', Policy: POLICY, 'PolicyArns.member.1.arn': READ_ONLY };
    const web = await arrived(t, { Role: 'web', ...narrowed }, { jwt });
    t.match(web.calls, [{ action: 'AssumeRoleWithWebIdentity', caller: undefined, ...arrivedSo }]);
    const SAMLResponse = await assertion();
    const saml = await arrived(t, { Role: 'saml', ...narrowed }, { SAMLResponse });
    t.match(saml.calls, [
      {
        action: 'AssumeRoleWithSAML',
        caller: undefined,
        PrincipalArn: 'arn:aws:iam::111122223333:saml-provider/SandboxIdp',
        ...arrivedSo,
      },
    ]);
    for (const { answer } of [session, withMfa, user, web, saml])
      t.equal(answer.status, 200, answer.json.code);
  },
);

t.test('credentials bound to the token expire with it', async (t) => {
  const jwt = await broker.token();
  const { exp } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  const response = await broker.exchange({ Role: 'until-the-token' }, jwt);
  t.match(response.json, { Sallyport: { DurationLimitedBy: 'proof' } }, response.json.code);
  t.ok(Date.parse(response.json.Credentials.Expiration) <= exp * 1000);
});

t.test('invalid requests are refused before STS is called', async (t) => {
  const rows: readonly [body: object, status: number, code: string, detail: RegExp][] = [
    [{ Role: 'with-mfa' }, 400, 'mfa_required', /SerialNumber and TokenCode/],
    [{ Role: 'session-token-mfa' }, 400, 'mfa_required', /SerialNumber and TokenCode/],
    [{ Role: 'with-mfa', SerialNumber: MFA }, 400, 'parameter_invalid', /belong together/],
    [{ Role: 'with-mfa', SerialNumber: MFA, TokenCode: '12345' }, 400, 'parameter_invalid', /TokenCode/],
    [
      { Role: 'with-mfa', SerialNumber: 'a b', TokenCode: '123456' },
      400,
      'parameter_invalid',
      /SerialNumber/,
    ],
    [
      { Role: 'user', SerialNumber: MFA, TokenCode: '123456' },
      400,
      'parameter_invalid',
      /does not support SerialNumber/,
    ],
    [
      { Role: 'session-token', Policy: POLICY },
      400,
      'policy_not_narrowing',
      /Leave out Policy and PolicyArns/,
    ],
    [
      { Role: 'user', PolicyArns: [READ_ONLY] },
      400,
      'policy_not_narrowing',
      /Leave out Policy and PolicyArns/,
    ],
    [{ Role: 'plain', DurationSeconds: 43_201 }, 400, 'duration_exceeds_limit', /43200/],
    [{ Role: 'session-token', DurationSeconds: 129_601 }, 400, 'duration_exceeds_limit', /129600/],
    [{ Role: 'plain', DurationSeconds: 899 }, 400, 'parameter_invalid', /900/],
    [{ Role: 'plain', Policy: 'x' }, 400, 'parameter_invalid', /JSON object/],
    [
      { Role: 'plain', PolicyArns: ['arn:aws-cn:iam::aws:policy/ReadOnlyAccess'] },
      400,
      'parameter_invalid',
      /in the partition of this role/,
    ],
    [{ Role: 'plain', PolicyArns: ['nonsense'] }, 400, 'parameter_invalid', /PolicyArns/],
    [{ Role: 'plain', PolicyArns: ['arn:of-no-policy-anywhere'] }, 400, 'parameter_invalid', /PolicyArns/],
    [{ Role: 'plain', PolicyArns: [NAMED.RoleArn] }, 400, 'parameter_invalid', /PolicyArns/],
  ];
  const jwt = await broker.token();
  for (const [body, status, code, detail] of rows) {
    const { answer, calls } = await arrived(t, body, { jwt });
    t.match(answer, { status, json: { code, detail } }, JSON.stringify(body));
    t.strictSame(calls, [], 'STS was not called');
  }
});

t.test('an STS error is returned without credentials', async (t) => {
  const rows: readonly [body: object, action: string][] = [
    [{ Role: 'wrong-external' }, 'AssumeRole'],
    [{ Role: 'untagged' }, 'AssumeRole'],
    [{ Role: 'unsourced' }, 'AssumeRole'],
    [{ Role: 'broken-chain' }, 'AssumeRole'],
    [{ Role: 'too-long', DurationSeconds: 7200 }, 'AssumeRole'],
    [{ Role: 'with-mfa', SerialNumber: MFA, TokenCode: '000000' }, 'AssumeRole'],
    [{ Role: 'session-token-mfa', SerialNumber: `${MFA}x`, TokenCode: code() }, 'GetSessionToken'],
  ];
  const jwt = await broker.token();
  for (const [body, action] of rows) {
    const { answer, calls } = await arrived(t, body, { jwt });
    t.ok(answer.status >= 400, JSON.stringify(body));
    t.notOk(answer.json.Credentials);
    t.equal(calls.at(-1)?.['action'], action);
    t.notMatch(answer.text, /arn:aws|shared\/secret|Encoded/, 'nothing of what STS said');
  }
});

const usable: readonly [role: string, arn: RegExp][] = [
  ['described', /assumed-role\/Plain\/alice$/],
  ['chained', /^arn:aws:sts::444455556666:assumed-role\/Last\//],
  ['session-token', /:user\/sallyport$/],
  ['user', /:federated-user\//],
  ['web', /assumed-role\/Web\//],
  ['saml', /assumed-role\/Saml\//],
];

const issue = async (Role: string): Promise<BrokerResponse> =>
  Role === 'saml'
    ? broker.exchange({ Role, SAMLResponse: await assertion() })
    : broker.exchange({ Role }, await broker.token());

t.test('the AWS CLI uses the credentials of each operation', async (t) => {
  const aws = requirePeer(t, 'AWS CLI');
  if (!aws) return;
  for (const [role, arn] of usable) {
    const env = environmentOf((await issue(role)).json.Credentials);
    const { stdout } = await run(aws, ['sts', 'get-caller-identity', '--endpoint-url', sts.url], { env });
    t.match(JSON.parse(stdout).Arn, arn, role);
  }
});

t.test('boto3 uses the credentials, and transitive tags reach the next role', async (t) => {
  const python = requirePeer(t, 'boto3');
  if (!python) return;
  const script = `
import boto3, json, sys
sts = boto3.client('sts', endpoint_url=sys.argv[1])
me = sts.get_caller_identity()['Arn']
if len(sys.argv) > 2:
    a = sts.assume_role(RoleArn=sys.argv[2], RoleSessionName='next')
    try:
        sts.assume_role(RoleArn=sys.argv[2], RoleSessionName='next', Tags=[{'Key': 'team', 'Value': 'other'}])
        said = 'overridden'
    except sts.exceptions.ClientError as error:
        said = str(error)
    print(json.dumps([me, a.get('SourceIdentity'), said]))
else:
    print(json.dumps([me]))
`;
  for (const [role, arn] of usable) {
    const env = environmentOf((await issue(role)).json.Credentials);
    t.match(JSON.parse((await run(python, ['-c', script, sts.url], { env })).stdout)[0], arn, role);
  }
  const env = environmentOf((await issue('chained')).json.Credentials);
  const onward = ['-c', script, sts.url, 'arn:aws:iam::444455556666:role/Onward'];
  const [, sourceIdentity, retagged] = JSON.parse((await run(python, onward, { env })).stdout);
  t.equal(sourceIdentity, 'alice', 'the source identity stays');
  t.match(retagged, /transitive tag key/, 'the transitive tag is there, and stays');
});
