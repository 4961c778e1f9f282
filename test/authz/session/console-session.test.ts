// The parameters of a console sign-in: supported operations, limits of the role, permitted destinations.
import t from 'tap';
import { decide } from '../../../src/authz/decide.js';
import { compilePolicy } from '../../../src/authz/policy.js';
import type { RoleConfig } from '../../../src/config/schema/role.js';
import type { ConsoleRequest } from '../../../src/core/types.js';
import {
  configOf,
  federation,
  NOW,
  principalOf,
  refusalOf,
  SECONDS,
  saml,
  web,
} from '../../support/policy.js';

const admin = 'arn:aws:iam::444455556666:role/Admin';
const CLAIMS = { 'https://aws.amazon.com/SAML/Attributes/RoleSessionName': ['alice'] };
const jump = 'arn:aws:iam::111122223333:role/Jump';

function decided(
  role: RoleConfig,
  expected: ConsoleRequest = {},
  region = 'eu-west-1',
  principal = principalOf(CLAIMS, role.via === 'AssumeRoleWithSAML' ? { type: 'saml', issuer: 'adfs' } : {}),
) {
  const config = configOf({ it: role }, [{ id: 'g', issuer: ['corp', 'adfs'], match: {}, roles: ['it'] }]);
  const { policy, errors } = compilePolicy({ ...config, aws: { region } });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return decide(policy, principal, { sourceAddress: '10.1.2.3', role: 'it', console: expected }, NOW).console;
}
const refused = (...args: Parameters<typeof decided>) => refusalOf(() => decided(...args));

t.test('the default destination is the console home of the Region and partition of the role', (t) => {
  const rows: [region: string, role: RoleConfig, home: string][] = [
    ['eu-west-1', web, 'https://console.aws.amazon.com/console/home?region=eu-west-1'],
    ['us-east-1', web, 'https://console.aws.amazon.com/console/home?region=us-east-1'],
    ['cn-north-1', web, 'https://console.amazonaws.cn/console/home?region=cn-north-1'],
    ['us-gov-west-1', web, 'https://console.amazonaws-us-gov.com/console/home?region=us-gov-west-1'],
    [
      'eu-west-1',
      { ...web, region: 'cn-northwest-1' },
      'https://console.amazonaws.cn/console/home?region=cn-northwest-1',
    ],
  ];
  for (const [region, role, destination] of rows) t.same(decided(role, {}, region), { destination }, region);
  t.match(refused(web, {}, 'us-iso-east-1'), { code: 'console_not_supported', reason: 'console.partition' });
  t.end();
});

t.test('Destination must be a page of the console of the partition', (t) => {
  const rows: [destination: string, region: string, given: string | undefined][] = [
    ['https://console.aws.amazon.com/s3/home', 'eu-west-1', 'https://console.aws.amazon.com/s3/home'],
    ['HTTPS://Console.AWS.Amazon.com:443/s3', 'eu-west-1', 'https://console.aws.amazon.com/s3'],
    [
      'https://eu-west-1.console.aws.amazon.com/ec2?x=a%26b#Instances:',
      'us-east-1',
      'https://eu-west-1.console.aws.amazon.com/ec2?x=a%26b#Instances:',
    ],
    ['https://console.amazonaws.cn/', 'cn-north-1', 'https://console.amazonaws.cn/'],
    // What one parser reads as the console and another does not is written so that all read the same.
    [
      'https://console.aws.amazon.com\\@evil.example/',
      'eu-west-1',
      'https://console.aws.amazon.com/@evil.example/',
    ],
    ['https://console.aws.amazon.com/', 'cn-north-1', undefined],
    ['https://console.amazonaws.cn/', 'eu-west-1', undefined],
    ['http://console.aws.amazon.com/', 'eu-west-1', undefined],
    ['https://console.aws.amazon.com:8443/', 'eu-west-1', undefined],
    ['https://user@console.aws.amazon.com/', 'eu-west-1', undefined],
    ['https://:pw@console.aws.amazon.com/', 'eu-west-1', undefined],
    ['https://console.aws.amazon.com@evil.example/', 'eu-west-1', undefined],
    ['https://console.aws.amazon.com.evil.example/', 'eu-west-1', undefined],
    ['https://console.aws.amazon.com./', 'eu-west-1', undefined],
    ['https://evilconsole.aws.amazon.com/', 'eu-west-1', undefined],
    ['https://aws.amazon.com/', 'eu-west-1', undefined],
    ['https://evil.example/?https://console.aws.amazon.com/', 'eu-west-1', undefined],
    ['//console.aws.amazon.com/', 'eu-west-1', undefined],
    ['/console/home', 'eu-west-1', undefined],
    ['javascript:alert(1)', 'eu-west-1', undefined],
  ];
  for (const [destination, region, received] of rows) {
    if (received === undefined) {
      const refusal = refused(web, { destination }, region);
      t.match(refusal, { code: 'parameter_invalid', reason: 'parameter.destination' }, destination);
      t.notMatch(refusal?.detail, /evil/, 'the refusal does not repeat it');
    } else t.same(decided(web, { destination }, region), { destination: received }, destination);
  }
  t.end();
});

t.test('SessionDuration is accepted for operations that support it, up to the limit of the role', (t) => {
  const role = (config: RoleConfig, maxDuration = '4h') =>
    ({ ...config, session: { ...config.session, duration: '15m', maxDuration } }) as RoleConfig;
  const assume = { via: 'AssumeRole', roleArn: admin } as const;
  const received = (config: RoleConfig) => decided(config, { sessionDuration: 7200 })?.sessionDuration;
  t.equal(received(role(web)), 7200);
  t.equal(received(role(saml)), 7200);
  t.equal(received(role(assume)), 7200);
  for (const config of [role(federation), role({ ...assume, chain: [jump] }, '1h')]) {
    t.match(
      refused(config, { sessionDuration: 900 }),
      { code: 'parameter_invalid', reason: 'parameter.session_duration' },
      config.via,
    );
    t.ok(decided(config), 'without it they can sign in');
  }
  t.match(refused(role(web, '1h'), { sessionDuration: 7200 }), {
    code: 'duration_exceeds_limit',
    detail: /^SessionDuration .* 3600\./,
    members: { MaxDurationSeconds: 3600 },
  });
  const ending = principalOf(CLAIMS, { type: 'saml', issuer: 'adfs', sessionNotOnOrAfter: SECONDS + 1800 });
  t.match(decided(role(saml), { sessionDuration: 7200 }, 'eu-west-1', ending), {
    sessionDuration: 1799,
    sessionDurationLimitedBy: 'SessionNotOnOrAfter',
  });
  t.end();
});

t.test('console sign-in is refused for GetSessionToken', (t) => {
  const refusal = refused({ via: 'GetSessionToken' });
  t.match(refusal, {
    code: 'console_not_supported',
    reason: 'console.session_token',
    detail: /GetSessionToken/,
  });
  t.end();
});
