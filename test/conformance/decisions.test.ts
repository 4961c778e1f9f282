// The decisions of one config as a table: principal, claims and expected result. The config is written as an operator would
// write it.
import t from 'tap';
import { decide, listPermittedRoles } from '../../src/authz/decide.js';
import { explainAllRoles } from '../../src/authz/explain/explain.js';
import { compilePolicy } from '../../src/authz/policy.js';
import { parseConfig } from '../../src/config/load.js';
import { claimsOf, principalOf, refusalOf } from '../support/policy.js';

const CONFIG = `
server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers:
  ci: { type: oidc, issuer: https://ci.example, audience: sallyport }
  corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport, mfa: { acr: [gold] } }
  cluster: { type: oidc, issuer: https://cluster.corp.example, audience: sallyport }
  adfs:
    type: saml
    metadata: ./adfs.xml
    aliases: { mail: "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress" }
roles:
  deploy: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/deploy" }
  release: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/release" }
  reader: { via: AssumeRoleWithSAML, roleArn: "arn:aws:iam::111122223333:role/Reader", principalArn: "arn:aws:iam::111122223333:saml-provider/Adfs" }
  inbox: { via: GetFederationToken }
  admin: { via: GetFederationToken, session: { name: "\${slug(claims.email)}" } }
  pager: { via: GetFederationToken }
  pods: { via: GetFederationToken }
  level: { via: GetFederationToken }
rolesFrom:
  aws:
    via: AssumeRoleWithSAML
    accounts: ["111122223333", "222233334444"]
    roleArns: ["arn:aws:iam::*:role/fed/*", "arn:aws:iam::111122223333:role/Legacy-?"]
  web:
    via: AssumeRoleWithWebIdentity
    claim: aws.roles
    accounts: ["111122223333"]
    roleArns: ["arn:aws:iam::*:role/web/*"]
grants:
  - { id: ci-main, issuer: ci, match: { repository_id: "789", ref: refs/heads/main }, roles: [deploy] }
  - { id: ci-release, issuer: ci, match: { repository_id: [REPOS], ref: { glob: ["refs/heads/release-*", "refs/tags/v?.*"] } }, when: '!has(claims.fork) || claims.fork == false', roles: [release] }
  - { id: staff, issuer: [corp, adfs], match: { groups: { anyOf: [analysts, finance] } }, from: [10.0.0.0/8, "2001:db8::/32"], roles: [inbox, reader] }
  - { id: admins, issuer: corp, match: { groups: { allOf: [admins, oncall] }, contractor: { not: true }, email: { glob: "*@corp.example" } }, mfa: required, roles: [admin] }
  - { id: pager, issuer: corp, match: { groups: oncall }, between: { hours: "22:00-06:00", weekdays: [Fri, Sat], timeZone: Europe/Berlin }, roles: [pager] }
  - { id: mail, issuer: adfs, match: { mail: { glob: "*@partner.example" } }, roles: [reader] }
  - { id: pods, issuer: cluster, match: { kubernetes.io.namespace: payments, kubernetes.io.serviceaccount.name: { not: default } }, roles: [pods] }
  - { id: roles-of-realm, issuer: corp, match: { realm_access.roles: { anyOf: [uploader] } }, roles: [inbox] }
  - { id: level, issuer: corp, match: { verified: true }, when: 'claims.level >= 3 && claims.teams.exists(x, x.matches("^team-[0-9]+$"))', roles: [level] }
  - { id: claimed, issuer: adfs, match: { exists: { exists: false } }, roles: [aws] }
  - { id: claimed-web, issuer: corp, match: {}, roles: ["arn:aws:iam::111122223333:role/web/a", "arn:aws:iam::111122223333:role/web/b"] }
  - { id: no-leavers, effect: deny, match: { status: leaver }, roles: ["*"] }
  - { id: no-prod, effect: deny, issuer: adfs, match: {}, roles: ["arn:aws:iam::111122223333:role/fed/Prod"] }
  - { id: frozen, effect: deny, issuer: ci, match: { freeze: { exists: true } }, when: 'claims.freeze != "off"', roles: [release, deploy] }
`.replace('[REPOS]', '{ anyOf: ["789", "790"] }');

const { loaded, errors } = parseConfig(CONFIG, '/etc/sallyport/sallyport.yaml', {});
const compiled = loaded && compilePolicy(loaded.config);
if (!compiled || errors.length > 0 || compiled.errors.length > 0)
  throw new Error(JSON.stringify([errors, compiled?.errors]));
const { policy } = compiled;

type Claimed = Readonly<Record<string, unknown>>;

interface Row {
  readonly what: string;
  readonly issuer: 'ci' | 'corp' | 'cluster' | 'adfs';
  readonly claims: Claimed;
  /** Roles permitted, by the order of the config, separated by spaces; their ARNs where a claim names them. */
  readonly may: string;
  readonly from?: string;
  readonly at?: string;
}

const OFFICE = '10.1.2.3';
/** A Friday, 13:00 in Berlin. */
const NOON = '2026-11-20T12:00:00Z';

const rows: Row[] = [];
/** Adds a group of rows that share an issuer and some claims. */
function about(
  issuer: Row['issuer'],
  base: Claimed,
  group: [what: string, claims: Claimed, may: string, more?: Pick<Row, 'from' | 'at'>][],
): void {
  for (const [what, claims, may, more] of group)
    rows.push({ what, issuer, claims: { ...base, ...claims }, may, ...more });
}

about('ci', { repository_id: '789', ref: 'refs/heads/main' }, [
  ['the main branch', {}, 'deploy'],
  ['a repository id as a number', { repository_id: 789 }, 'deploy'],
  ['a list of one', { ref: ['refs/heads/main'] }, 'deploy'],
  ['another branch', { ref: 'refs/heads/dev' }, ''],
  ['another repository', { repository_id: '790' }, ''],
  ['a longer id', { repository_id: '7890' }, ''],
  ['an id with a space', { repository_id: '789 ' }, ''],
  ['another case', { ref: 'refs/heads/Main' }, ''],
  ['two branches in one claim', { ref: ['refs/heads/main', 'refs/heads/dev'] }, ''],
  ['the same branch twice', { ref: ['refs/heads/main', 'refs/heads/main'] }, ''],
  ['no branch', { ref: [] }, ''],
  ['null', { ref: null }, ''],
  ['an object', { ref: { name: 'refs/heads/main' } }, ''],
  ['a list in a list', { ref: [['refs/heads/main']] }, ''],
  ['a look-alike letter', { ref: 'refs/heads/m\u0430in' }, ''],
  ['a line end behind', { ref: 'refs/heads/main\n' }, ''],
  ['frozen', { freeze: 'on' }, ''],
  ['not frozen', { freeze: 'off' }, 'deploy'],
  ['frozen with an empty text', { freeze: '' }, ''],
  ['null is not frozen', { freeze: null }, 'deploy'],
  ['a freeze of another type', { freeze: 1 }, ''],
  ['a leaver', { status: 'leaver' }, ''],
  ['a leaver among others', { status: ['active', 'leaver'] }, ''],
  ['not a leaver', { status: 'leavers' }, 'deploy'],
  ['from anywhere', {}, 'deploy', { from: '203.0.113.9' }],
]);
about('ci', { repository_id: '790', ref: 'refs/heads/release-1' }, [
  ['a release branch', {}, 'release'],
  ['a release branch of the other repository', { repository_id: '789' }, 'release'],
  ['a release branch of a third', { repository_id: '791' }, ''],
  ['an empty release', { ref: 'refs/heads/release-' }, 'release'],
  ['a slash in the name', { ref: 'refs/heads/release-1/x' }, 'release'],
  ['not at the start', { ref: 'x/refs/heads/release-1' }, ''],
  ['a tag', { ref: 'refs/tags/v1.0' }, 'release'],
  ['a tag of two digits', { ref: 'refs/tags/v10.0' }, ''],
  ['a tag without dot', { ref: 'refs/tags/v1' }, ''],
  ['one of several refs', { ref: ['refs/heads/x', 'refs/tags/v1.0'] }, 'release'],
  ['no fork', { fork: false }, 'release'],
  ['a fork', { fork: true }, ''],
  ['fork as a text is not false', { fork: 'false' }, ''],
  ['fork as null is not false', { fork: null }, ''],
  ['frozen', { freeze: 'on' }, ''],
  ['unfrozen', { freeze: 'off' }, 'release'],
  ['both repositories in one claim', { repository_id: ['789', '790'] }, 'release'],
  ['repository and something else', { repository_id: ['1', '790'] }, 'release'],
]);
about('corp', { groups: ['analysts'] }, [
  ['an analyst', {}, 'reader inbox'],
  ['finance', { groups: 'finance' }, 'reader inbox'],
  ['both', { groups: ['finance', 'analysts'] }, 'reader inbox'],
  ['neither', { groups: ['sales'] }, ''],
  ['no groups', { groups: [] }, ''],
  ['groups in one text', { groups: 'analysts,finance' }, ''],
  ['an inherited name', { groups: { analysts: true } }, ''],
  ['from outside', {}, '', { from: '203.0.113.9' }],
  ['from the edge of the block', {}, 'reader inbox', { from: '10.255.255.255' }],
  ['from beyond the edge', {}, '', { from: '11.0.0.0' }],
  ['from IPv6', {}, 'reader inbox', { from: '2001:db8::1' }],
  ['from another IPv6 block', {}, '', { from: '2001:db9::1' }],
  ['from IPv4 in IPv6', {}, 'reader inbox', { from: '::ffff:10.1.2.3' }],
  ['from nowhere', {}, '', { from: 'unknown' }],
  ['a leaver', { status: 'leaver' }, ''],
  ['status in another case', { status: 'Leaver' }, 'reader inbox'],
]);
about('corp', { realm_access: { roles: ['uploader'] } }, [
  ['a role of the realm', {}, 'inbox'],
  ['from anywhere', {}, 'inbox', { from: '203.0.113.9' }],
  ['among others', { realm_access: { roles: ['x', 'uploader'] } }, 'inbox'],
  ['another', { realm_access: { roles: ['downloader'] } }, ''],
  ['none', { realm_access: {} }, ''],
  ['not an object', { realm_access: 'uploader' }, ''],
  ['a list of objects', { realm_access: [{ roles: ['uploader'] }] }, ''],
  ['a claim of the literal name', { 'realm_access.roles': ['uploader'], realm_access: {} }, 'inbox'],
  ['a claim of the literal name goes first', { 'realm_access.roles': ['x'] }, ''],
]);
about('corp', { groups: ['admins', 'oncall'], email: 'a@corp.example', amr: ['pwd', 'mfa'] }, [
  ['an admin with several factors', {}, 'admin'],
  ['by acr', { amr: ['pwd'], acr: 'gold' }, 'admin'],
  ['by password', { amr: ['pwd'] }, ''],
  ['acr of a lower level', { amr: [], acr: 'silver' }, ''],
  ['nothing said', { amr: null }, ''],
  ['mfa as another claim', { amr: null, mfa: true }, ''],
  ['not on call', { groups: ['admins'] }, ''],
  ['only on call', { groups: ['oncall'] }, ''],
  ['more groups', { groups: ['oncall', 'x', 'admins'] }, 'admin'],
  ['a contractor', { contractor: true }, ''],
  ['a contractor as text', { contractor: 'true' }, ''],
  ['no contractor', { contractor: false }, 'admin'],
  ['perhaps a contractor', { contractor: [true, false] }, ''],
  ['mail of others', { email: 'a@corp.example.net' }, ''],
  ['mail with a suffix', { email: 'a@corp.example ' }, ''],
  ['no mail', { email: null }, ''],
  ['a leaver', { status: 'leaver' }, ''],
]);
about('corp', { groups: 'oncall' }, [
  ['on call at noon', {}, '', { at: NOON }],
  ['on Friday night', {}, 'pager', { at: '2026-11-20T21:00:00Z' }],
  ['a minute before', {}, '', { at: '2026-11-20T20:59:59Z' }],
  ['on Saturday morning, of Friday', {}, 'pager', { at: '2026-11-21T04:59:59Z' }],
  ['on Saturday at six', {}, '', { at: '2026-11-21T05:00:00Z' }],
  ['on Saturday night', {}, 'pager', { at: '2026-11-21T23:30:00Z' }],
  ['on Sunday morning, of Saturday', {}, 'pager', { at: '2026-11-22T04:00:00Z' }],
  ['on Sunday night', {}, '', { at: '2026-11-22T22:00:00Z' }],
  ['on Friday morning, of Thursday', {}, '', { at: '2026-11-20T03:00:00Z' }],
  ['in summer, an hour earlier in UTC', {}, 'pager', { at: '2026-07-17T20:00:00Z' }],
  ['in summer, before', {}, '', { at: '2026-07-17T19:59:59Z' }],
  ['in the night clocks go back, two', {}, 'pager', { at: '2026-10-25T00:30:00Z' }],
  ['in the night clocks go back, two again', {}, 'pager', { at: '2026-10-25T01:30:00Z' }],
  ['in the night clocks go back, six', {}, '', { at: '2026-10-25T05:00:00Z' }],
  ['not alone on call', { groups: ['oncall', 'x'] }, '', { at: '2026-11-20T21:00:00Z' }],
]);
about('cluster', { 'kubernetes.io': { namespace: 'payments', serviceaccount: { name: 'api' } } }, [
  ['a pod', {}, 'pods'],
  ['another namespace', { 'kubernetes.io': { namespace: 'web', serviceaccount: { name: 'api' } } }, ''],
  [
    'the default account',
    { 'kubernetes.io': { namespace: 'payments', serviceaccount: { name: 'default' } } },
    '',
  ],
  ['no account', { 'kubernetes.io': { namespace: 'payments' } }, 'pods'],
  [
    'two accounts, one default',
    { 'kubernetes.io': { namespace: 'payments', serviceaccount: { name: ['api', 'default'] } } },
    '',
  ],
  ['no namespace', { 'kubernetes.io': {} }, ''],
  ['null', { 'kubernetes.io': null }, ''],
  [
    'nested without the dot',
    { 'kubernetes.io': null, kubernetes: { io: { namespace: 'payments' } } },
    'pods',
  ],
  ['the whole name as one claim', { 'kubernetes.io': {}, 'kubernetes.io.namespace': 'payments' }, 'pods'],
  ['a text', { 'kubernetes.io': 'payments' }, ''],
  ['a leaver', { status: 'leaver' }, ''],
]);
about('corp', { verified: true, level: 3, teams: ['team-7'] }, [
  ['a level', {}, 'level'],
  ['a higher level', { level: 4.5 }, 'level'],
  ['a lower level', { level: 2 }, ''],
  ['a level as text', { level: '3' }, ''],
  ['no level', { level: null }, ''],
  ['verified as text', { verified: 'true' }, 'level'],
  ['not verified', { verified: false }, ''],
  ['verified is not one', { verified: 1 }, ''],
  ['one of several teams', { teams: ['x', 'team-12'] }, 'level'],
  ['no such team', { teams: ['team-x'] }, ''],
  ['a team with more behind', { teams: ['team-7\nx'] }, ''],
  ['no teams', { teams: [] }, ''],
  ['teams as text', { teams: 'team-7' }, ''],
  ['teams of other types', { teams: [7, null, 'team-7'] }, 'level'],
  ['more teams than can be looked at', { teams: Array(200_000).fill('team') }, ''],
]);

const FED = 'arn:aws:iam::111122223333:role/fed/Dev';
const PROVIDER = 'arn:aws:iam::111122223333:saml-provider/Adfs';
const pairs = (...list: string[]) => ({ 'https://aws.amazon.com/SAML/Attributes/Role': list });
about('adfs', {}, [
  ['nothing', {}, ''],
  ['an analyst', { groups: ['analysts'] }, 'reader inbox'],
  ['an analyst from outside', { groups: ['analysts'] }, '', { from: '203.0.113.9' }],
  [
    'a partner, by alias',
    { 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress': ['x@partner.example'] },
    'reader',
  ],
  [
    'someone else, by alias',
    { 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress': ['x@else.example'] },
    '',
  ],
  ['an attribute of the name of the alias', { mail: ['x@partner.example'] }, 'reader'],
  [
    'which the alias does not shadow',
    {
      mail: ['x@else.example'],
      'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress': ['x@partner.example'],
    },
    '',
  ],
  ['a pair', pairs(`${FED},${PROVIDER}`), FED],
  ['a pair the other way round', pairs(`${PROVIDER},${FED}`), FED],
  ['a pair with spaces', pairs(` ${PROVIDER} , ${FED} `), FED],
  ['two pairs', pairs(`${FED},${PROVIDER}`, `${FED}2,${PROVIDER}`), `${FED} ${FED}2`],
  ['the same pair twice', pairs(`${FED},${PROVIDER}`, `${PROVIDER},${FED}`), FED],
  ['a role without provider', pairs(FED), ''],
  ['a provider without role', pairs(PROVIDER), ''],
  ['three parts', pairs(`${FED},${PROVIDER},${PROVIDER}`), ''],
  ['two roles', pairs(`${FED},${FED}`), ''],
  ['a role outside of the path', pairs(`arn:aws:iam::111122223333:role/Dev,${PROVIDER}`), ''],
  [
    'a role of another account',
    pairs(`arn:aws:iam::999999999999:role/fed/Dev,arn:aws:iam::999999999999:saml-provider/Adfs`),
    '',
  ],
  ['a provider of another account', pairs(`${FED},arn:aws:iam::222233334444:saml-provider/Adfs`), ''],
  [
    'the other account',
    pairs('arn:aws:iam::222233334444:role/fed/Dev,arn:aws:iam::222233334444:saml-provider/Adfs'),
    'arn:aws:iam::222233334444:role/fed/Dev',
  ],
  [
    'by the second glob',
    pairs(`arn:aws:iam::111122223333:role/Legacy-1,${PROVIDER}`),
    'arn:aws:iam::111122223333:role/Legacy-1',
  ],
  ['not quite the second glob', pairs(`arn:aws:iam::111122223333:role/Legacy-10,${PROVIDER}`), ''],
  [
    'the second glob in the other account',
    pairs('arn:aws:iam::222233334444:role/Legacy-1,arn:aws:iam::222233334444:saml-provider/Adfs'),
    '',
  ],
  [
    'an ARN that is denied',
    pairs(`arn:aws:iam::111122223333:role/fed/Prod,${PROVIDER}`, `${FED},${PROVIDER}`),
    FED,
  ],
  ['a user instead of a role', pairs(`arn:aws:iam::111122223333:user/fed/Dev,${PROVIDER}`), ''],
  ['a wildcard in the ARN', pairs(`arn:aws:iam::111122223333:role/fed/*,${PROVIDER}`), ''],
  [
    'an account hidden in the path',
    pairs(`arn:aws:iam::999999999999:role/arn:aws:iam::111122223333:role/fed/Dev,${PROVIDER}`),
    '',
  ],
  ['a leaver', { ...pairs(`${FED},${PROVIDER}`), status: ['leaver'] }, ''],
  ['not where the grant does not match', { ...pairs(`${FED},${PROVIDER}`), exists: ['x'] }, ''],
]);
const WEB = 'arn:aws:iam::111122223333:role/web';
about('corp', {}, [
  ['an ARN in a claim', { aws: { roles: [`${WEB}/a`] } }, `${WEB}/a`],
  ['one ARN, not a list', { aws: { roles: `${WEB}/b` } }, `${WEB}/b`],
  ['several, of which one is granted', { aws: { roles: [`${WEB}/c`, `${WEB}/b`] } }, `${WEB}/b`],
  ['outside of the allowlist', { aws: { roles: ['arn:aws:iam::111122223333:role/a'] } }, ''],
  ['a pair is no ARN', { aws: { roles: [`${WEB}/a,${PROVIDER}`] } }, ''],
  ['an attribute of SAML', pairs(`${FED},${PROVIDER}`), ''],
  ['not a text', { aws: { roles: [{ arn: `${WEB}/a` }, 7, null] } }, ''],
  ['a leaver', { aws: { roles: [`${WEB}/a`] }, status: 'leaver' }, ''],
]);

t.test(`decide conforms to ${rows.length} rows of expected decisions`, (t) => {
  t.ok(rows.length >= 150);
  const every = [...policy.roles.keys(), FED, `${WEB}/a`, `${WEB}/b`, `${WEB}/c`, 'no-such-role'];
  for (const { what, issuer, claims, may, from = OFFICE, at = NOON } of rows) {
    const principal = principalOf(
      {},
      {
        issuer,
        type: issuer === 'adfs' ? 'saml' : 'oidc',
        claims: claimsOf({ sub: 'alice', ...claims }) as never,
      },
    );
    const now = new Date(at);
    const listed = listPermittedRoles(policy, principal, { sourceAddress: from }, now).map(
      ({ role }) => role.name,
    );
    t.equal(listed.join(' '), may, `${issuer}, ${what}`);
    const refused = every.filter((role) => {
      const refusal = refusalOf(() => decide(policy, principal, { sourceAddress: from, role }, now));
      return refusal?.code === 'role_not_permitted';
    });
    t.same(
      refused,
      every.filter((role) => !listed.includes(role)),
      `${issuer}, ${what}: asked one by one`,
    );
    const explained = [...explainAllRoles(policy, principal, { sourceAddress: from }, now)];
    t.same(
      explained.filter(({ permitted }) => permitted).map(({ role }) => role),
      listed,
      `${issuer}, ${what}: explained`,
    );
    for (const { role, permitted, grants } of explained) {
      const applying = grants.filter(({ applies }) => applies).map(({ effect }) => effect);
      const byRules = applying.includes('allow') && !applying.includes('deny');
      t.equal(byRules, permitted, `${issuer}, ${what}: the rules explained give ${role} or do not`);
    }
  }
  t.end();
});

t.test('denying an unknown role takes the same work as denying one that is not permitted', (t) => {
  let reads = 0;
  const counting = new Proxy(claimsOf({ sub: 'alice', groups: ['sales'] }) as Record<string, unknown>, {
    get: (target, name) => {
      reads++;
      return Reflect.get(target, name);
    },
    getOwnPropertyDescriptor: (target, name) => {
      reads++;
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
  const principal = principalOf({}, { issuer: 'corp', claims: counting as never });
  const work = (role: string) => {
    reads = 0;
    const refusal = refusalOf(() =>
      decide(policy, principal, { sourceAddress: OFFICE, role }, new Date(NOON)),
    );
    return { refusal, reads };
  };
  const there = [...policy.roles.keys()].map(work);
  const [first] = there;
  for (const { refusal } of there) t.strictSame(refusal, first?.refusal);
  const possible = new Set(there.map(({ reads }) => reads));
  const seen = new Set<number>();
  for (let index = 0; index < 200; index++) {
    const { refusal, reads } = work(`no-such-role-${index}`);
    t.strictSame(refusal, first?.refusal);
    seen.add(reads);
  }
  t.ok(possible.size > 1, 'roles differ in the work they take');
  t.same([...seen].sort(), [...possible].sort(), 'unknown roles take as much work as some known ones');
  t.end();
});
