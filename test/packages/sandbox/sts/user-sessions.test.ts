// The operations around users through the AWS SDK: GetFederationToken, GetSessionToken, GetCallerIdentity,
// GetAccessKeyInfo and DecodeAuthorizationMessage.
import {
  AssumeRoleCommand,
  AssumeRootCommand,
  DecodeAuthorizationMessageCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  type GetFederationTokenCommandInput,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts';
import { loadIam } from '@sallyport/sandbox/internal/iam/load';
import { encodeAuthorizationMessage } from '@sallyport/sandbox/internal/sts/authorization-messages';
import t from 'tap';
import { exampleIam, type Keys, keysOf, refuses, SALLYPORT, startSandbox } from './sandbox.js';

const USER: Keys = { accessKeyId: 'AKIAUSERUSERUSERUSER', secretAccessKey: 'u'.repeat(40) };
const ROOT: Keys = { accessKeyId: 'AKIAROOTROOTROOTROOT', secretAccessKey: 'r'.repeat(40) };

/** A user that may federate without tags and decode nothing, and the root user. */
const iam = () =>
  loadIam(
    `
accounts:
  "111122223333":
    root: { accessKeys: [{ id: ${ROOT.accessKeyId}, secret: ${ROOT.secretAccessKey} }] }
    users:
      user:
        path: /staff/
        accessKeys: [{ id: ${USER.accessKeyId}, secret: ${USER.secretAccessKey} }]
        policies:
          - Version: "2012-10-17"
            Statement:
              - { Effect: Allow, Action: "sts:Get*", Resource: "*" }
              - { Effect: Deny, Action: sts:GetFederationToken, Resource: "*/never" }
              - { Effect: Allow, Action: sts:TagSession, Resource: "*", Condition: { "ForAllValues:StringEquals": { "aws:TagKeys": [team] } } }
    roles:
      Open: { maxSessionDuration: 7200, trust: { Version: "2012-10-17", Statement: { Effect: Allow, Principal: "*", Action: "sts:*" } } }
`,
    {},
  );
const USER_ARN = 'arn:aws:iam::111122223333:user/staff/user';

const federate = (more: Partial<GetFederationTokenCommandInput> = {}) =>
  new GetFederationTokenCommand({ Name: 'partner', ...more });
const openRole = new AssumeRoleCommand({
  RoleArn: 'arn:aws:iam::111122223333:role/Open',
  RoleSessionName: 'one',
  DurationSeconds: 3601,
});
const inHours = (hours: number) => new Date(Date.parse('2026-11-21T12:00:00Z') + hours * 3_600_000);

t.test('GetFederationToken', async (t) => {
  const { client } = await startSandbox(t, iam());
  const user = client(USER);
  const response = await user.send(federate());
  t.match(response, {
    FederatedUser: {
      Arn: 'arn:aws:sts::111122223333:federated-user/partner',
      FederatedUserId: '111122223333:partner',
    },
    PackedPolicySize: 0,
    Credentials: { Expiration: inHours(12) },
  });
  const federated = client(keysOf(response.Credentials));
  t.match(await federated.send(new GetCallerIdentityCommand({})), {
    Arn: 'arn:aws:sts::111122223333:federated-user/partner',
    UserId: '111122223333:partner',
    Account: '111122223333',
  });
  const noSession = 'Cannot call GetFederationToken with session credentials';
  await refuses(t, federated.send(federate()), 'AccessDenied', noSession);
  await refuses(
    t,
    federated.send(openRole),
    'AccessDenied',
    'User: arn:aws:sts::111122223333:federated-user/partner is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/Open',
  );
  const long = await user.send(federate({ DurationSeconds: 129_600 }));
  t.same(long.Credentials?.Expiration, inHours(36));
  const asRoot = await client(ROOT).send(federate({ DurationSeconds: 129_600 }));
  t.same(asRoot.Credentials?.Expiration, inHours(1), 'an hour for the root user');
  const tagged = (Key: string) => user.send(federate({ Tags: [{ Key, Value: 'x' }] }));
  t.match(await tagged('team'), { PackedPolicySize: 2 });
  const resource = 'arn:aws:sts::111122223333:federated-user';
  const denied = (action: string, name: string) =>
    `User: ${USER_ARN} is not authorized to perform: ${action} on resource: ${resource}/${name}`;
  await refuses(t, tagged('unit'), 'AccessDenied', denied('sts:TagSession', 'partner'));
  const never = user.send(federate({ Name: 'never' }));
  await refuses(t, never, 'AccessDenied', denied('sts:GetFederationToken', 'never'));
  await refuses(
    t,
    user.send(federate({ Name: 'x'.repeat(33) })),
    'ValidationError',
    `1 validation error detected: Value '${'x'.repeat(33)}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 32`,
  );
  await refuses(
    t,
    user.send(federate({ Policy: `"${'x'.repeat(2047)}"` })),
    'ValidationError',
    /at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048$/,
  );
});

t.test('GetSessionToken', async (t) => {
  const { client } = await startSandbox(t, iam());
  const { Credentials } = await client(USER).send(new GetSessionTokenCommand({}));
  t.same(Credentials?.Expiration, inHours(12));
  const session = client(keysOf(Credentials));
  t.match(await session.send(new GetCallerIdentityCommand({})), {
    Arn: USER_ARN,
    UserId: /^AIDA[A-Z2-7]{17}$/,
  });
  await refuses(
    t,
    session.send(new GetSessionTokenCommand({})),
    'AccessDenied',
    'Cannot call GetSessionToken with session credentials',
  );
  const root = await client(ROOT).send(new GetSessionTokenCommand({ DurationSeconds: 7200 }));
  t.same(root.Credentials?.Expiration, inHours(1));
  t.match(await client(keysOf(root.Credentials)).send(new GetCallerIdentityCommand({})), {
    Arn: 'arn:aws:iam::111122223333:root',
    UserId: '111122223333',
  });
  t.ok(await client(USER).send(openRole), 'over an hour with the long-term key');
  await refuses(t, session.send(openRole), 'ValidationError', /1 hour session limit/);
});

t.test('DecodeAuthorizationMessage', async (t) => {
  const { client } = await startSandbox(t, exampleIam());
  const EncodedMessage = encodeAuthorizationMessage({
    explicitDeny: true,
    principal: { id: 'AIDAEXAMPLE', arn: USER_ARN },
    action: 'ec2:StopInstances',
    resource: 'arn:aws:ec2:eu-west-1:111122223333:instance/i-1',
    conditions: { 'ec2:Region': ['eu-west-1'] },
  });
  const decode = (message: string) => new DecodeAuthorizationMessageCommand({ EncodedMessage: message });
  const { DecodedMessage } = await client().send(decode(EncodedMessage));
  t.match(JSON.parse(DecodedMessage ?? ''), {
    allowed: false,
    explicitDeny: true,
    context: {
      principal: { arn: USER_ARN },
      action: 'ec2:StopInstances',
      conditions: { items: [{ key: 'ec2:Region', values: { items: [{ value: 'eu-west-1' }] } }] },
    },
  });
  const invalid = 'InvalidAuthorizationMessageException';
  await refuses(t, client().send(decode('garbage')), invalid, 'Message is not valid');
  await refuses(t, client().send(decode(EncodedMessage.replace(/^.{4}/, 'AAAA'))), invalid, /./);
  const other = await startSandbox(t, iam());
  await refuses(
    t,
    other.client(USER).send(decode(EncodedMessage)),
    'AccessDenied',
    `User: ${USER_ARN} is not authorized to perform: sts:DecodeAuthorizationMessage`,
  );
});

t.test('GetAccessKeyInfo and operations that are not implemented', async (t) => {
  const { client } = await startSandbox(t, iam());
  const info = (AccessKeyId: string) => client(USER).send(new GetAccessKeyInfoCommand({ AccessKeyId }));
  t.equal((await info(ROOT.accessKeyId)).Account, '111122223333');
  await refuses(t, info('AKIANOBODYNOBODYNOBO'), 'ValidationError', /^Invalid access key ID/);
  const root = new AssumeRootCommand({ TargetPrincipal: '111122223333', TaskPolicyArn: { arn: USER_ARN } });
  const message = 'The sandbox STS does not implement AssumeRoot.';
  await refuses(t, client(USER).send(root), 'NotImplemented', message, 501);
});

t.test('access keys', async (t) => {
  const model = exampleIam();
  const { client } = await startSandbox(t, model);
  const identity = (keys: Keys) => client(keys).send(new GetCallerIdentityCommand({}));
  const invalid = 'The security token included in the request is invalid.';
  const refused = (keys: Keys) => refuses(t, identity(keys), 'InvalidClientTokenId', invalid, 403);
  await refused({ ...SALLYPORT, accessKeyId: 'AKIANOBODYNOBODYNOBO' });
  await refused({ ...SALLYPORT, sessionToken: 'no token' });
  const { Credentials } = await client().send(new GetSessionTokenCommand({}));
  const session = keysOf(Credentials);
  await refused({ accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey });
  await refused({ ...SALLYPORT, sessionToken: session.sessionToken ?? '' });
  const wrong = session.secretAccessKey.replace(/^./, (first) => (first === 'a' ? 'b' : 'a'));
  await refuses(
    t,
    identity({ ...session, secretAccessKey: wrong }),
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    403,
  );
  const users = model.accounts.get('111122223333')?.users;
  const user = users?.get('sallyport');
  if (!users || !user) throw new Error('no user');
  users.set('sallyport', {
    ...user,
    accessKeys: user.accessKeys.map((key) => ({ ...key, status: 'Inactive' })),
  });
  await refused(SALLYPORT);
  t.ok(await identity(session), 'the session of the user continues');
  users.delete('sallyport');
  await refused(session);
});
