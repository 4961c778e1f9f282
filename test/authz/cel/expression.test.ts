import t from 'tap';
import { compileExpression } from '../../../src/authz/cel/expression.js';
import { decide, listPermittedRoles } from '../../../src/authz/decide.js';
import { EvaluationContext } from '../../../src/authz/grants/evaluation-context.js';
import { ConditionEvaluationError } from '../../../src/authz/permitted-roles.js';
import { compilePolicy } from '../../../src/authz/policy.js';
import { parseConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/schema/config.js';
import { SallyportError } from '../../../src/core/errors.js';
import { configOf, NOW, policyOf, principalOf, web } from '../../support/policy.js';

type GrantConfig = Config['grants'][number];

const HERE = { sourceAddress: '10.1.2.3' };

function contextFor(claims: object) {
  return new EvaluationContext(new Map(), principalOf(claims), HERE.sourceAddress, NOW);
}

/** What an expression yields: true, false, `error` at run time, or the error at load. */
function outcome(source: string, claims: object = {}): boolean | string {
  const compiled = compileExpression(source);
  if (!compiled.ok) return compiled.message;
  try {
    return compiled.expression.evaluate(contextFor(claims));
  } catch {
    return 'error';
  }
}

const CLAIMS = {
  n: 7,
  yes: true,
  s: 'refs/heads/main',
  l: ['a', 'b'],
  o: { v: 1 },
  mixed: ['a', 1, null],
  nil: null,
  'kubernetes.io': { namespace: 'payments', serviceaccount: { name: 'deployer' } },
};

t.test('a CEL expression yields true, false or an error', (t) => {
  const rows: [source: string, outcome: boolean | 'error'][] = [
    ['true', true],
    ['false', false],
    ['claims.n == 7', true],
    ['claims.n >= 7 && claims.n < 8', true],
    ['claims.n == "7"', false],
    ['claims.yes == true', true],
    ['claims.yes && true', true],
    ['!claims.yes', false],
    ['claims.s == "refs/heads/main"', true],
    ['claims.s.startsWith("refs/") && claims.s.endsWith("main")', true],
    ['claims.s.contains("heads")', true],
    ['claims.s.lowerAscii() == "refs/heads/main"', true],
    ['claims["kubernetes.io"].serviceaccount.name == "deployer"', true],
    ['"a" in claims.l', true],
    ['"c" in claims.l', false],
    ['claims.s in ["x", "refs/heads/main"]', true],
    ['"n" in claims', true],
    ['size(claims.l) == 2', true],
    ['claims.l.exists(x, x == "b")', true],
    ['claims.l.all(x, x.matches("^[ab]$"))', true],
    ['claims.l.exists_one(x, x == "a")', true],
    ['claims.l.filter(x, x != "a").size() == 1', true],
    ['claims.l.map(x, x + "z") == ["az", "bz"]', true],
    ['claims.mixed.exists(x, x == 1)', true],
    ['claims.l.exists(x, claims.mixed.exists(y, x == y))', true],
    ['has(claims.s)', true],
    ['has(claims.nope)', false],
    ['has(claims.constructor)', false],
    ['has(claims.o.toString)', false],
    ['has(claims.o.v) && claims.o.v == 1', true],
    ['claims.nil == null', true],
    ['string(claims.n) == "7"', true],
    ['issuer == "corp" && subject == "alice" && sourceAddress == "10.1.2.3"', true],
    ['sourceAddress.startsWith("10.")', true],
    ['now < timestamp("2027-01-01T00:00:00Z")', true],
    ['now > timestamp("2027-01-01T00:00:00Z")', false],
    ['claims.s.matches("heads/m")', true],
    ['claims.s.matches("^heads")', false],
    ['claims.s . matches ( "heads" )', true],
    ['(claims.s).matches("heads")', true],
    ['(claims.s + "matches").matches("matches$")', true],
    ['("matches(" + claims.s).matches("^matches\\\\(") && claims.s.matches("main")', true],
    // What goes wrong when it is evaluated.
    ['claims.nope == "x"', 'error'],
    ['claims.constructor == "x"', 'error'],
    ['claims.__proto__ == "x"', 'error'],
    ['claims.s.length == 15', 'error'],
    ['claims.n.startsWith("7")', 'error'],
    ['claims.l[5] == "a"', 'error'],
    ['claims.s && true', 'error'],
    ['claims.n + 1 == 8', 'error'],
    ['1 / 0 == 1', 'error'],
    // As CEL has it, || and && need only one side that decides.
    ['claims.s == "refs/heads/main" || claims.nope == "x"', true],
    ['claims.s == "x" && claims.nope == "x"', false],
  ];
  for (const [source, expected] of rows) t.equal(outcome(source, CLAIMS), expected, source);
  t.end();
});

t.test('an invalid expression is an error with its position', (t) => {
  const rows: [source: string, at: number, message: RegExp][] = [
    ['claims.s ==', 12, /Unexpected token/],
    ['claims.s == "x', 13, /./],
    ['', 1, /./],
    ['foo == 1', 1, /Unknown variable: foo.*Variables: claims/],
    ['true && isuer == "ci"', 9, /Unknown variable/],
    ['issuer == 5', 1, /no such overload/],
    ['true && issuer == 5', 9, /no such overload/],
    ['"text"', 1, /must yield a bool/],
    ['claims.yes', 1, /must yield a bool/],
    ['claims.l', 1, /must yield a bool/],
    ['1 + 1', 1, /must yield a bool/],
    ['claims.s.matches(claims.p)', 9, /must be a string literal/],
    ['claims.s.matches("a" + "b")', 9, /must be a string literal/],
    ['claims.s.matches(("a"))', 9, /must be a string literal/],
    ['claims.s.matches(true ? "a" : "b")', 9, /must be a string literal/],
    ['claims.s.matches("(?=a)")', 18, /no lookaround/],
    ['claims.s.matches("(a)\\\\1")', 18, /no backreferences/],
    ['claims.s.matches("(")', 18, /RE2/],
    ['claims.s.matchesCompiled("a")', 1, /no matching overload/],
  ];
  for (const [source, at, message] of rows) {
    const reported = outcome(source, CLAIMS);
    t.type(reported, 'string', source);
    t.match(reported, message, source);
    t.match(reported, new RegExp(`^At character ${at} of the expression: `), source);
  }
  t.end();
});

t.test('an expression that could be too expensive is refused when the config loads', (t) => {
  const rows: [what: string, source: string, message: RegExp][] = [
    ['doubling', 'cel.bind(x, claims.s + claims.s, cel.bind(y, x + x, y == ""))', /Supported methods: /],
    ['joining', 'claims.l.map(x, claims.l.join(claims.s)).size() > 0', /methods|overload/],
    ['splitting', 'claims.s.split("").size() > 0', /Supported methods: /],
    ['decoding', 'bytes(claims.s).base64() == ""', /methods|functions/],
    [
      'three walks',
      'claims.l.exists(a, claims.l.exists(b, claims.l.exists(c, a == b && b == c)))',
      /nested at most 2 deep/,
    ],
    ['a long pattern', `claims.s.matches("${'a'.repeat(501)}")`, /500 characters/],
    ['repetition', 'claims.s.matches("(.*){500}")', /too complex/],
    ['repetition of repetition', 'claims.s.matches("((a{100}){100}){100}")', /Invalid RE2 pattern/],
    ['deep nesting', `${'('.repeat(5000)}true${')'.repeat(5000)}`, /./],
    ['deep negation', `${'!'.repeat(5000)}true`, /./],
    ['many terms', Array(400).fill('true').join(' && '), /./],
    ['a long list', `claims.n in [${Array(1001).fill(1).join(',')}]`, /./],
  ];
  for (const [what, source, message] of rows) {
    const begin = process.cpuUsage();
    t.match(outcome(source, CLAIMS), message, what);
    t.ok(process.cpuUsage(begin).user < 1_000_000, `${what}: soon`);
  }
  t.end();
});

t.test('evaluation fails quickly if large claims would make it too expensive', (t) => {
  const many = (count: number, text = 'group-') =>
    Array.from({ length: count }, (_, index) => `${text}${index}`);
  const rows: [what: string, source: string, claims: object, outcome: boolean | 'error'][] = [
    ['a walk through many', 'claims.l.exists(x, x == "group-4999")', { l: many(5000) }, true],
    ['patterns on many', 'claims.l.exists(x, x.matches("^group-19.$"))', { l: many(500) }, true],
    [
      'a walk in a walk',
      'claims.l.exists(x, claims.m.exists(y, x == y))',
      { l: many(200), m: many(200, 'x') },
      false,
    ],
    [
      'a walk in a walk through many',
      'claims.l.exists(x, claims.l.exists(y, x != x))',
      { l: many(5000) },
      'error',
    ],
    ['membership in a walk', 'claims.l.all(x, x in claims.l)', { l: many(9000) }, 'error'],
    [
      'search in a walk',
      'claims.l.exists(x, claims.s.contains(x))',
      { l: many(9000), s: 'x'.repeat(90_000) },
      'error',
    ],
    [
      'comparison in a walk',
      'claims.l.exists(x, claims.l == claims.m)',
      { l: many(9000), m: many(9000) },
      'error',
    ],
    [
      'growth in a walk',
      'claims.l.map(x, claims.s + x).size() == 0',
      { l: many(9000), s: 'x'.repeat(90_000) },
      'error',
    ],
    ['errors in a walk', 'claims.l.exists(x, claims.nope == x)', { l: many(2000) }, 'error'],
    ['errors in a walk through many', 'claims.l.exists(x, claims.nope == x)', { l: many(100_000) }, 'error'],
    [
      'errors in a walk in a walk',
      'claims.l.exists(x, claims.l.exists(y, claims.nope == x || claims.nope == y))',
      { l: many(900) },
      'error',
    ],
    [
      'a walk through an object',
      'claims.o.exists(x, claims.o.exists(y, x != x))',
      { o: Object.fromEntries(many(5000).map((key) => [key, 1])) },
      'error',
    ],
    ['a pattern on a long text', 'claims.s.matches("^(a+)+$")', { s: `${'a'.repeat(100_000)}!` }, false],
    [
      'a pattern that backtracks elsewhere',
      'claims.s.matches("^(a|a)*b")',
      { s: 'a'.repeat(100_000) },
      false,
    ],
    ['a large pattern on a long text', 'claims.s.matches("(.*){200}b")', { s: 'a'.repeat(100_000) }, 'error'],
    ['a long text, compared', 'claims.s == "x"', { s: 'a'.repeat(1_000_000) }, false],
  ];
  for (const [what, source, claims, expected] of rows) {
    const begin = process.cpuUsage();
    t.equal(outcome(source, claims), expected, what);
    t.ok(process.cpuUsage(begin).user < 1_000_000, `${what}: soon`);
  }
  t.end();
});

const allow = (more: Partial<GrantConfig> = {}): GrantConfig => ({
  id: 'allow',
  issuer: 'corp',
  match: {},
  roles: ['a'],
  ...more,
});

t.test('when only restricts a grant; an evaluation error counts against the caller and is reported', (t) => {
  const ask = (grants: GrantConfig[], claims: object) => {
    const policy = policyOf({ a: web }, grants);
    const listed = listPermittedRoles(policy, principalOf(claims), HERE, NOW).length > 0;
    try {
      const { failedConditions = [] } = decide(policy, principalOf(claims), { ...HERE, role: 'a' }, NOW);
      t.ok(listed);
      return `allowed ${failedConditions}`.trim();
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      t.notOk(listed);
      t.equal(error.code, 'role_not_permitted');
      t.same(error.members, {});
      return `denied ${error.cause instanceof ConditionEvaluationError ? error.cause.grants : ''}`.trim();
    }
  };
  const when = 'claims.level > 3';
  const deny = (more: Partial<GrantConfig> = {}): GrantConfig => ({
    id: 'deny',
    effect: 'deny',
    match: {},
    roles: ['a'],
    when,
    ...more,
  });
  const rows: [what: string, grants: GrantConfig[], claims: object, outcome: string][] = [
    ['holds', [allow({ when })], { level: 4 }, 'allowed'],
    ['does not hold', [allow({ when })], { level: 3 }, 'denied'],
    ['error', [allow({ when })], {}, 'denied allow'],
    ['error of the wrong type', [allow({ when })], { level: 'x' }, 'denied allow'],
    ['holds, but the matcher does not', [allow({ when, match: { x: 1 } })], { level: 4 }, 'denied'],
    ['not evaluated if the matcher does not match', [allow({ when, match: { x: 1 } })], {}, 'denied'],
    ['an error next to another allow', [allow({ when }), allow({ id: 'other' })], {}, 'allowed allow'],
    ['a deny that holds', [allow(), deny()], { level: 4 }, 'denied'],
    ['a deny that does not hold', [allow(), deny()], { level: 3 }, 'allowed'],
    ['an error of a deny', [allow(), deny()], {}, 'denied deny'],
    ['an error of a deny about others', [allow(), deny({ match: { x: 1 } })], {}, 'allowed'],
  ];
  for (const [what, grants, claims, expected] of rows) t.equal(ask(grants, claims), expected, what);
  t.end();
});

t.test('an invalid when has its path in the config, and ${env:…} is not replaced in it', (t) => {
  const { errors } = compilePolicy(configOf({ a: web }, [allow(), allow({ id: 'b', when: 'claims.x ==' })]));
  t.match(errors, [{ path: ['grants', 1, 'when'], message: /^At character 12 of the expression/ }]);
  const text = `
server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers: { corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport } }
roles: { a: { via: GetFederationToken } }
grants:
  - { id: g, issuer: corp, match: {}, roles: [a], when: 'claims.x == "\${env:SECRET}"' }
`;
  const { loaded } = parseConfig(text, '/etc/sallyport.yaml', { SECRET: 'planted' });
  t.equal(loaded?.config.grants[0]?.when, 'claims.x == "${env:SECRET}"');
  t.end();
});
