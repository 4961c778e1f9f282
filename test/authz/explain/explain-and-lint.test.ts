// Checks of a policy before deployment: lint findings, policy tests and explanations.
import t from 'tap';
import { presetSends } from '../../../src/authn/oidc/presets.js';
import { explainAllRoles, explainRole, explainToCaller } from '../../../src/authz/explain/explain.js';
import { runPolicyTests } from '../../../src/authz/explain/policy-tests.js';
import { simulatePrincipal } from '../../../src/authz/explain/simulated-principal.js';
import { lint } from '../../../src/authz/lint/lint.js';
import { compilePolicy } from '../../../src/authz/policy.js';
import { parseConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/schema/config.js';
import type { Claims } from '../../../src/core/types.js';
import { principalOf } from '../../support/policy.js';

const NOW = new Date('2026-11-21T12:00:00Z');
const HERE = '10.1.2.3';

/** A config with two issuers, two roles and these further sections. */
function configOf(sections: string): Config {
  const { loaded, errors } = parseConfig(
    `server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers:
  ci: { type: oidc, preset: github-actions, audience: sallyport, require: { repository_owner_id: "123456" } }
  corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport }
roles:
  deploy: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/deploy" }
  upload:
    via: GetFederationToken
    session: { tags: { team: "\${claims.team}" }, policy: { Version: "2012-10-17", Statement: [] } }
${sections}`,
    'sallyport.yaml',
    {},
  );
  t.same(errors, []);
  if (!loaded) throw new Error('not a config');
  return loaded.config;
}

const USED = `
  - { id: used-ci, issuer: ci, match: { repository_id: "1" }, roles: [deploy] }
  - { id: used-corp, issuer: corp, match: { sub: jane }, roles: ["*"] }`;

const found = (config: Config) =>
  lint(config, (issuer, claim) => (issuer === 'ci' ? presetSends('github-actions', claim) : undefined)).map(
    ({ code, on }) => `${code} ${on}`,
  );

t.test('lint reports probable mistakes and accepts intended configs', (t) => {
  const rows: [grants: string, findings: string[]][] = [
    ['', []],
    ['{ id: g, issuer: corp, match: {}, roles: [deploy] }', ['grant-open grants.g']],
    ['{ id: g, issuer: corp, match: {}, from: [10.0.0.0/8], roles: [deploy] }', []],
    ['{ id: g, issuer: corp, match: { sub: { glob: "*" } }, roles: [deploy] }', ['grant-open grants.g']],
    ['{ id: g, issuer: corp, match: { sub: { glob: [a, "*"] } }, roles: [deploy] }', ['grant-open grants.g']],
    ['{ id: g, issuer: corp, match: { sub: { glob: "a*" } }, roles: [deploy] }', []],
    ['{ id: g, issuer: corp, match: { sub: { glob: "*" }, a: b }, roles: [deploy] }', []],
    ['{ id: g, issuer: corp, match: {}, permissions: [explain] }', ['grant-open grants.g']],
    ['{ id: g, effect: deny, issuer: corp, match: { a: b }, roles: [deploy] }', []],
    [
      '{ id: g, effect: deny, issuer: corp, match: { a: b }, permissions: [explain] }',
      ['grant-without-effect grants.g'],
    ],
    [
      '{ id: g, effect: deny, issuer: corp, match: {}, roles: [deploy, upload] }',
      ['grant-shadowed grants.used-corp'],
    ],
    ['{ id: g, effect: deny, issuer: corp, match: {}, roles: [deploy] }', []],
    ['{ id: g, effect: deny, issuer: corp, match: {}, from: [10.0.0.0/8], roles: ["*"] }', []],
    [
      '{ id: g, effect: deny, match: {}, roles: ["*"] }',
      ['grant-shadowed grants.used-ci', 'grant-shadowed grants.used-corp'],
    ],
    [
      '{ id: g, issuer: corp, match: { a: { equals: x, anyOf: [y] } }, roles: [deploy] }',
      ['match-impossible grants.g'],
    ],
    [
      '{ id: g, issuer: corp, match: { a: { exists: false, glob: x } }, roles: [deploy] }',
      ['match-impossible grants.g'],
    ],
    [
      '{ id: g, issuer: ci, match: { repository_owner_id: "7" }, roles: [deploy] }',
      ['match-impossible grants.g'],
    ],
    ['{ id: g, issuer: ci, match: { repository_owner_id: 123456, ref: x }, roles: [deploy] }', []],
    ['{ id: g, issuer: ci, match: { branch: main }, roles: [deploy] }', ['claim-never-sent grants.g']],
    ['{ id: g, issuer: [ci, corp], match: { branch: main }, roles: [deploy] }', []],
    ['{ id: g, effect: deny, issuer: ci, match: { brnch: x }, roles: ["*"] }', ['claim-never-sent grants.g']],
    ['{ id: g, issuer: ci, match: { repo_property_tier: prod }, roles: [deploy] }', []],
    // Wide open in other words.
    ['{ id: g, issuer: corp, match: { sub: { glob: "**" } }, roles: [deploy] }', ['grant-open grants.g']],
    ['{ id: g, issuer: corp, match: { sub: { glob: "?*" } }, roles: [deploy] }', ['grant-open grants.g']],
    ['{ id: g, issuer: corp, match: { sub: { glob: "??" } }, roles: [deploy] }', []],
    ['{ id: g, issuer: corp, match: { sub: { exists: true } }, roles: [deploy] }', ['grant-open grants.g']],
    ['{ id: g, issuer: corp, match: { sub: { exists: false } }, roles: [deploy] }', []],
    [
      '{ id: g, issuer: corp, match: { sub: { exists: true, glob: "a*" }, x: { exists: true } }, roles: [deploy] }',
      [],
    ],
    [
      '{ id: g, issuer: ci, match: { repository_owner_id: "123456" }, roles: [deploy] }',
      ['grant-open grants.g'],
    ],
    [
      '{ id: g, issuer: corp, match: {}, from: ["0.0.0.0/0", "::/0"], roles: [deploy] }',
      ['grant-open grants.g', 'from-anywhere grants.g', 'from-anywhere grants.g'],
    ],
    [
      '{ id: g, issuer: corp, match: {}, from: [10.0.0.0/8, "::/0"], roles: [deploy] }',
      ['from-anywhere grants.g'],
    ],
    ['{ id: g, issuer: corp, match: {}, from: ["2001:db8::/32"], roles: [deploy] }', []],
    [
      '{ id: g, issuer: corp, match: {}, when: "true", roles: [deploy] }',
      ['grant-open grants.g', 'condition-constant grants.g'],
    ],
    [
      `{ id: g, issuer: corp, match: { a: b }, when: 'claims.x == "y" || !false', roles: [deploy] }`,
      ['condition-constant grants.g'],
    ],
    [
      `{ id: g, issuer: corp, match: {}, when: 'claims.x == "y" && false', roles: [deploy] }`,
      ['condition-constant grants.g'],
    ],
    [
      '{ id: g, issuer: corp, match: {}, when: "1 == 1", roles: [deploy] }',
      ['grant-open grants.g', 'condition-constant grants.g'],
    ],
    [`{ id: g, issuer: corp, match: {}, when: 'subject == "jane"', roles: [deploy] }`, []],
    [
      '{ id: g, effect: deny, match: {}, when: "true", roles: ["*"] }',
      ['grant-shadowed grants.used-ci', 'grant-shadowed grants.used-corp', 'condition-constant grants.g'],
    ],
    // What an issuer never sends.
    [
      `{ id: g, issuer: ci, match: { ref: x }, when: 'claims.branch == "main" && claims.ref == "x"', roles: [deploy] }`,
      ['claim-never-sent grants.g'],
    ],
    [`{ id: g, issuer: [ci, corp], match: { ref: x }, when: 'has(claims.branch)', roles: [deploy] }`, []],
    [
      '{ id: g, issuer: ci, match: { ref: x }, mfa: required, roles: [deploy] }',
      ['claim-never-sent grants.g'],
    ],
    ['{ id: g, issuer: [ci, corp], match: { ref: x }, mfa: required, roles: [deploy] }', []],
    ['{ id: g, issuer: ci, match: { repository.id: x }, roles: [deploy] }', ['claim-never-sent grants.g']],
  ];
  for (const [grant, findings] of rows)
    t.same(found(configOf(`grants:${USED}${grant && `\n  - ${grant}`}`)), findings, grant);

  const unused = configOf('grants: [ { id: g, issuer: corp, match: { a: b }, roles: [upload] } ]');
  t.same(found(unused), ['issuer-unused issuers.ci', 'role-unused roles.deploy']);
  const bare = parseConfig('', 'x', {}).errors;
  t.equal(bare.length > 0, true);
  const config = configOf(`grants:${USED}`);
  const federated: Config = { ...config, roles: { ...config.roles, upload: { via: 'GetFederationToken' } } };
  t.same(found(federated), ['session-without-policy roles.upload']);
  t.ok(presetSends('eks', 'kubernetes.io.namespace'), 'a path into a claim that is sent');
  const all = `grants:${USED}\n  - { id: g, issuer: ci, match: { ref: x }, roles: ["*"] }`;
  t.same(
    found(configOf(all)),
    ['claim-never-sent claims.team'],
    'a template of a claim that an issuer never sends',
  );
  const session = {
    tags: { team: '${claims.team}', cost: '${default(claims.cost, "none")}-${claims.centre}' },
  };
  const policy = { Version: '2012-10-17', Statement: [] };
  const many: Config = {
    ...configOf(all),
    roles: Object.fromEntries(
      ['a', 'b', 'c', 'deploy'].map((name) => [
        name,
        { via: 'GetFederationToken', session: { ...session, policy } },
      ]),
    ),
    rolesFrom: {
      web: {
        via: 'AssumeRoleWithWebIdentity',
        claim: 'arns',
        accounts: ['111122223333'],
        roleArns: ['arn:aws:iam::*:role/*'],
      },
    },
  };
  t.same(
    found(many),
    ['claim-never-sent claims.team', 'claim-never-sent claims.centre', 'claim-never-sent claims.arns'],
    'one finding for each claim, however many sessions need it',
  );
  const silenced = { ignore: [{ code: 'claim-never-sent' as const, on: 'claims.team', reason: 'soon' }] };
  t.equal(found({ ...many, lint: silenced }).length, 2);
  t.end();
});

t.test('lint.ignore suppresses a finding by code and subject; an unused entry is a finding', (t) => {
  const grants = `grants:${USED}\n  - { id: g, issuer: corp, match: {}, roles: [deploy] }`;
  const ignoring = (code: string, on: string) =>
    found(configOf(`${grants}\nlint: { ignore: [ { code: ${code}, on: ${on}, reason: meant } ] }`));
  t.same(ignoring('grant-open', 'grants.g'), []);
  t.same(ignoring('grant-open', 'grants.h'), ['grant-open grants.g', 'ignore-unused grants.h']);
  t.same(ignoring('grant-shadowed', 'grants.g'), ['grant-open grants.g', 'ignore-unused grants.g']);
  t.end();
});

t.test('runPolicyTests checks permitted roles, refused roles and sessions', (t) => {
  const results = (tests: string) => {
    const config = configOf(`grants:${USED}
  - { id: office, issuer: corp, match: { team: blue }, from: [10.0.0.0/8], roles: [upload] }
tests: [ ${tests} ]`);
    const ran = runPolicyTests(config, compilePolicy(config).policy, NOW);
    return ran.flatMap(({ failures }) => failures.map(({ role, message }) => `${role} ${message}`));
  };
  const jane = 'principal: { issuer: corp, subject: jane, claims: { team: red } }';
  const blue = (address: string) =>
    `principal: { issuer: corp, subject: bob, claims: { team: blue }, sourceAddress: ${address} }`;
  const rows: [test: string, failures: RegExp[]][] = [
    [`{ ${jane}, allow: [deploy, upload] }`, []],
    [`{ ${jane}, deny: [deploy] }`, [/^deploy is permitted by used-corp, expected refused$/]],
    [
      '{ principal: { issuer: corp, subject: jane }, allow: [upload] }',
      [/refused \(session_value_invalid\)/],
    ],
    ['{ principal: { issuer: corp, subject: joe }, allow: [deploy] }', [/refused \(role_not_permitted\)/]],
    ['{ principal: { issuer: corp, claims: { sub: jane } }, allow: [deploy] }', []],
    ['{ principal: { issuer: ci, subject: jane }, deny: [deploy] }', []],
    [`{ ${blue('10.9.9.9')}, allow: [upload] }`, []],
    [`{ ${blue('11.9.9.9')}, deny: [upload] }`, []],
    [`{ ${jane}, session: { upload: { name: jane, tags: { team: red }, durationSeconds: 3600 } } }`, []],
    [`{ ${jane}, session: { upload: { policy: { Statement: [], Version: "2012-10-17" } } } }`, []],
    [
      `{ ${jane}, session: { upload: { name: joe, tags: { team: blue } } } }`,
      [/^upload has name "jane", expected "joe"$/, /^upload has tags/],
    ],
    [`{ ${jane}, session: { deploy: { policyArns: [x] } } }`, [/^deploy has policyArns unset/]],
  ];
  for (const [test, failures] of rows) {
    const messages = results(test);
    t.equal(messages.length, failures.length, `${test}: ${messages.join('; ')}`);
    for (const [index, failure] of failures.entries()) t.match(messages[index], failure, test);
  }
  t.end();
});

t.test('lint, policy tests and explanations cover source identity and transitive tags', (t) => {
  const config = configOf(`  jump:
    via: AssumeRole
    roleArn: arn:aws:iam::111122223333:role/jump
    session: { tags: { team: "\${claims.team}" }, transitiveTags: [team], sourceIdentity: "\${claims.mail}" }
grants:${USED}
  - { id: jump-ci, issuer: ci, match: { repository_id: "1" }, roles: [jump] }
tests:
  - principal: &jane { issuer: corp, claims: { sub: jane, team: red, mail: jane@corp.example } }
    session: { jump: { transitiveTags: [team], sourceIdentity: jane@corp.example } }
  - principal: *jane
    session: { jump: { transitiveTags: [cost], sourceIdentity: jane } }`);
  t.same(
    found(config).filter((finding) => finding.endsWith('claims.mail')),
    ['claim-never-sent claims.mail'],
    'a source identity of a claim that an issuer never sends',
  );
  const { policy, errors } = compilePolicy(config);
  t.same(errors, []);
  const messages = runPolicyTests(config, policy, NOW).map(({ failures }) =>
    failures.map(({ message }) => message),
  );
  t.same(messages, [
    [],
    [
      'has transitiveTags ["team"], expected ["cost"]',
      'has sourceIdentity "jane@corp.example", expected "jane"',
    ],
  ]);
  const principal = simulatePrincipal(policy, { issuer: 'corp', claims: { sub: 'jane', team: 'red' } }, NOW);
  t.match(principal && explainRole(policy, principal, { role: 'jump', sourceAddress: HERE }, NOW), {
    refusal: { code: 'session_value_invalid', detail: /"mail" is missing/ },
  });
  t.end();
});

const explained = configOf(`grants:${USED}
  - { id: blue, issuer: corp, match: { team: blue }, from: [10.0.0.0/8], roles: [deploy] }
  - { id: leavers, effect: deny, match: { leaver: true }, roles: ["*"] }`);
const { policy } = compilePolicy(explained);
const explain = (claims: Claims, role: string, claimsKnown = true) => {
  const principal = simulatePrincipal(policy, { issuer: 'corp', claims }, NOW);
  if (!principal) throw new Error('no such issuer');
  return explainRole(policy, principal, { role, sourceAddress: HERE, claimsKnown }, NOW);
};

t.test('explainRole lists every grant for the role with expected and actual values', (t) => {
  t.match(explain({ sub: 'bob', team: ['blue'] }, 'deploy'), {
    permitted: true,
    decision: { grant: 'blue', session: { name: 'bob' } },
    grants: [
      {
        id: 'used-ci',
        applies: false,
        conditions: [
          { on: 'issuer', wanted: 'ci', seen: 'corp', holds: false },
          { on: 'match.repository_id', wanted: '1', holds: false },
        ],
      },
      { id: 'used-corp', applies: false },
      {
        id: 'blue',
        effect: 'allow',
        applies: true,
        conditions: [
          { on: 'issuer', holds: true },
          { on: 'from', wanted: ['10.0.0.0/8'], seen: HERE, holds: true },
          { on: 'match.team', wanted: 'blue', seen: ['blue'], holds: true },
        ],
      },
      { id: 'leavers', effect: 'deny', applies: false, conditions: [{ on: 'match.leaver', holds: false }] },
    ],
  });
  const denied = explain({ sub: 'bob', team: 'blue', leaver: 'true' }, 'deploy');
  t.match(denied, { permitted: false, refusal: { code: 'role_not_permitted' } });
  t.same(
    denied.grants.filter(({ applies }) => applies).map(({ id }) => id),
    ['blue', 'leavers'],
  );
  t.match(explain({ sub: 'jane' }, 'upload'), {
    permitted: true,
    decision: undefined,
    refusal: { code: 'session_value_invalid' },
  });
  t.end();
});

const MANY = Array<string>(20_000).fill('a');

t.test('explainRole shows what a when expression reads, its result and its failure', (t) => {
  const seenIn = (when: string, claims: Claims, effect = 'allow') => {
    const config = configOf(`grants:
  - { id: always, issuer: corp, match: {}, roles: [deploy] }
  - { id: g, effect: ${effect}, issuer: corp, match: {}, when: '${when}', roles: [deploy] }`);
    const compiled = compilePolicy(config);
    t.same(compiled.errors, [], when);
    const principal = simulatePrincipal(compiled.policy, { issuer: 'corp', subject: 'bob', claims }, NOW);
    if (!principal) throw new Error('no such issuer');
    const { grants } = explainRole(compiled.policy, principal, { role: 'deploy', sourceAddress: HERE }, NOW);
    const result = grants[1]?.conditions.at(-1);
    t.match(result, { on: 'when', wanted: when });
    return { seen: result?.seen, holds: result?.holds, failure: result?.failure };
  };
  const rows: [when: string, claims: Claims, result: object][] = [
    ['claims.team == "blue"', { team: 'blue' }, { seen: { 'claims.team': 'blue' }, holds: true }],
    ['claims.team == "red"', { team: 'blue', x: 1 }, { seen: { 'claims.team': 'blue' }, holds: false }],
    ['has(claims.fork)', {}, { holds: false }],
    ['"fork" in claims', { fork: null }, { seen: { 'claims.fork': null }, holds: true }],
    [
      'claims["kubernetes.io"].namespace == "x" && subject == "bob"',
      { 'kubernetes.io': { namespace: 'web', pod: 'not requested' } },
      { seen: { 'claims["kubernetes.io"].namespace': 'web', subject: 'bob' }, holds: false },
    ],
    [
      'claims.groups.exists(g, g == claims.team) || sourceAddress == "10.1.2.3"',
      { groups: ['a'], team: 'b' },
      { seen: { 'claims.groups': ['a'], 'claims.team': 'b', sourceAddress: HERE }, holds: true },
    ],
    ['claims.team == "x"', {}, { holds: false, failure: 'no such key at team' }],
    ['size(claims) == 1', { sub: 'bob' }, { holds: true }],
    ['claims.constructor == "x"', {}, { holds: false, failure: 'no such key at constructor' }],
    [
      'duration(claims.d) < duration("1h")',
      { d: 'nonsense' },
      { seen: { 'claims.d': 'nonsense' }, holds: false, failure: 'invalid duration at duration(claims.d)' },
    ],
    [
      'claims.n.matches("^a")',
      { n: 7 },
      { seen: { 'claims.n': 7 }, holds: false, failure: 'no matching overload at claims.n.matches("^a")' },
    ],
    [
      'claims.l.exists(x, claims.l.exists(y, x == y))',
      { l: MANY },
      { seen: { 'claims.l': MANY }, holds: false, failure: 'the claims are too large for this expression' },
    ],
  ];
  const nothing = { seen: undefined, failure: undefined };
  for (const [when, claims, result] of rows)
    t.strictSame(seenIn(when, { sub: 'bob', ...claims }), { ...nothing, ...result }, when);
  t.match(seenIn('claims.team == "x"', {}, 'deny'), { holds: true, failure: /no such key/ }, 'a deny denies');
  t.end();
});

t.test('explainRole shows the MFA claims of the principal and the accepted values', (t) => {
  const config = configOf(`grants:
  - { id: g, issuer: corp, match: {}, mfa: required, roles: [deploy] }`);
  const { policy: strict } = compilePolicy({
    ...config,
    issuers: {
      corp: { type: 'oidc', issuer: 'https://login.corp.example', audience: 'x', mfa: { acr: ['gold'] } },
    },
  });
  const mfa = (claims: Claims) => {
    const principal = simulatePrincipal(strict, { issuer: 'corp', claims }, NOW);
    if (!principal) throw new Error('no such issuer');
    const { grants } = explainRole(strict, principal, { role: 'deploy', sourceAddress: HERE }, NOW);
    return grants[0]?.conditions.find(({ on }) => on === 'mfa');
  };
  const expected = { acr: ['gold'], amr: ['mfa'] };
  t.strictSame(mfa({ acr: 'silver', amr: ['pwd'] }), {
    on: 'mfa',
    wanted: expected,
    seen: { acr: 'silver', amr: ['pwd'] },
    holds: false,
  });
  t.strictSame(mfa({ amr: ['pwd', 'mfa'] }), {
    on: 'mfa',
    wanted: expected,
    seen: { amr: ['pwd', 'mfa'] },
    holds: true,
  });
  t.strictSame(mfa({}), { on: 'mfa', wanted: expected, holds: false }, 'nothing was said');
  t.end();
});

t.test('explainAllRoles evaluates each grant once', (t) => {
  const count = 2000;
  const numbers = Array.from({ length: count }, (_, index) => index);
  const big = compilePolicy({
    ...explained,
    roles: Object.fromEntries(numbers.map((index) => [`r${index}`, { via: 'GetFederationToken' as const }])),
    grants: numbers.map((index) => ({
      id: `g${index}`,
      issuer: 'corp',
      match: { asked: index },
      roles: [`r${index}`],
    })),
  }).policy;
  let reads = 0;
  const counting = new Proxy<Record<string, unknown>>(
    { sub: 'bob', asked: 7 },
    {
      getOwnPropertyDescriptor: (target, name) => {
        if (name === 'asked') reads++;
        return Reflect.getOwnPropertyDescriptor(target, name);
      },
    },
  );
  const principal = principalOf({}, { claims: counting as Claims });
  const every = [...explainAllRoles(big, principal, { sourceAddress: HERE }, NOW)];
  t.equal(every.length, count);
  t.same(
    every.filter(({ permitted }) => permitted).map(({ role }) => role),
    ['r7'],
  );
  t.ok(reads < 5 * count, `${reads} reads of the claim for ${count} grants`);
  t.end();
});

t.test('explainRole without claims leaves results that depend on claims undefined', (t) => {
  t.match(explain({}, 'deploy', false), {
    permitted: undefined,
    decision: undefined,
    grants: [
      { id: 'used-ci', applies: false },
      { id: 'used-corp', applies: undefined, conditions: [{ holds: true }, { holds: undefined }] },
      { id: 'blue', applies: undefined },
      { id: 'leavers', applies: undefined },
    ],
  });
  t.equal(explain({}, 'nope', false).permitted, false);
  t.end();
});

t.test(
  'explainToCaller reveals nothing about roles that are not permitted or grants that do not apply',
  (t) => {
    const own = (claims: Claims, role: string) => {
      const principal = simulatePrincipal(policy, { issuer: 'corp', claims }, NOW);
      if (!principal) throw new Error('no such issuer');
      const [explanation] = explainToCaller(policy, principal, { role, sourceAddress: HERE }, NOW);
      if (!explanation) throw new Error('nothing explained');
      return explanation;
    };
    t.same(
      own({ sub: 'bob', team: 'blue' }, 'deploy').grants.map(({ id }) => id),
      ['blue'],
    );
    const { role: _, ...refused } = own({ sub: 'bob' }, 'deploy');
    const { role: __, ...missing } = own({ sub: 'bob' }, 'nothing');
    t.strictSame(
      refused,
      missing,
      'a role that is not permitted and one that does not exist give the same result',
    );
    t.same(refused.grants, []);
    const { role: ___, ...denied } = own({ sub: 'bob', team: 'blue', leaver: true }, 'deploy');
    t.strictSame(denied, missing, 'and so is a role removed by a deny');
    t.end();
  },
);
