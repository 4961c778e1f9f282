// Claims that a proof declares as left out are unknown: a deny that depends on one applies, an allow that needs one does not.
import t from 'tap';
import { decide, hasPermission, listPermittedRoles } from '../../../src/authz/decide.js';
import { explainRole, explainToCaller } from '../../../src/authz/explain/explain.js';
import { ConditionEvaluationError } from '../../../src/authz/permitted-roles.js';
import { compilePolicy } from '../../../src/authz/policy.js';
import type { Config } from '../../../src/config/schema/config.js';
import type { MatcherConfig } from '../../../src/config/schema/grant.js';
import { SallyportError } from '../../../src/core/errors.js';
import {
  claimsOf,
  configOf,
  federation,
  NOW,
  policyOf,
  principalOf,
  refusalOf,
  saml,
  web,
} from '../../support/policy.js';

type Grant = Config['grants'][number];
const HERE = { sourceAddress: '10.1.2.3' };
const LEFT_OUT = {
  _claim_names: { groups: 'src1' },
  _claim_sources: { src1: { endpoint: 'https://graph.microsoft.com/v1.0/users/1/getMemberObjects' } },
};
const grant = (values: Partial<Grant>): Grant => ({
  id: 'g',
  issuer: 'corp',
  match: {},
  roles: ['a'],
  ...values,
});
const everyone = grant({ id: 'everyone' });

const isPermitted = (grants: readonly Grant[], claims: object) => {
  const policy = policyOf({ a: web }, grants);
  const listed = listPermittedRoles(policy, principalOf(claims), HERE, NOW).length === 1;
  const decided =
    refusalOf(() => decide(policy, principalOf(claims), { ...HERE, role: 'a' }, NOW)) === undefined;
  const explained = explainRole(policy, principalOf(claims), { ...HERE, role: 'a' }, NOW).permitted;
  if (listed !== decided || listed !== explained) throw new Error('list, decide and explain disagree');
  return listed;
};

t.test('each matcher decides a present, an absent and an unknown claim', (t) => {
  type Row = [matcher: MatcherConfig, present: boolean, absent: boolean];
  // Whether the matcher of an allow, or of a deny, is met by groups [admins], and without groups.
  const rows: Row[] = [
    ['admins', true, false],
    [{ equals: 'admins' }, true, false],
    [{ anyOf: ['admins', 'x'] }, true, false],
    [{ allOf: ['admins'] }, true, false],
    [{ glob: 'adm*' }, true, false],
    [{ exists: true }, true, false],
    [{ exists: false }, false, true],
    [{ not: 'admins' }, false, true],
    [{ not: { anyOf: ['other'] } }, true, true],
    [{ not: { exists: true } }, false, true],
    [{ not: { not: 'admins' } }, true, false],
  ];
  for (const [matcher, present, absent] of rows) {
    const name = JSON.stringify(matcher);
    const allow = [grant({ match: { groups: matcher } })];
    const deny = [everyone, grant({ effect: 'deny', match: { groups: matcher } })];
    t.equal(isPermitted(allow, { groups: ['admins'] }), present, `allow, present ${name}`);
    t.equal(isPermitted(allow, {}), absent, `allow, absent ${name}`);
    t.equal(isPermitted(deny, { groups: ['admins'] }), !present, `deny, present ${name}`);
    t.equal(isPermitted(deny, {}), !absent, `deny, absent ${name}`);
    for (const unknown of [LEFT_OUT, { hasgroups: true }, { ...LEFT_OUT, groups: ['admins'] }]) {
      t.equal(isPermitted(allow, unknown), false, `allow, unknown ${name}`);
      t.equal(isPermitted(deny, unknown), false, `deny, unknown ${name}`);
    }
  }
  t.end();
});

t.test('grants that do not depend on a claim that is left out decide as before', (t) => {
  const byName = grant({ id: 'by-name', match: { sub: 'alice' } });
  const denyOther = (match: Grant['match'], more: Partial<Grant> = {}) =>
    grant({ id: 'deny', effect: 'deny', match, ...more });
  t.ok(isPermitted([byName], LEFT_OUT));
  t.ok(isPermitted([byName, grant({ id: 'h', match: { groups: 'admins' } })], LEFT_OUT));
  t.ok(isPermitted([byName, denyOther({ department: 'sales' })], LEFT_OUT));
  t.ok(isPermitted([byName, denyOther({ groups: 'x', sub: 'bob' })], LEFT_OUT), 'unknown and false is false');
  t.ok(isPermitted([byName, denyOther({ groups: 'x' }, { from: ['192.0.2.0/24'] })], LEFT_OUT));
  t.ok(isPermitted([byName, denyOther({ groups: 'x' }, { issuer: 'ci' })], LEFT_OUT));
  t.notOk(isPermitted([byName, denyOther({ groups: 'x', sub: 'alice' })], LEFT_OUT));
  t.ok(isPermitted([grant({ match: { groups: 'admins' } })], { groups: ['admins'], hasgroups: false }));
  t.ok(isPermitted([grant({ match: { groups: 'admins' } })], { groups: 'admins', _claim_names: {} }));
  t.ok(isPermitted([grant({ match: { groups: 'admins' } })], { groups: 'admins', _claim_names: null }));
  t.end();
});

t.test(
  'a path into a claim that is left out is unknown, as is every claim if the declaration is unreadable',
  (t) => {
    const deny = (claim: string) => [everyone, grant({ effect: 'deny', match: { [claim]: 'x' } })];
    const names = (...omitted: string[]) => ({
      _claim_names: Object.fromEntries(omitted.map((name) => [name, 'src1'])),
    });
    t.notOk(isPermitted(deny('realm_access.roles'), names('realm_access')));
    t.notOk(
      isPermitted(deny('realm_access.roles'), { realm_access: { roles: ['y'] }, ...names('realm_access') }),
    );
    t.notOk(isPermitted(deny('wids'), names('groups', 'wids')));
    t.notOk(isPermitted(deny('groups'), { 'groups:src1': 'https://graph.example' }));
    t.ok(
      isPermitted(deny('realm_access.roles'), { 'realm_access.roles': 'y', ...names('realm_access') }),
      'literal name',
    );
    t.ok(isPermitted(deny('realm'), names('realm_access')));
    for (const unreadable of ['groups', ['groups'], 7, true])
      t.notOk(isPermitted(deny('department'), { _claim_names: unreadable }), JSON.stringify(unreadable));
    t.notOk(isPermitted(deny('department'), { _claim_sources: { src1: {} } }), 'sources without names');
    for (const hasgroups of ['true', 1, {}, [{}], Object.create(null), [Object.create(null)]])
      t.notOk(isPermitted(deny('groups'), { hasgroups }), JSON.stringify(hasgroups));
    for (const hasgroups of [false, 'False', ['false']])
      t.ok(isPermitted(deny('groups'), { hasgroups }), JSON.stringify(hasgroups));
    const isAbsent = (claim: string) => [grant({ when: `!('${claim}' in claims) && !has(claims.${claim})` })];
    for (const claim of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      t.ok(isPermitted(isAbsent(claim), names('groups')), `${claim} is known`);
      t.notOk(isPermitted(isAbsent(claim), JSON.parse(`{"_claim_names":{"${claim}":"s"}}`)), claim);
      t.notOk(isPermitted(isAbsent(claim), { _claim_names: 'unreadable' }), claim);
    }
    t.end();
  },
);

t.test('an expression is unknown only if its result depends on a claim that is left out', (t) => {
  type Row = [when: string, allow: boolean, deny: boolean];
  const unknown: [boolean, boolean] = [false, true];
  const rows: Row[] = [
    [`'x' in claims.groups`, ...unknown],
    [`!('x' in claims.groups)`, ...unknown],
    [`'x' in claims.groups || claims.sub == 'alice'`, true, true],
    [`claims.sub == 'alice' || 'x' in claims.groups`, true, true],
    [`'x' in claims.groups || claims.sub == 'bob'`, ...unknown],
    [`'x' in claims.groups && claims.sub == 'bob'`, false, false],
    [`!('x' in claims.groups) && claims.sub == 'alice'`, ...unknown],
    [`has(claims.groups)`, ...unknown],
    [`!has(claims.groups)`, ...unknown],
    [`'groups' in claims`, ...unknown],
    [`!('groups' in claims)`, ...unknown],
    [`!('gro' + 'ups' in claims)`, ...unknown],
    [`'sub' in claims`, true, true],
    [`'department' in claims`, false, false],
    [`claims['groups'].exists(g, g == 'x')`, ...unknown],
    [`has(claims.groups) ? false : true`, ...unknown],
    [`claims.sub == 'alice' ? true : has(claims.groups)`, true, true],
    [`!claims.exists(k, k == 'groups')`, ...unknown],
    [`size(claims) < 100`, ...unknown],
    [`[claims].all(c, !has(c.groups))`, ...unknown],
    [`has(claims.sub) && !has(claims.department)`, true, true],
  ];
  for (const claims of [LEFT_OUT, { groups: ['x'], ...LEFT_OUT }]) {
    for (const [when, allow, deny] of rows) {
      t.equal(isPermitted([grant({ when })], claims), allow, `allow ${when}`);
      t.equal(isPermitted([everyone, grant({ effect: 'deny', when })], claims), !deny, `deny ${when}`);
    }
  }
  t.end();
});

t.test('mfa is unknown if acr and amr are left out and nothing else reports it', (t) => {
  const required = [grant({ match: { sub: 'alice' }, mfa: 'required' })];
  const mfa = { amr: ['mfa'] };
  t.ok(isPermitted(required, mfa));
  t.notOk(isPermitted(required, { ...mfa, _claim_names: { amr: 's' } }));
  t.ok(isPermitted(required, { ...mfa, _claim_names: { acr: 's' } }));
  const policy = policyOf({ a: web }, required);
  t.equal(policy.isMfaAuthenticated(principalOf({ ...mfa, _claim_names: { amr: 's' } })), false);
  t.equal(policy.isMfaAuthenticated(principalOf(mfa)), true);
  t.end();
});

const LINK = 'http://schemas.microsoft.com/claims/groups.link';
const GROUPS = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups';
const samlPrincipal = (claims: object) =>
  principalOf(
    {},
    {
      issuer: 'adfs',
      type: 'saml',
      claims: claimsOf({
        NameID: 'alice',
        'https://aws.amazon.com/SAML/Attributes/RoleSessionName': ['alice'],
        ...claims,
      }),
    },
  );
const link = { [LINK]: ['https://graph.windows.net/t/users/u/getMemberObjects'] };

t.test('groups.link in an assertion makes the groups unknown under each of their names and aliases', (t) => {
  const permitted = (claim: string, claims: object, aliases: Record<string, string> = {}) => {
    const deny = grant({ id: 'deny', issuer: 'adfs', effect: 'deny', match: { [claim]: 'contractors' } });
    const config = configOf({ a: saml }, [grant({ issuer: 'adfs' }), deny]);
    const adfs = { ...config.issuers['adfs'], aliases } as Config['issuers'][string];
    const { policy } = compilePolicy({ ...config, issuers: { ...config.issuers, adfs } });
    return listPermittedRoles(policy, samlPrincipal(claims), HERE, NOW).length === 1;
  };
  const role = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';
  for (const name of [GROUPS, 'groups', 'https://corp.example/UserGroups', 'memberOf', role]) {
    t.ok(permitted(name, {}), name);
    t.notOk(permitted(name, link), name);
  }
  t.notOk(permitted(GROUPS, { ...link, [GROUPS]: ['staff'] }), 'present all the same');
  t.notOk(permitted('teams', link, { teams: GROUPS }), 'alias of the attribute');
  t.notOk(permitted('groups', link, { groups: 'urn:corp:teams' }), 'alias named groups');
  t.notOk(
    permitted('urn:corp:teams', link, { groups: 'urn:corp:teams' }),
    'attribute with an alias named groups',
  );
  for (const aliases of [
    { teams: 'urn:corp:teams', groups: 'urn:corp:teams' },
    { groups: 'urn:corp:teams', teams: 'urn:corp:teams' },
  ])
    t.notOk(permitted('teams', link, aliases), 'second alias of an attribute with an alias named groups');
  t.ok(permitted('teams', { ...link, teams: ['staff'] }, { teams: GROUPS }), 'a claim precedes its alias');
  t.ok(permitted(role, { ...link, [role]: ['app-role'] }), 'app roles are known');
  t.ok(permitted('department', link));
  t.end();
});

t.test('templates and rolesFrom do not use claims that are left out', (t) => {
  const withTag = (team: string) => ({
    ...federation,
    session: { policy: { Version: '2012-10-17', Statement: [] }, tags: { team } },
  });
  const roles = {
    name: { ...federation, session: { name: '${claims.team}' } },
    tag: withTag('${default(claims.team, "none")}'),
    fixed: withTag('${claims.sub}'),
  };
  const policy = policyOf(roles, [grant({ roles: ['*'] })]);
  const refused = (role: string, claims: object) =>
    refusalOf(() => decide(policy, principalOf(claims), { ...HERE, role }, NOW))?.reason;
  const omitted = { _claim_names: { team: 's' } };
  for (const role of ['name', 'tag']) {
    t.equal(refused(role, { team: 'a-team' }), undefined);
    t.equal(refused(role, omitted), 'session.claim_omitted');
    t.equal(refused(role, { team: 'a-team', ...omitted }), 'session.claim_omitted');
  }
  t.equal(refused('tag', {}), undefined, 'the default is for an absent claim');
  t.equal(refused('fixed', omitted), undefined);
  const subject = refusalOf(() =>
    decide(
      policyOf({ a: web }, [everyone]),
      principalOf({ _claim_names: { sub: 's' } }),
      { ...HERE, role: 'a' },
      NOW,
    ),
  );
  t.match(subject, { code: 'session_value_invalid', detail: /"sub".*app roles/ });

  const arn = 'arn:aws:iam::111122223333:role/claimed';
  const config: Config = {
    ...configOf({}, [grant({ roles: ['claimed'] })]),
    rolesFrom: {
      claimed: {
        via: 'AssumeRoleWithWebIdentity',
        claim: 'aws_roles',
        accounts: ['111122223333'],
        roleArns: ['*'],
      },
    } as NonNullable<Config['rolesFrom']>,
  };
  const { policy: claimed, errors } = compilePolicy(config);
  t.same(errors, []);
  const list = (claims: object) => listPermittedRoles(claimed, principalOf(claims), HERE, NOW).length;
  t.equal(list({ aws_roles: [arn] }), 1);
  t.equal(list({ aws_roles: [arn], _claim_names: { aws_roles: 's' } }), 0);
  const refusal = refusalOf(() =>
    decide(claimed, principalOf({ _claim_names: { aws_roles: 's' } }), { ...HERE, role: arn }, NOW),
  );
  t.match(refusal, { code: 'role_not_permitted', reason: 'grants.claims_omitted' });
  t.end();
});

t.test('permissions of the broker follow the same rules', (t) => {
  const may = (grants: readonly Grant[], claims: object) =>
    hasPermission('explain', policyOf({ a: web }, grants), principalOf(claims), HERE, NOW);
  const explain = grant({ roles: [], permissions: ['explain'], match: { sub: 'alice' } });
  const deny = grant({ id: 'd', effect: 'deny', roles: ['*'], match: { groups: 'contractors' } });
  t.ok(may([explain], LEFT_OUT));
  t.ok(may([explain, deny], {}));
  t.notOk(may([explain, deny], LEFT_OUT));
  t.notOk(may([{ ...explain, match: { groups: { not: 'x' } } }], LEFT_OUT));
  t.end();
});

t.test('the refusal says what to do, the same for every role, and its cause names grants and claims', (t) => {
  const policy = policyOf({ a: web, b: web, c: federation }, [
    grant({ id: 'by-group', match: { groups: 'admins' } }),
    grant({ id: 'b', match: { sub: 'bob' }, roles: ['b'] }),
  ]);
  const thrownFor = (role?: string): SallyportError => {
    try {
      decide(policy, principalOf(LEFT_OUT), { ...HERE, ...(role !== undefined && { role }) }, NOW);
    } catch (error) {
      if (error instanceof SallyportError) return error;
    }
    throw new Error('permitted');
  };
  const dependent = thrownFor('a');
  t.equal(dependent.code, 'role_not_permitted');
  t.equal(dependent.reason, 'grants.claims_omitted');
  t.match(dependent.detail, /leaves out claims.*Groups assigned to the application.*app roles/);
  t.ok(dependent.cause instanceof ConditionEvaluationError);
  t.match((dependent.cause as Error).message, /by-group \(groups\)/);
  t.same((dependent.cause as ConditionEvaluationError).grants, [], 'no condition failed');
  for (const role of ['b', 'c', 'nowhere']) {
    t.equal(thrownFor(role).detail, dependent.detail, `the text for ${role} reveals nothing`);
    t.equal(thrownFor(role).reason, 'role_not_permitted');
  }
  t.match(thrownFor(), { code: 'no_role_permitted', reason: 'grants.claims_omitted', detail: /app roles/ });
  t.end();
});

t.test('explain names the claims that are left out in each condition that depends on them', (t) => {
  const policy = policyOf({ a: web }, [
    everyone,
    grant({
      id: 'deny',
      effect: 'deny',
      match: { groups: 'contractors', sub: 'alice' },
      when: '"x" in claims.groups',
    }),
  ]);
  const { permitted, grants, refusal } = explainRole(
    policy,
    principalOf(LEFT_OUT),
    { ...HERE, role: 'a' },
    NOW,
  );
  t.equal(permitted, false);
  t.match(refusal, { code: 'role_not_permitted', detail: /app roles/ });
  t.match(grants[1], {
    applies: true,
    conditions: [
      { on: 'issuer', holds: true },
      { on: 'match.groups', holds: true, failure: /left out.*: groups$/ },
      { on: 'match.sub', holds: true },
      { on: 'when', holds: true, failure: /left out.*: groups$/ },
    ],
  });
  const [own] = explainToCaller(policy, principalOf(LEFT_OUT), { ...HERE, role: 'a' }, NOW);
  t.match(own, { grants: [], refusal: { detail: /app roles/ } });
  t.end();
});
