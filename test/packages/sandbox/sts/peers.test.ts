// Debian's AWS CLI and boto3 as clients, and the service model of botocore as the reference for the constraint table.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startSts } from '@sallyport/sandbox/internal/sts/server';
import { CONSTRAINTS, type Constraint } from '@sallyport/sts-protocol/constraints';
import t, { type Test } from 'tap';
import { newKey, signToken, startIssuer } from '../../../support/oidc-issuer.js';
import { requirePeer } from '../../../support/peers.js';
import { exampleIam, type Keys, SALLYPORT } from './sandbox.js';

const DEPLOY = 'arn:aws:iam::111122223333:role/deploy';
const run = promisify(execFile);

/** A folder for the test, so that the AWS configuration of this machine is not used. */
function homeOf(t: Test): string {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-sts-'));
  t.teardown(() => rmSync(home, { recursive: true }));
  return home;
}

const environment = (home: string, keys?: Keys): NodeJS.ProcessEnv => ({
  PATH: '/usr/bin:/bin',
  HOME: home,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_DEFAULT_REGION: 'eu-west-1',
  ...(keys && {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ...(keys.sessionToken && { AWS_SESSION_TOKEN: keys.sessionToken }),
  }),
});

/** What a program printed, or what it complained of. */
const outcome = (command: string, args: readonly string[], env: NodeJS.ProcessEnv) =>
  run(command, args, { env }).then(
    ({ stdout }) => stdout,
    (error: { readonly stderr?: string }) => error.stderr ?? '',
  );

const otherFirst = (secret: string) => (secret.startsWith('a') ? 'b' : 'a') + secret.slice(1);

t.test('AWS CLI', async (t) => {
  const aws = requirePeer(t, 'AWS CLI');
  if (!aws) return;
  const key = newKey('one');
  const issuer = await startIssuer(t, [key]);
  const sts = await startSts({ iam: exampleIam(issuer.url) });
  t.teardown(() => sts.close());
  const home = homeOf(t);
  const cli = (args: readonly string[], keys?: Keys) =>
    outcome(aws, ['--endpoint-url', sts.url, '--output', 'json', 'sts', ...args], environment(home, keys));

  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer.url, aud: 'sallyport', sub: 'alice', iat: now, exp: now + 600 };
  const response = await cli([
    ...['assume-role-with-web-identity', '--role-arn', DEPLOY, '--role-session-name', 'cli'],
    ...['--web-identity-token', signToken(claims, key)],
  ]);
  const { Credentials } = JSON.parse(response);
  const keys: Keys = {
    accessKeyId: Credentials.AccessKeyId,
    secretAccessKey: Credentials.SecretAccessKey,
    sessionToken: Credentials.SessionToken,
  };
  t.match(JSON.parse(await cli(['get-caller-identity'], keys)), {
    Arn: 'arn:aws:sts::111122223333:assumed-role/deploy/cli',
  });
  const wrong = { ...keys, secretAccessKey: otherFirst(keys.secretAccessKey) };
  t.match(await cli(['get-caller-identity'], wrong), /\(SignatureDoesNotMatch\).*GetCallerIdentity/);
  t.match(
    await cli(['get-federation-token', '--name', 'partner', '--tags', 'Key=team,Value=blue'], SALLYPORT),
    /federated-user\/partner/,
  );
  t.match(
    await cli(['get-session-token'], keys),
    /\(AccessDenied\).*Cannot call GetSessionToken with session/,
  );
});

t.test('boto3', async (t) => {
  const python = requirePeer(t, 'boto3');
  if (!python) return;
  const sts = await startSts({ iam: exampleIam() });
  t.teardown(() => sts.close());
  const script = join(homeOf(t), 'sts.py');
  writeFileSync(
    script,
    `
import boto3, sys
url = sys.argv[1]
sts = boto3.client('sts', endpoint_url=url)
jump = sts.assume_role(RoleArn='arn:aws:iam::111122223333:role/Jump', RoleSessionName='boto', Tags=[{'Key': 'a', 'Value': 'b c+d/é'}], TransitiveTagKeys=['a'])
keys = jump['Credentials']
session = boto3.client('sts', endpoint_url=url, aws_access_key_id=keys['AccessKeyId'], aws_secret_access_key=keys['SecretAccessKey'], aws_session_token=keys['SessionToken'])
print(session.get_caller_identity()['Arn'], jump['PackedPolicySize'], keys['Expiration'].isoformat())
admin = session.assume_role(RoleArn='arn:aws:iam::444455556666:role/Admin', RoleSessionName='boto', ExternalId='sandbox-external-id')
print(admin['AssumedRoleUser']['Arn'])
url = sts.generate_presigned_url('get_caller_identity', ExpiresIn=900, HttpMethod='GET')
import urllib.request
print(urllib.request.urlopen(url).status)
try:
    urllib.request.urlopen(url.replace('Expires=900', 'Expires=901'))
except urllib.error.HTTPError as error:
    print(error.code)
`,
  );
  const home = homeOf(t);
  const lines = (await outcome(python, [script, sts.url], environment(home, SALLYPORT))).trim().split('\n');
  t.match(lines, [
    /^arn:aws:sts::111122223333:assumed-role\/Jump\/boto \d+ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/,
    'arn:aws:sts::444455556666:assumed-role/Admin/boto',
    '200',
    '403',
  ]);
});

interface ModelShape {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly sensitive?: boolean;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
}

const DUMP = `
import botocore.session, json
print(json.dumps(botocore.session.get_session().get_service_model('sts')._service_description['shapes']))
`;

/** Where the service differs from its model, and where the model of an older botocore is incomplete. */
const beyondTheModel = (line: string) =>
  /SourceIdentity|ProvidedContexts/.test(line) || /^AssumeRole\.Policy /.test(line);

t.test('constraints match the STS service model', async (t) => {
  const python = requirePeer(t, 'boto3');
  if (!python) return;
  const printed = await run(python, ['-c', DUMP], { env: environment(homeOf(t)), maxBuffer: 10_000_000 });
  const shapes: Readonly<Record<string, ModelShape>> = JSON.parse(printed.stdout);

  /** What the table says, as the model would say it. */
  const flatten = (constraint: Constraint, path: string): string[] => {
    const { min, max } = constraint as { min?: number; max?: number };
    const pattern = constraint.type === 'text' ? constraint.pattern : undefined;
    const own = `${path} ${constraint.type} ${min ?? '-'}..${max ?? '-'} ${pattern ?? '-'}`;
    if (constraint.type === 'list') return [own, ...flatten(constraint.member, `${path}[]`)];
    if (constraint.type !== 'structure') return [own];
    const members = Object.entries({ ...constraint.required, ...constraint.optional });
    return [
      `${path} structure ${Object.keys(constraint.required).sort().join(',')}`,
      ...members.flatMap(([name, member]) => flatten(member, `${path}.${name}`)),
    ];
  };
  const TYPES: Readonly<Record<string, string>> = { string: 'text' };
  const flattenShape = (name: string, path: string): string[] => {
    const shape = shapes[name];
    if (!shape) return [`${path} unknown`];
    const own = `${path} ${TYPES[shape.type] ?? shape.type} ${shape.min ?? '-'}..${shape.max ?? '-'} ${shape.pattern ?? '-'}`;
    if (shape.member) return [own, ...flattenShape(shape.member.shape, `${path}[]`)];
    if (!shape.members) return [own];
    return [
      `${path} structure ${[...(shape.required ?? [])].sort().join(',')}`,
      ...Object.entries(shape.members).flatMap(([member, { shape: inner }]) =>
        flattenShape(inner, `${path}.${member}`),
      ),
    ];
  };
  for (const [operation, constraint] of Object.entries(CONSTRAINTS)) {
    const known = (lines: readonly string[]) => lines.filter((line) => !beyondTheModel(line)).sort();
    t.same(
      known(flatten(constraint, operation)),
      known(flattenShape(`${operation}Request`, operation)),
      operation,
    );
  }
});
