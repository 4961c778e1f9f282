// Roles that a claim names by ARN (rolesFrom), in decisions, explanations, diffs and lint findings.
import t from 'tap';
import { decide, listPermittedRoles } from '../../../src/authz/decide.js';
import { diffRoles } from '../../../src/authz/explain/diff.js';
import { explainAllRoles, explainRole } from '../../../src/authz/explain/explain.js';
import { lint } from '../../../src/authz/lint/lint.js';
import { compilePolicy } from '../../../src/authz/policy.js';
import { parseConfig } from '../../../src/config/load.js';
import { NOW, principalOf, refusalOf } from '../../support/policy.js';

const HERE = '10.1.2.3';
const ADMIN = 'arn:aws:iam::111122223333:role/Admin';
const DEV = 'arn:aws:iam::111122223333:role/fed/Dev';

function configOf(allowlist: string, more = '') {
  const text = `
server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers: { corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport } }
roles:
  admin: { via: AssumeRoleWithWebIdentity, roleArn: "${ADMIN}", reason: required }
rolesFrom:
  fam: { via: AssumeRoleWithWebIdentity, claim: arns, accounts: ["111122223333"], roleArns: ["${allowlist}"] }
grants:
  - { id: everyone, issuer: corp, match: {}, roles: [admin, fam] }
  - { id: leavers, effect: deny, match: { leaver: true }, roles: [admin] }
${more}`;
  const { loaded, errors } = parseConfig(text, 'sallyport.yaml', {});
  if (!loaded || errors.length > 0) throw new Error(JSON.stringify(errors));
  return loaded.config;
}

function sideOf(allowlist: string, more = '') {
  const config = configOf(allowlist, more);
  return { config, policy: compilePolicy(config).policy };
}
const wide = sideOf('arn:aws:iam::*:role/*');
const { policy } = wide;

t.test('an IAM role under roles is available only by its name, with its requirements', (t) => {
  const otherCase = ADMIN.replace('Admin', 'ADMIN');
  const principal = principalOf({ arns: [ADMIN, DEV, otherCase], leaver: true }, { issuer: 'corp' });
  const ask = (role: string) =>
    refusalOf(() => decide(policy, principal, { sourceAddress: HERE, role }, NOW))?.code;
  t.equal(ask('admin'), 'role_not_permitted', 'denied by name');
  t.equal(ask(ADMIN), 'role_not_permitted', 'and there is no way round by its ARN');
  t.equal(ask(otherCase), 'role_not_permitted', 'nor by one in another case');
  t.equal(ask(DEV), undefined);
  const names = listPermittedRoles(
    policy,
    principalOf({ arns: [ADMIN, DEV] }, { issuer: 'corp' }),
    { sourceAddress: HERE },
    NOW,
  );
  t.same(
    names.map(({ role }) => role.name),
    ['admin', DEV],
  );
  t.end();
});

t.test(
  'a role that two rolesFrom entries accept is permitted by an allow of either and denied by a deny of either',
  (t) => {
    const entry = (more = '') =>
      `{ via: AssumeRoleWithWebIdentity, claim: arns, accounts: ["111122223333"], roleArns: ["${DEV}"]${more} }`;
    const outcomes = (...grants: string[]) => {
      const { loaded, errors } = parseConfig(
        `
server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers: { corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport } }
roles: {}
rolesFrom: { first: ${entry()}, second: ${entry(', session: { maxDuration: 2h }')} }
grants: [ ${grants.map((grant, index) => `{ id: g${index}, issuer: corp, match: {}, ${grant} }`).join(', ')} ]`,
        'sallyport.yaml',
        {},
      );
      if (!loaded || errors.length > 0) throw new Error(JSON.stringify(errors));
      const { policy } = compilePolicy(loaded.config);
      const principal = principalOf({ arns: [DEV] }, { issuer: 'corp' });
      const requested = { sourceAddress: HERE, role: DEV };
      let grant: string | undefined;
      const refusal = refusalOf(() => {
        grant = decide(policy, principal, requested, NOW).grant;
      });
      const listed = listPermittedRoles(policy, principal, requested, NOW).map((each) => each.grant);
      const { permitted, grants: rules } = explainRole(policy, principal, requested, NOW);
      const denied = rules.some(({ effect, applies }) => effect === 'deny' && applies);
      t.same([listed[0], permitted, !denied], [grant, grant !== undefined, grant !== undefined], 'all agree');
      return grant ?? refusal?.code;
    };
    const deny = (role: string) => `effect: deny, roles: [${role}]`;
    t.equal(outcomes('roles: [first]'), 'g0');
    t.equal(outcomes('roles: [second]'), 'g0');
    t.equal(outcomes('roles: [second]', 'roles: [first]'), 'g1', 'as the first entry has it');
    t.equal(outcomes('roles: [second]', deny('first')), 'role_not_permitted');
    t.equal(outcomes(deny('second'), 'roles: [first]'), 'role_not_permitted');
    t.equal(outcomes('roles: [first]', 'roles: [second]', deny('first')), 'role_not_permitted');
    t.end();
  },
);

t.test('explainRole lists the grants of the rolesFrom entry', (t) => {
  const explain = (claims: object, claimsKnown = true, role = DEV) =>
    explainRole(
      policy,
      principalOf(claims, { issuer: 'corp' }),
      { role, sourceAddress: HERE, claimsKnown },
      NOW,
    );
  t.match(explain({ arns: DEV }), { permitted: true, grants: [{ id: 'everyone', applies: true }] });
  t.match(explain({ arns: ADMIN }), { permitted: false });
  t.match(
    explain({}, false),
    { permitted: undefined, grants: [{ id: 'everyone' }] },
    'without claims it may be',
  );
  t.match(explain({}, false, 'fam'), { permitted: undefined, grants: [{ id: 'everyone' }] });
  const admin = explain({}, false, 'admin').grants.map(({ id }) => id);
  t.same(admin, ['everyone', 'leavers'], 'a role of the config is not one that a claim names');
  const every = [
    ...explainAllRoles(
      policy,
      principalOf({}, { issuer: 'corp' }),
      { sourceAddress: HERE, claimsKnown: false },
      NOW,
    ),
  ];
  t.same(
    every.map(({ role }) => role),
    ['admin', 'fam'],
  );
  t.end();
});

t.test('diffRoles reports roles gained and lost through rolesFrom', (t) => {
  const subject = {
    issuer: 'corp',
    subject: 'alice',
    claims: { sub: 'alice', arns: DEV },
    sourceAddress: HERE,
  };
  const narrower = sideOf('arn:aws:iam::*:role/other/*');
  t.match(diffRoles(subject, wide, narrower, NOW), [{ role: DEV, change: 'loses' }]);
  t.match(diffRoles(subject, narrower, wide, NOW), [{ role: DEV, change: 'gains' }]);
  t.same(diffRoles(subject, wide, wide, NOW), []);
  t.end();
});

t.test('diffRoles without claims reports only possible changes, as unknown', (t) => {
  const subject = { issuer: 'corp', subject: 'alice', sourceAddress: HERE };
  const changes = (next: typeof wide, old = wide) =>
    diffRoles(subject, old, next, NOW).map(({ role, change }) => `${role} ${change}`);
  t.same(changes(wide), []);
  t.same(changes(sideOf('arn:aws:iam::*:role/other/*')), ['fam unknown'], 'another allowlist');
  const grant = (text: string) => sideOf('arn:aws:iam::*:role/*', `  - ${text}\n`);
  t.same(
    changes(grant(`{ id: no-dev, effect: deny, match: { x: 1 }, roles: ["${DEV}"] }`)),
    ['fam unknown'],
    'a deny of an ARN',
  );
  t.same(
    changes(grant('{ id: elsewhere, effect: deny, match: {}, from: [192.0.2.0/24], roles: ["*"] }')),
    [],
    'a deny that is known not to apply',
  );
  t.same(
    changes(grant('{ id: stop, effect: deny, match: {}, roles: [fam] }')),
    ['fam unknown'],
    'a deny that is known to apply removes roles that a claim may name',
  );
  const { config } = wide;
  const changed = (more: Partial<typeof config>) => {
    const next = { ...config, ...more };
    return { config: next, policy: compilePolicy(next).policy };
  };
  t.same(changes(changed({ rolesFrom: {} })), ['fam unknown']);
  const admin = { via: 'AssumeRoleWithWebIdentity', roleArn: `${ADMIN}2` } as const;
  t.same(changes(changed({ roles: { admin } })), ['admin unknown'], 'a role that is another');
  const mfa = changed({
    grants: [{ id: 'strong', issuer: 'corp', match: {}, mfa: 'required', roles: ['admin'] }],
  });
  const corp = { type: 'oidc' as const, issuer: 'https://login.corp.example', audience: 'sallyport' };
  const golden = { ...mfa.config, issuers: { corp: { ...corp, mfa: { acr: ['gold'] } } } };
  t.same(
    changes({ config: golden, policy: compilePolicy(golden).policy }, mfa),
    ['admin unknown'],
    'other values count as several factors',
  );
  t.end();
});

t.test('lint counts rolesFrom entries, and ARNs as roles of any entry', (t) => {
  const codes = (more: string) =>
    lint(configOf('arn:aws:iam::*:role/fed/*', more), () => undefined).map(({ code, on }) => `${code} ${on}`);
  const denied = `  - { id: no-dev, effect: deny, match: { x: 1 }, roles: ["${DEV}"] }\n`;
  t.notOk(
    codes(denied).some((code) => code.endsWith('grants.no-dev')),
    'a deny by ARN has an effect',
  );
  const unused = configOf('arn:aws:iam::*:role/fed/*');
  const without = { ...unused, grants: unused.grants.map((grant) => ({ ...grant, roles: ['admin'] })) };
  t.ok(
    lint(without, () => undefined).some(({ code, on }) => code === 'role-unused' && on === 'rolesFrom.fam'),
  );
  t.end();
});

t.test('a policy test may name roles by ARN, and must have a valid time', (t) => {
  const errors = (test: string) =>
    parseConfig(
      `server: { url: https://s.example }
aws: { region: eu-west-1 }
issuers: { corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport } }
roles: {}
rolesFrom:
  fam: { via: AssumeRoleWithWebIdentity, claim: arns, accounts: ["111122223333"], roleArns: ["arn:aws:iam::*:role/*"] }
grants: [{ id: g, issuer: corp, match: {}, roles: [fam] }]
tests: [${test}]
`,
      'c.yaml',
      {},
    ).errors.map(({ path }) => path.join('.'));
  t.same(errors(`{ principal: { issuer: corp, claims: { arns: "${DEV}" } }, allow: ["${DEV}"] }`), []);
  t.same(errors('{ principal: { issuer: corp, claims: {} }, allow: [nope] }'), ['tests.0.allow.0']);
  t.same(
    errors(`{ principal: { issuer: corp, claims: {}, now: "2026-13-45T12:00:00Z" }, deny: ["${DEV}"] }`),
    ['tests.0.principal.now'],
  );
  t.end();
});
