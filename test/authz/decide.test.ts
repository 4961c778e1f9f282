import fc from 'fast-check';
import t from 'tap';
import { decide, listPermittedRoles } from '../../src/authz/decide.js';
import { ClaimMatcher, claimValues, matchesGlob } from '../../src/authz/grants/claim-matcher.js';
import { compilePolicy } from '../../src/authz/policy.js';
import type { Config } from '../../src/config/schema/config.js';
import type { MatcherConfig } from '../../src/config/schema/grant.js';
import type { ErrorCode } from '../../src/core/errors.js';
import type { Claims, ClaimValue, Principal } from '../../src/core/types.js';
import {
  claimsOf,
  configOf,
  federation,
  NOW,
  policyOf,
  principalOf,
  refusalOf,
  SECONDS,
  saml,
  web,
} from '../support/policy.js';

type GrantConfig = Config['grants'][number];

const HERE = { sourceAddress: '10.1.2.3' };
const allow = (id: string, roles: string[], more: Partial<GrantConfig> = {}): GrantConfig => ({
  id,
  issuer: 'corp',
  match: {},
  roles,
  ...more,
});
const named = (policy: ReturnType<typeof policyOf>, principal: Principal, sourceAddress = '10.1.2.3') =>
  listPermittedRoles(policy, principal, { sourceAddress }, NOW).map(({ role }) => role.name);

t.test('a matcher matches values by equality, list, glob, existence and negation', (t) => {
  const ABSENT = Symbol('absent');
  const rows: [matcher: MatcherConfig, claim: ClaimValue | typeof ABSENT, holds: boolean][] = [
    // A bare value means equals; a scalar and a one-element list are equivalent.
    ['a', 'a', true],
    ['a', ['a'], true],
    ['a', 'A', false],
    ['a', 'a ', false],
    ['a', ['a', 'b'], false],
    ['a', ['a', 'a'], false],
    ['a', [], false],
    ['a', ABSENT, false],
    ['a', null, false],
    ['a', { a: 'a' }, false],
    ['a', [['a']], false],
    ['', '', true],
    ['', ABSENT, false],
    ['null', null, false],
    ['undefined', ABSENT, false],
    ['[object Object]', {}, false],
    // Numbers and booleans equal their text, either way round.
    [789, 789, true],
    [789, '789', true],
    ['789', 789, true],
    [789, '0789', false],
    [789, '789.0', false],
    [true, true, true],
    [true, 'true', true],
    [true, 1, false],
    [true, 'True', false],
    [false, ABSENT, false],
    [0, ABSENT, false],
    [0, false, false],
    [{ equals: 'a' }, ['a'], true],
    [{ equals: false }, false, true],
    [{ equals: 'a' }, ['b'], false],
    [{ anyOf: ['a', 'b'] }, 'b', true],
    [{ anyOf: ['a', 'b'] }, ['x', 'b'], true],
    [{ anyOf: ['a', 'b'] }, ['x', 'y'], false],
    [{ anyOf: ['a'] }, [], false],
    [{ anyOf: ['a'] }, ABSENT, false],
    [{ anyOf: [1] }, ['1'], true],
    [{ anyOf: ['a'] }, [['a'], { a: 1 }, null], false],
    [{ allOf: ['a', 'b'] }, ['b', 'a', 'c'], true],
    [{ allOf: ['a', 'b'] }, ['a'], false],
    [{ allOf: ['a'] }, 'a', true],
    [{ allOf: ['a'] }, ABSENT, false],
    [{ glob: 'refs/heads/release-*' }, 'refs/heads/release-1', true],
    [{ glob: 'refs/heads/release-*' }, 'refs/heads/release-', true],
    [{ glob: 'refs/heads/release-*' }, 'xrefs/heads/release-1', false],
    [{ glob: ['a*', 'b*'] }, 'bc', true],
    [{ glob: 'a*' }, ['x', 'ab'], true],
    [{ glob: '*' }, ABSENT, false],
    [{ glob: '*' }, [], false],
    [{ glob: '*' }, '', true],
    [{ glob: '*' }, {}, false],
    [{ glob: '7*' }, 789, true],
    [{ glob: '7?' }, 789, false],
    [{ glob: 'tr*' }, true, true],
    [{ glob: '*' }, null, false],
    [{ exists: true }, 'a', true],
    [{ exists: true }, '', true],
    [{ exists: true }, false, true],
    [{ exists: true }, null, false],
    [{ exists: true }, ABSENT, false],
    [{ exists: false }, ABSENT, true],
    [{ exists: false }, null, true],
    [{ exists: false }, 'a', false],
    [{ not: 'a' }, 'b', true],
    [{ not: 'a' }, 'a', false],
    [{ not: 'a' }, ABSENT, true],
    [{ not: { anyOf: ['a', 'b'] } }, ['c', 'b'], false],
    [{ not: { not: 'a' } }, 'a', true],
    // All conditions of an object must hold.
    [{ glob: 'a*', not: 'ab' }, 'ac', true],
    [{ glob: 'a*', not: 'ab' }, 'ab', false],
    [{ exists: true, not: 'a' }, ABSENT, false],
    [{ anyOf: ['a'], allOf: ['a', 'b'] }, ['a'], false],
  ];
  for (const [matcher, claim, holds] of rows) {
    const claims = claimsOf(claim === ABSENT ? {} : { c: claim });
    const what = `${JSON.stringify(matcher)} of ${claim === ABSENT ? 'nothing' : JSON.stringify(claim)}`;
    t.equal(new ClaimMatcher(matcher, 'allow').matches(claimValues(claims, 'c')), holds, what);
  }
  t.end();
});

t.test('an ambiguous equals counts against the caller: not met for an allow, met for a deny', (t) => {
  const several = ['leaver', 'contractor'];
  const rows: [matcher: MatcherConfig, forAllow: boolean, forDeny: boolean][] = [
    ['leaver', false, true],
    [{ equals: 'leaver' }, false, true],
    [{ not: 'leaver' }, false, true],
    [{ not: { not: 'leaver' } }, false, true],
    ['active', false, false],
    [{ not: 'active' }, true, true],
    [{ anyOf: ['leaver'] }, true, true],
    [{ not: { anyOf: ['leaver'] } }, false, false],
  ];
  for (const [matcher, forAllow, forDeny] of rows) {
    t.equal(
      new ClaimMatcher(matcher, 'allow').matches(several),
      forAllow,
      `allow: ${JSON.stringify(matcher)}`,
    );
    t.equal(new ClaimMatcher(matcher, 'deny').matches(several), forDeny, `deny: ${JSON.stringify(matcher)}`);
  }
  t.end();
});

t.test('an unknown source address is in no range of an allow and in every range of a deny', (t) => {
  const range = { from: ['203.0.113.0/24'] };
  const rows: [address: string, allowed: boolean, denied: boolean][] = [
    ['203.0.113.9', true, true],
    ['::ffff:203.0.113.9', true, true],
    ['198.51.100.1', false, false],
    ['unknown', false, true],
    ['203.0.113.9:4711', false, true],
    ['', false, true],
  ];
  for (const [address, allowed, denied] of rows) {
    const only = policyOf({ r: federation }, [allow('a', ['r'], range)]);
    t.same(named(only, principalOf(), address), allowed ? ['r'] : [], `allow: ${address}`);
    const grants = [allow('a', ['r']), allow('d', ['*'], { ...range, effect: 'deny' })];
    t.same(
      named(policyOf({ r: federation }, grants), principalOf(), address),
      denied ? [] : ['r'],
      `deny: ${address}`,
    );
  }
  t.end();
});

t.test('claimValues finds a claim by its literal name first, then by a dotted path into objects', (t) => {
  const rows: [claims: object, name: string, values: unknown][] = [
    [{ 'https://aws.amazon.com/tags': 'x' }, 'https://aws.amazon.com/tags', ['x']],
    [{ realm_access: { roles: ['a', 'b'] } }, 'realm_access.roles', ['a', 'b']],
    [{ 'a.b': 1, a: { b: 2 } }, 'a.b', [1]],
    [{ 'a.b': null, a: { b: 2 } }, 'a.b', undefined],
    [{ a: [{ b: 1 }] }, 'a.b', undefined],
    [{ a: ['x'] }, 'a.0', undefined],
    [{ a: 'text' }, 'a.length', undefined],
    [{ a: { b: { c: false } } }, 'a.b.c', [false]],
    [{ a: { b: null } }, 'a.b', undefined],
    [{}, 'constructor', undefined],
    [{}, '__proto__', undefined],
    [{ a: {} }, 'a.constructor.name', undefined],
    [{ '': { '': 1 } }, '.', [1]],
    [{ '': 1 }, '.', undefined],
    // Keys that hold dots themselves.
    [{ 'kubernetes.io': { namespace: 'payments' } }, 'kubernetes.io.namespace', ['payments']],
    [
      { 'kubernetes.io': { 'app.kubernetes.io/name': { v: 1 } } },
      'kubernetes.io.app.kubernetes.io/name.v',
      [1],
    ],
    [{ 'a.b': { c: 1 }, a: { 'b.c': 2 } }, 'a.b.c', [1]],
    [{ 'a.b': { x: 1 }, a: { 'b.c': 2 } }, 'a.b.c', [2]],
    [{ 'a.b': 'text', a: { b: { c: 3 } } }, 'a.b.c', [3]],
    [{ 'a.b': { c: null }, a: { b: { c: 3 } } }, 'a.b.c', undefined],
    [{ a: { '': { b: 1 } } }, 'a..b', [1]],
    [{ a: { 'b.': 1 } }, 'a.b.', [1]],
  ];
  for (const [claims, name, values] of rows) {
    t.same(claimValues(claimsOf(claims), name), values, `${name} of ${JSON.stringify(claims)}`);
    t.same(claimValues(claims as never, name), values, 'also of an object with a prototype');
  }
  t.end();
});

t.test('matchesGlob supports * and ?, and does not backtrack', (t) => {
  const rows: [text: string, glob: string, holds: boolean][] = [
    ['', '', true],
    ['', '*', true],
    ['', '?', false],
    ['a', '', false],
    ['abc', 'a*c', true],
    ['abcabc', 'a*c', true],
    ['abcab', 'a*c', false],
    ['abc', 'a?c', true],
    ['ac', 'a?c', false],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    ['a\nb', 'a*b', true],
    ['a[b]c', 'a[b]c', true],
    ['(a|b)+', '(a|b)+', true],
    ['aXbXc', '*X*X*', true],
    ['aab', '*ab', true],
    ['a*b', 'a**b', true],
    ['repo:org/x:ref', 'repo:org/*:ref', true],
  ];
  for (const [text, glob, holds] of rows) t.equal(matchesGlob(text, glob), holds, `${glob} of ${text}`);

  const naive = (text: string, glob: string): boolean =>
    glob === ''
      ? text === ''
      : glob.startsWith('*')
        ? naive(text, glob.slice(1)) || (text !== '' && naive(text.slice(1), glob))
        : text !== '' && (glob[0] === '?' || glob[0] === text[0]) && naive(text.slice(1), glob.slice(1));
  const word = (letters: string) =>
    fc.array(fc.constantFrom(...letters), { maxLength: 8 }).map((list) => list.join(''));
  fc.assert(
    fc.property(word('ab'), word('ab*?'), (text, glob) => matchesGlob(text, glob) === naive(text, glob)),
    { numRuns: 2000 },
  );

  const begin = process.cpuUsage();
  t.notOk(matchesGlob('a'.repeat(20_000), `${'a*'.repeat(200)}b`), 'no backtracking');
  t.ok(process.cpuUsage(begin).user < 2_000_000, 'in under 2 s of CPU; backtracking would not end');
  t.end();
});

t.test('listPermittedRoles: default deny, deny overrides allow, issuer and address conditions', (t) => {
  const roles = { a: web, b: federation, c: web };
  const rows: [
    what: string,
    grants: GrantConfig[],
    principal: Principal,
    permitted: string[],
    address?: string,
  ][] = [
    ['no grant', [], principalOf(), []],
    ['an allow', [allow('g', ['b', 'a'])], principalOf(), ['a', 'b']],
    ['* is every role', [allow('g', ['*'])], principalOf(), ['a', 'b', 'c']],
    [
      'a deny wins, before',
      [allow('d', ['a'], { effect: 'deny' }), allow('g', ['*'])],
      principalOf(),
      ['b', 'c'],
    ],
    [
      'a deny wins, after',
      [allow('g', ['*']), allow('d', ['a'], { effect: 'deny' })],
      principalOf(),
      ['b', 'c'],
    ],
    ['a deny of all', [allow('g', ['*']), allow('d', ['*'], { effect: 'deny' })], principalOf(), []],
    [
      'a deny for every issuer',
      [allow('g', ['*']), { id: 'd', effect: 'deny', match: { x: 1 }, roles: ['*'] }],
      principalOf({ x: 1 }),
      [],
    ],
    [
      'a deny of another issuer',
      [allow('g', ['a']), allow('d', ['*'], { effect: 'deny', issuer: 'ci' })],
      principalOf(),
      ['a'],
    ],
    ['another issuer with the same claims', [allow('g', ['a'], { issuer: 'ci' })], principalOf(), []],
    ['one of several issuers', [allow('g', ['a'], { issuer: ['ci', 'corp'] })], principalOf(), ['a']],
    ['an issuer that is not configured', [allow('g', ['*'])], principalOf({}, { issuer: 'gone' }), []],
    ['an issuer with an inherited name', [allow('g', ['*'])], principalOf({}, { issuer: 'constructor' }), []],
    ['every claim must match', [allow('g', ['a'], { match: { x: 1, y: 2 } })], principalOf({ x: 1 }), []],
    [
      'an inherited name is no claim',
      [allow('g', ['a'], { match: { constructor: { exists: true } } })],
      principalOf(),
      [],
    ],
    [
      'a claim called __proto__',
      [allow('g', ['a'], { match: JSON.parse('{"__proto__":"x"}') })],
      principalOf(),
      [],
    ],
    ['from, inside', [allow('g', ['a'], { from: ['10.0.0.0/8', '::1'] })], principalOf(), ['a']],
    ['from, outside', [allow('g', ['a'], { from: ['10.0.0.0/8'] })], principalOf(), [], '11.0.0.1'],
    [
      'from, IPv4 in IPv6',
      [allow('g', ['a'], { from: ['10.0.0.0/8'] })],
      principalOf(),
      ['a'],
      '::ffff:10.9.9.9',
    ],
    ['from, no address', [allow('g', ['a'], { from: ['0.0.0.0/0', '::/0'] })], principalOf(), [], 'unknown'],
    [
      'a deny with from, outside',
      [allow('g', ['a']), allow('d', ['a'], { effect: 'deny', from: ['11.0.0.0/8'] })],
      principalOf(),
      ['a'],
    ],
    [
      'a deny with from, inside',
      [allow('g', ['a']), allow('d', ['a'], { effect: 'deny', from: ['10.0.0.0/8'] })],
      principalOf(),
      [],
    ],
  ];
  for (const [what, grants, principal, permitted, address] of rows)
    t.same(named(policyOf(roles, grants), principal, address), permitted, what);
  t.end();
});

t.test('an unknown role and a role that is not permitted get the same refusal', (t) => {
  const policy = policyOf({ a: web, b: saml }, [allow('g', ['a']), allow('d', ['b'], { effect: 'deny' })]);
  const refused = (role: string) => refusalOf(() => decide(policy, principalOf(), { ...HERE, role }, NOW));
  const notThere = refused('nope');
  t.match(notThere, { code: 'role_not_permitted', reason: 'role_not_permitted', members: {} });
  for (const role of ['b', '', '*', 'constructor', '__proto__', 'A', 'a '])
    t.strictSame(refused(role), notThere, JSON.stringify(role));
  t.equal(decide(policy, principalOf(), { ...HERE, role: 'a' }, NOW).role, 'a');
  t.end();
});

t.test('a decision has all parameters for STS', (t) => {
  const policy = policyOf(
    {
      deploy: web,
      s3: saml,
      inbox: {
        ...federation,
        session: { tags: { team: '${claims.team}' }, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] },
      },
    },
    [
      allow('second', ['*'], { match: { never: true } }),
      allow('first', ['deploy', 'inbox']),
      allow('later', ['deploy']),
      allow('saml', ['s3'], { issuer: 'adfs' }),
    ],
  );
  t.same(decide(policy, principalOf(), { ...HERE, role: 'deploy', reason: 'why' }, NOW), {
    role: 'deploy',
    target: {
      operation: 'AssumeRoleWithWebIdentity',
      roleArn: 'arn:aws:iam::111122223333:role/deploy',
      webIdentity: 'caller',
    },
    session: { name: 'alice', durationSeconds: 3600 },
    grant: 'first',
    durationLimitedBy: 'role',
    reason: 'why',
  });
  const name = 'https://aws.amazon.com/SAML/Attributes/RoleSessionName';
  t.match(decide(policy, principalOf({ [name]: ['bob@x'] }, { issuer: 'adfs', type: 'saml' }), HERE, NOW), {
    role: 's3',
    target: { operation: 'AssumeRoleWithSAML', principalArn: 'arn:aws:iam::111122223333:saml-provider/Adfs' },
    session: { name: 'bob@x' },
    grant: 'saml',
  });
  t.same(decide(policy, principalOf({ team: 'blue' }), { ...HERE, role: 'inbox' }, NOW).session, {
    name: 'alice',
    durationSeconds: 3600,
    policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    tags: { team: 'blue' },
  });
  t.end();
});

t.test('the role is optional if exactly one is permitted for the type of proof', (t) => {
  const policy = policyOf({ web, other: web, viaSaml: saml, user: federation }, [
    allow('one', ['web', 'viaSaml'], { match: { who: 'one' } }),
    allow('two', ['other', 'web', 'viaSaml', 'user'], { match: { who: 'two' } }),
    allow('none', ['viaSaml'], { match: { who: 'none' } }),
    allow('assertion', ['viaSaml', 'web'], { issuer: 'adfs' }),
  ]);
  const as = (who: string) => principalOf({ who });
  t.equal(decide(policy, as('one'), HERE, NOW).role, 'web');
  t.match(
    refusalOf(() => decide(policy, as('two'), HERE, NOW)),
    {
      code: 'role_ambiguous',
      members: { Roles: ['web', 'other', 'user'] },
    },
  );
  t.match(
    refusalOf(() => decide(policy, as('none'), HERE, NOW)),
    { code: 'no_role_permitted', members: {} },
  );
  t.match(
    refusalOf(() => decide(policy, as('nobody'), HERE, NOW)),
    { code: 'no_role_permitted' },
  );
  t.match(
    refusalOf(() => decide(policy, as('one'), { ...HERE, role: 'viaSaml' }, NOW)),
    {
      code: 'proof_type_mismatch',
      detail: /SAMLResponse/,
    },
  );
  const assertion = principalOf({}, { issuer: 'adfs', type: 'saml' });
  t.match(
    refusalOf(() => decide(policy, assertion, { ...HERE, role: 'web' }, NOW)),
    {
      code: 'proof_type_mismatch',
      detail: /JWT/,
    },
  );
  t.match(
    refusalOf(() => decide(policy, as('nobody'), { ...HERE, role: 'viaSaml' }, NOW)),
    {
      code: 'role_not_permitted',
    },
  );
  t.end();
});

t.test('a role with reason: required refuses a request without a reason', (t) => {
  const policy = policyOf({ a: { ...web, reason: 'required' } }, [allow('g', ['a'])]);
  t.match(
    refusalOf(() => decide(policy, principalOf(), HERE, NOW)),
    { code: 'reason_required' },
  );
  t.equal(decide(policy, principalOf(), { ...HERE, reason: 'fire' }, NOW).reason, 'fire');
  t.end();
});

t.test('the duration is the shortest of the limits of request, role, chain, SAML session and proof', (t) => {
  interface Row {
    session?: { duration?: string; maxDuration?: string };
    asked?: number;
    wished?: number;
    /** Seconds from now. */
    left?: number;
    gives: string;
  }
  const rows: Row[] = [
    { gives: '3600 role' },
    { session: { duration: '15m' }, gives: '900 role' },
    { session: { maxDuration: '30m' }, gives: '1800 role' },
    { session: { maxDuration: '12h' }, gives: '3600 role' },
    { session: { duration: '2h' }, gives: '7200 role' },
    { session: { duration: '15m', maxDuration: '2h' }, gives: '900 role' },
    { asked: 900, gives: '900 request' },
    { asked: 3600, gives: '3600 request' },
    { asked: 3601, gives: 'duration_exceeds_limit 3600' },
    { session: { duration: '15m' }, asked: 3600, gives: '3600 request' },
    { session: { duration: '15m', maxDuration: '15m' }, asked: 901, gives: 'duration_exceeds_limit 900' },
    { session: { duration: '2h' }, asked: 7200, gives: '7200 request' },
    { session: { maxDuration: '12h' }, asked: 43_200, gives: '43200 request' },
    { session: { maxDuration: '12h' }, asked: 43_201, gives: 'duration_exceeds_limit 43200' },
    { wished: 3600, session: { duration: '15m', maxDuration: '1h' }, gives: '3600 role' },
    { wished: 3600, session: { duration: '15m', maxDuration: '30m' }, gives: '1800 role' },
    { wished: 3600, session: { duration: '15m' }, gives: '3600 role' },
    { wished: 3600, session: { duration: '15m', maxDuration: '15m' }, gives: '900 role' },
    { wished: 3600, session: { duration: '2h' }, gives: '7200 role' },
    { wished: 3600, asked: 900, gives: '900 request' },
    { wished: 3600, left: 1801, gives: '1800 SessionNotOnOrAfter' },
    // NOW is a quarter of a second past the second: what is left is rounded down.
    { left: 3601, gives: '3600 role' },
    { left: 3600, gives: '3599 SessionNotOnOrAfter' },
    { left: 901, gives: '900 SessionNotOnOrAfter' },
    { left: 900, gives: 'session_too_short' },
    { left: -1, gives: 'session_too_short' },
    { left: 1801, asked: 1800, gives: '1800 request' },
    { left: 1800, asked: 1800, gives: '1799 SessionNotOnOrAfter' },
    { left: 100, asked: 3601, gives: 'duration_exceeds_limit 3600' },
  ];
  for (const { session, asked, wished, left, gives } of rows) {
    const policy = policyOf({ a: { ...web, ...(session && { session }) } }, [allow('g', ['a'])]);
    const principal = principalOf({}, left === undefined ? {} : { sessionNotOnOrAfter: SECONDS + left });
    const request = {
      ...HERE,
      ...(asked !== undefined && { durationSeconds: asked }),
      ...(wished !== undefined && { preferred: { durationSeconds: wished } }),
    };
    const refusal = refusalOf(() => {
      const decision = decide(policy, principal, request, NOW);
      t.equal(
        `${decision.session.durationSeconds} ${decision.durationLimitedBy}`,
        gives,
        JSON.stringify({ session, asked, wished, left }),
      );
    });
    if (refusal) {
      const limit = refusal.members['MaxDurationSeconds'];
      t.equal(
        limit === undefined ? refusal.code : `${refusal.code} ${limit}`,
        gives,
        JSON.stringify({ session, asked, left }),
      );
    }
  }
  t.end();
});

t.test('durations outside the limits of STS are config errors', (t) => {
  const errors = (role: Config['roles'][string]) => compilePolicy(configOf({ r: role }, [])).errors;
  const rows: [role: Config['roles'][string], key: string | undefined][] = [
    [{ ...web, session: { duration: '899s' } }, 'duration'],
    [{ ...web, session: { duration: '900s' } }, undefined],
    [{ ...web, session: { maxDuration: '43201s' } }, 'maxDuration'],
    [{ ...saml, session: { maxDuration: '12h' } }, undefined],
    [{ ...saml, session: { maxDuration: '13h' } }, 'maxDuration'],
    [{ ...federation, session: { maxDuration: '36h' } }, undefined],
    [{ ...federation, session: { maxDuration: '2d' } }, 'maxDuration'],
    [{ ...web, session: { duration: '2h', maxDuration: '1h' } }, 'duration'],
  ];
  for (const [role, key] of rows)
    t.same(
      errors(role).map(({ path }) => path),
      key ? [['roles', 'r', 'session', key]] : [],
      JSON.stringify(role.session),
    );
  t.end();
});

t.test('Policy and PolicyArns of the caller are accepted only if they reduce permissions', (t) => {
  const arns = ['arn:aws:iam::aws:policy/ReadOnlyAccess'];
  const policy = policyOf(
    {
      open: web,
      inline: { ...web, session: { policy: { Version: '2012-10-17', Statement: [] } } },
      managed: { ...web, session: { policyArns: arns } },
      user: federation,
    },
    [allow('g', ['*'])],
  );
  const ask = (role: string, requested: { policy?: string; policyArns?: string[] }) => {
    const request = { ...HERE, role, ...requested };
    let session: unknown;
    const refusal = refusalOf(() => {
      session = decide(policy, principalOf(), request, NOW).session;
    });
    return refusal ?? session;
  };
  const text = '{ "Version":"2012-10-17",\n"Statement":[] }';
  t.match(
    ask('open', { policy: text, policyArns: arns }),
    { policy: text, policyArns: arns },
    'word for word',
  );
  for (const role of ['inline', 'managed', 'user']) {
    t.match(ask(role, { policy: text }), { code: 'policy_not_narrowing' }, role);
    t.match(ask(role, { policyArns: arns }), { code: 'policy_not_narrowing' }, role);
    t.match(ask(role, {}), { name: 'alice' }, role);
  }
  const invalid = { code: 'parameter_invalid', reason: 'parameter.policy' };
  for (const bad of [
    '',
    '[]',
    '"x"',
    'null',
    '{',
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '{"a":"\u0141"}',
    '{"a":"\\u0000","b":"\u0000"}',
    `{"a":"${'x'.repeat(2048)}"}`,
  ])
    t.match(ask('open', { policy: bad }), invalid, JSON.stringify(bad.slice(0, 30)));
  t.end();
});

/** Expressions and what they yield; undefined: an error. */
const WHEN = new Map<string, (claims: Claims) => boolean | undefined>([
  ['has(claims.z)', (claims) => 'z' in claims],
  ['claims.z == "a"', (claims) => ('z' in claims ? claims['z'] === 'a' : undefined)],
  [
    '!has(claims.x) || claims.z == "a"',
    (claims) => !('x' in claims) || ('z' in claims ? claims['z'] === 'a' : undefined),
  ],
  ['claims.z > 0', (claims) => (typeof claims['z'] === 'number' ? claims['z'] > 0 : undefined)],
]);

/** Times and whether NOW, noon of a Saturday in UTC, is in them. */
const BETWEEN = new Map<GrantConfig['between'], boolean>([
  [{ hours: '12:00-13:00', timeZone: 'UTC' }, true],
  [{ hours: '08:00-12:00', timeZone: 'UTC' }, false],
  [{ hours: '12:30-13:30', timeZone: 'Europe/Berlin' }, true],
  [{ weekdays: ['Sun'], timeZone: 'UTC' }, false],
  [{ hours: '20:00-13:00', weekdays: ['Fri'], timeZone: 'UTC' }, true],
]);

/** A second, simpler implementation of the rules. */
function naive(config: Config, principal: Principal, address: string): string[] {
  const text = (value: ClaimValue) => (typeof value === 'object' ? undefined : String(value));
  const holds = (matcher: MatcherConfig, raw: ClaimValue | undefined, deny: boolean): boolean => {
    const list = raw === undefined || raw === null ? [] : Array.isArray(raw) ? raw : [raw];
    const texts = list.map((each) => text(each));
    if (typeof matcher !== 'object') return (deny || texts.length === 1) && texts.includes(String(matcher));
    const { equals, anyOf, allOf, glob, exists, not } = matcher;
    if (equals !== undefined && !holds(equals, raw, deny)) return false;
    if (anyOf && !anyOf.some((each) => texts.includes(String(each)))) return false;
    if (allOf && !allOf.every((each) => texts.includes(String(each)))) return false;
    if (glob !== undefined) {
      const patterns = [glob]
        .flat()
        .map((each) => new RegExp(`^${each.replaceAll('?', '.').replaceAll('*', '.*')}$`, 's'));
      if (!texts.some((each) => each !== undefined && patterns.some((pattern) => pattern.test(each))))
        return false;
    }
    if (exists !== undefined && exists !== (raw !== undefined && raw !== null)) return false;
    return not === undefined || !holds(not, raw, !deny);
  };
  /** Every way to read a dotted path, the longer key first. */
  const find = (node: unknown, path: string): unknown => {
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return undefined;
    const steps = path.split('.');
    for (let count = steps.length; count > 0; count--) {
      const key = steps.slice(0, count).join('.');
      if (!Object.hasOwn(node, key)) continue;
      const value = (node as Record<string, unknown>)[key];
      const found = count === steps.length ? value : find(value, steps.slice(count).join('.'));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const about = (grant: GrantConfig, role: string) =>
    (grant.roles?.includes(role) || grant.roles?.includes('*')) &&
    (grant.issuer === undefined || [grant.issuer].flat().includes(principal.issuer)) &&
    (grant.from === undefined ||
      grant.from.some((block) => address.startsWith(block.replace('.0.0.0/8', '.')))) &&
    Object.entries(grant.match).every(([claim, matcher]) =>
      holds(matcher, find(principal.claims, claim) as ClaimValue, grant.effect === 'deny'),
    ) &&
    (grant.between === undefined || BETWEEN.get(grant.between) === true) &&
    (grant.when === undefined || (WHEN.get(grant.when)?.(principal.claims) ?? grant.effect === 'deny'));
  return Object.keys(config.roles).filter((role) => {
    const grants = config.grants.filter((grant) => about(grant, role));
    return grants.some(({ effect }) => effect !== 'deny') && !grants.some(({ effect }) => effect === 'deny');
  });
}

t.test('decide agrees with a naive implementation of the rules (property)', (t) => {
  const scalar = fc.constantFrom<string | number | boolean>('a', 'b', 'ab', '', 1, '1', true, 'true');
  const value: fc.Arbitrary<ClaimValue> = fc.oneof(
    scalar,
    fc.constant(null),
    fc.constant({ a: 'a' }),
    fc.record({ y: fc.oneof(scalar, fc.constant(null), fc.record({ y: scalar })) }),
    fc.record({ 'y.y': scalar }),
    fc.array(fc.oneof(scalar, fc.constant(null)), { maxLength: 3 }),
  );
  const conditions = fc.record(
    {
      equals: scalar,
      anyOf: fc.array(scalar, { minLength: 1, maxLength: 2 }),
      allOf: fc.array(scalar, { minLength: 1, maxLength: 2 }),
      glob: fc.constantFrom('*', 'a*', '?', 'tr*', ['b', '*b']),
      exists: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const matcher: fc.Arbitrary<MatcherConfig> = fc.oneof(
    scalar,
    conditions as fc.Arbitrary<MatcherConfig>,
    fc.record({ not: fc.oneof(scalar, conditions as fc.Arbitrary<MatcherConfig>) }),
  );
  const roles = ['r1', 'r2', 'r3'];
  const grant = fc.record(
    {
      id: fc.constant('g'),
      effect: fc.constantFrom<'allow' | 'deny'>('allow', 'allow', 'deny'),
      issuer: fc.constantFrom<string | string[]>('ci', 'corp', ['ci', 'corp']),
      match: fc.dictionary(fc.constantFrom('x', 'y', 'x.y', 'x.y.y'), matcher, { maxKeys: 2 }),
      from: fc.constantFrom(['10.0.0.0/8'], ['11.0.0.0/8', '10.0.0.0/8'], ['12.0.0.0/8']),
      roles: fc.uniqueArray(fc.constantFrom(...roles, '*'), { minLength: 1 }),
      when: fc.constantFrom(...WHEN.keys()),
      between: fc.constantFrom(...BETWEEN.keys()),
    },
    { requiredKeys: ['id', 'match', 'roles'] },
  ) as fc.Arbitrary<GrantConfig>;
  const claims = fc.dictionary(fc.constantFrom('x', 'y', 'z', 'x.y'), value, { maxKeys: 3 });
  let permitted = 0;
  fc.assert(
    fc.property(
      fc.array(grant, { maxLength: 5 }),
      claims,
      fc.constantFrom('ci', 'corp', 'adfs'),
      fc.constantFrom('10.1.1.1', '11.1.1.1'),
      (grants, claims, issuer, address) => {
        const config = configOf(Object.fromEntries(roles.map((role) => [role, federation])), grants);
        const principal = principalOf(claims, { issuer });
        const { policy } = compilePolicy(config);
        const expected = naive(config, principal, address);
        permitted += expected.length;
        const shuffled = compilePolicy({ ...config, grants: grants.toReversed() }).policy;
        const outcomes = roles.map((role) => {
          const refusal = refusalOf(() => decide(policy, principal, { sourceAddress: address, role }, NOW));
          const code: ErrorCode | undefined = refusal?.code;
          return code;
        });
        return (
          JSON.stringify(named(policy, principal, address)) === JSON.stringify(expected) &&
          JSON.stringify(named(shuffled, principal, address)) === JSON.stringify(expected) &&
          outcomes.every((code, index) => (code === undefined) === expected.includes(roles[index] ?? ''))
        );
      },
    ),
    { numRuns: 2000 },
  );
  t.ok(permitted > 100, `not all were refused: ${permitted} roles were permitted`);
  t.end();
});
