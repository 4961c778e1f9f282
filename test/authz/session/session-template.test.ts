import fc from 'fast-check';
import t from 'tap';
import { compilePolicy } from '../../../src/authz/policy.js';
import { compileSessionTemplate } from '../../../src/authz/session/session-template.js';
import {
  checkStsValue,
  FEDERATED_USER_NAME,
  POLICY_TEXT,
  ROLE_SESSION_NAME,
  SOURCE_IDENTITY,
  TAG_KEY,
  TAG_VALUE,
} from '../../../src/authz/session/sts-constraints.js';
import { parseTemplate, TemplateError } from '../../../src/authz/session/template.js';
import type { RoleConfig } from '../../../src/config/schema/role.js';
import type { ConfigError } from '../../../src/core/config-error.js';
import { claimsOf, configOf, federation, refusalOf, web } from '../../support/policy.js';

/** The text, or the reason of the refusal. */
function fill(source: string, claims: object): string {
  let text = '';
  const refusal = refusalOf(() => {
    text = parseTemplate(source).render(claimsOf(claims));
  });
  return refusal ? `! ${refusal.reason}` : text;
}

const hash = /-[0-9a-f]{16}$/;
/** A value in a test's name. */
const shown = (value: unknown) =>
  JSON.stringify(value)
    .replace(/[^ -~]/g, '.')
    .slice(0, 40);
const LONE_SURROGATE = /\p{Surrogate}/u;
const BEYOND_ASCII = /[^\p{ASCII}]/u;

t.test('parseTemplate renders claims and functions, and refuses unsuitable claims', (t) => {
  const claims = {
    sub: 'alice',
    mail: 'Alice Smith <alice@corp.example>',
    n: 7,
    yes: true,
    list: ['one'],
    several: ['b', 'a'],
    mixed: ['a', 1, false],
    none: [],
    empty: '',
    nil: null,
    object: { id: 'x' },
    nested: [{ id: 'x' }],
    long: 'x'.repeat(40),
    upper: 'ÉcoleABC',
    'a.b': 'literal',
    a: { b: 'path', c: 'path' },
    'https://aws.amazon.com/SAML/Attributes/RoleSessionName': ['bob'],
    'urn:x:y': 'colons',
    tricky: '${claims.sub}$&$1',
  };
  const rows: [source: string, text: string | RegExp][] = [
    ['plain', 'plain'],
    ['', ''],
    ['${claims.sub}', 'alice'],
    ['gha-${claims.n}/${claims.yes}!', 'gha-7/true!'],
    ['${claims.sub}${claims.sub}', 'alicealice'],
    ['${ claims.sub }', 'alice'],
    ['${claims.list}', 'one'],
    ['${claims.a.b} ${claims.a.c}', 'literal path'],
    ['${claims.https://aws.amazon.com/SAML/Attributes/RoleSessionName}', 'bob'],
    ['${claims.urn:x:y}', 'colons'],
    ['${claims.tricky}', '${claims.sub}$&$1'],
    ['$ {claims.sub} $claims.sub }', '$ {claims.sub} $claims.sub }'],
    // What is missing, several or no plain value refuses the session.
    ['${claims.nope}', '! session.claim_missing'],
    ['${claims.nil}', '! session.claim_missing'],
    ['${claims.none}', '! session.claim_missing'],
    ['${claims.constructor}', '! session.claim_missing'],
    ['${claims.__proto__}', '! session.claim_missing'],
    ['${claims.sub.length}', '! session.claim_missing'],
    ['${claims.empty}', '! session.claim_empty'],
    ['${claims.several}', '! session.claim_multiple'],
    ['${claims.object}', '! session.claim_structured'],
    ['${claims.nested}', '! session.claim_structured'],
    ['${slug(claims.nope)}', '! session.claim_missing'],
    ['${slug(claims.empty)}', '! session.claim_empty'],
    ['${truncate(claims.empty, 20)}', '! session.claim_empty'],
    ['${lower(claims.object)}', '! session.claim_structured'],
    ['${slug(claims.several)}', '! session.claim_multiple'],
    // Functions
    ['${slug(claims.sub)}', 'alice'],
    ['${slug(claims.n)}', /^7-[0-9a-f]{16}$/],
    ['${slug(claims.mail)}', /^Alice-Smith-ali-[0-9a-f]{16}$/],
    ['${slug(claims.long)}', /^x{15}-[0-9a-f]{16}$/],
    ['${lower(claims.upper)}', 'Écoleabc'],
    ['${upper(claims.upper)}', 'ÉCOLEABC'],
    ['${truncate(claims.sub, 14)}', 'alice'],
    ['${truncate(claims.long, 14)}', /^x-[0-9a-f]{12}$/],
    ['${truncate(claims.long, 40)}', 'x'.repeat(40)],
    ['${default(claims.nope, "guest")}', 'guest'],
    ['${default(claims.nil, "guest")}', 'guest'],
    ['${default(claims.sub, "guest")}', 'alice'],
    ['${default(claims.empty, "guest")}', '! session.claim_empty'],
    ['${default(claims.nope, "")}', '! session.claim_empty'],
    ['${default(claims.nope, "a, b) (c")}', 'a, b) (c'],
    ['${first(claims.several)}', 'b'],
    ['${first(claims.sub)}', 'alice'],
    ['${first(claims.none)}', '! session.claim_missing'],
    ['${join(claims.several, ":")}', 'b:a'],
    ['${join(claims.mixed, "")}', 'a1false'],
    ['${join(claims.several, ",")}', 'b,a'],
    ['${join(claims.none, ",")}', '! session.claim_missing'],
    ['${join(claims.nested, ",")}', '! session.claim_structured'],
    // Functions of functions
    ['${upper(default(first(claims.nope), "x,y"))}', 'X,Y'],
    ['${slug(join(claims.several, " "))}', /^b-a-[0-9a-f]{16}$/],
    ['${truncate( slug( claims.sub ) , 14 )}', 'alice'],
    ['${lower(upper(lower(upper(claims.sub))))}', 'alice'],
  ];
  for (const [source, text] of rows)
    t.match(
      fill(source, claims),
      text instanceof RegExp ? text : new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`),
      source,
    );
  t.same(parseTemplate('${claims.a}-${slug(claims.b)}').claims, ['a', 'b']);
  t.end();
});

t.test('an invalid template is an error that says what to write', (t) => {
  const rows: [source: string, message: RegExp][] = [
    ['${}', /Use \$\{claims\.NAME\}/],
    ['${sub}', /Use \$\{claims\.NAME\}/],
    ['${claim.sub}', /Use /],
    ['${claims.}', /Use /],
    ['${claims.a b}', /Use /],
    ['${aws:username}', /Use /],
    ['${slug(sub)}', /Use /],
    ['${slug()}', /Use /],
    ['${SLUG(claims.sub)}', /Use /],
    ['${shell(claims.sub)}', /Use /],
    ['${constructor(claims.sub)}', /Use \$\{claims\.NAME\}/],
    ['${slug(claims.sub, 3)}', /Use slug\(claims\.x\)/],
    ['${slug(claims.a, claims.b)}', /Use slug/],
    ['${truncate(claims.sub)}', /Use truncate/],
    ['${truncate(claims.sub, 13)}', /14 or more/],
    ['${truncate(claims.sub, -20)}', /Use truncate/],
    ['${truncate(claims.sub, 2e1)}', /Use truncate/],
    ['${default(claims.sub)}', /Use default/],
    ["${default(claims.sub, 'x')}", /Use default/],
    ['${default(claims.sub, x)}', /Use default/],
    ['${join(claims.sub, "a", "b")}', /Use /],
    ['${claims.sub', /not closed/],
    ['a ${', /not closed/],
    ['${${claims.sub}}', /Use /],
    ['$${claims.sub}', /\$ before/],
  ];
  for (const [source, message] of rows)
    t.throws(() => parseTemplate(source), Object.assign(new TemplateError(), { message }), source);
  t.end();
});

t.test('slug and truncate are collision-free and fit the constraints of STS (property)', (t) => {
  const wellFormed = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 60 })
    .filter((text) => !LONE_SURROGATE.test(text));
  const near = fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        '-',
        ' ',
        '/',
        'é',
        '-0123456789ab',
        '-0123456789abcdef',
        'xxxxxxxxxxxxxxxx',
        '😀',
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map((parts) => parts.join(''));
  const slug = (sub: string) => fill('${slug(claims.sub)}', { sub });
  const cut = (sub: string) => fill('${truncate(claims.sub, 20)}', { sub });
  const text = fc.oneof(wellFormed, near);
  fc.assert(
    fc.property(text, text, (one, other) => {
      const distinct = one === other || (slug(one) !== slug(other) && cut(one) !== cut(other));
      const fits = FEDERATED_USER_NAME.pattern.test(slug(one)) && [...cut(one)].length <= 20;
      return distinct && fits && !LONE_SURROGATE.test(cut(one));
    }),
    { numRuns: 3000 },
  );
  // The pairs that a careless version would confuse.
  for (const sub of ['alice smith', 'x'.repeat(33), 'é', '😀'.repeat(40)]) {
    t.match(slug(sub), hash);
    const forged = slug(sub);
    t.not(slug(forged), forged, 'a claim cannot be the name of another');
    t.match(slug(forged), ROLE_SESSION_NAME.pattern);
  }
  t.equal(slug('alice-0123456789a'), 'alice-0123456789a');
  t.match(slug('a'), /^a-[0-9a-f]{16}$/, 'STS does not accept a name of one character');
  t.equal(cut('𝒳'.repeat(21)).length, 7 * 2 + 13, 'no character is cut in half');
  t.end();
});

t.test('lower, upper and slug do not merge similar letters', (t) => {
  const rows: [source: string, sub: string, ascii: string][] = [
    ['${lower(claims.sub)}', 'BAN\u212a', 'BANK'], // KELVIN SIGN
    ['${upper(claims.sub)}', 'pa\u017f\u017f', 'pass'], // LATIN SMALL LETTER LONG S
    ['${upper(claims.sub)}', 'm\u0131nt', 'mint'], // LATIN SMALL LETTER DOTLESS I
    ['${lower(claims.sub)}', '\u0391nn', 'Ann'], // GREEK CAPITAL LETTER ALPHA
    ['${slug(claims.sub)}', '\u0430lice', 'alice'], // CYRILLIC SMALL LETTER A
  ];
  for (const [source, sub, ascii] of rows) t.not(fill(source, { sub }), fill(source, { sub: ascii }), source);
  for (const [source, sub] of rows.slice(0, 4))
    t.match(fill(source, { sub }), BEYOND_ASCII, 'so that names and policies refuse it');
  t.end();
});

t.test('checkStsValue accepts and refuses values like AWS', (t) => {
  const rows: [place: Parameters<typeof checkStsValue>[0], good: string[], bad: string[]][] = [
    [
      ROLE_SESSION_NAME,
      ['ab', 'a'.repeat(64), 'A_z0+=,.@-'],
      ['', 'a', 'a'.repeat(65), 'a b', 'ab\n', 'aé', 'a:b', 'a/b', 'a*'],
    ],
    [
      SOURCE_IDENTITY,
      ['ab', 'a'.repeat(64), 'A_z0+=,.@-'],
      ['a', 'a'.repeat(65), 'a b', 'ab\n', 'aé', 'a:b'],
    ],
    [FEDERATED_USER_NAME, ['ab', 'a'.repeat(32)], ['a', 'a'.repeat(33), 'a/b']],
    [
      TAG_KEY,
      ['a', 'a'.repeat(128), 'cost center', 'é_.:/=+-@1', 'xaws:'],
      ['', 'a'.repeat(129), 'aws:x', 'AWS:x', 'a*', 'a,b', 'a\nb', '😀', 'a$b'],
    ],
    [
      TAG_VALUE,
      ['', 'a'.repeat(256), '日本', '𝒳'.repeat(256)],
      ['a'.repeat(257), 'a,b', 'a\n', '"', '<', '\ud800', '*', '?'],
    ],
    [POLICY_TEXT, ['{}', 'x'.repeat(2048), '\t\r\n ÿ'], ['', 'x'.repeat(2049), '\u0000', '\u0100', '😀']],
  ];
  for (const [place, good, bad] of rows) {
    for (const value of good) t.equal(checkStsValue(place, value), value);
    for (const value of bad) {
      const refusal = refusalOf(() => checkStsValue(place, value));
      t.match(refusal, { code: 'session_value_invalid', reason: /^session\.[A-Za-z_]+$/ }, shown(value));
    }
  }
  const reported = refusalOf(() => checkStsValue(ROLE_SESSION_NAME, 'planted secret value'));
  t.notMatch(JSON.stringify(reported), 'planted', 'the value is not repeated');
  t.end();
});

function sessionOf(role: RoleConfig) {
  const errors: ConfigError[] = [];
  const warnings: ConfigError[] = [];
  const compiled = compileSessionTemplate(role, ['roles', 'r'], { errors, warnings });
  return { errors, warnings, fill: (claims: object) => compiled.render(claimsOf(claims)) };
}

t.test('a session renders its templates; a value that AWS would refuse refuses the session', (t) => {
  const { fill, errors } = sessionOf({
    ...federation,
    session: { name: '${claims.sub}', tags: { team: '${claims.team}', 'Cost Center': 'fixed' } },
  });
  t.same(errors, []);
  t.same(fill({ sub: 'alice', team: 'blue sky' }), {
    name: 'alice',
    tags: { team: 'blue sky', 'Cost Center': 'fixed' },
  });
  const reason = (claims: object) => refusalOf(() => fill(claims))?.reason;
  t.equal(reason({ sub: 'a', team: 'x' }), 'session.Name');
  t.equal(reason({ sub: 'x'.repeat(33), team: 'x' }), 'session.Name');
  t.equal(reason({ sub: 'alice', team: 'a,b' }), 'session.tag_value');
  t.equal(reason({ sub: 'alice' }), 'session.claim_missing');
  t.equal(
    refusalOf(() => sessionOf({ ...web, session: { name: 'n-${claims.sub}' } }).fill({ sub: 'x y' }))?.reason,
    'session.RoleSessionName',
  );
  t.equal(
    sessionOf(web).fill({ sub: 'repo:org/x' }).name?.length,
    'repo-org-x'.length + 17,
    'the default is a slug of sub',
  );
  const byDefault = (claims: object) =>
    refusalOf(() => sessionOf(web).fill(claims))?.reason ?? sessionOf(web).fill(claims).name;
  t.equal(byDefault({ NameID: 'alice@corp' }), 'alice@corp', 'of a SAML caller the NameID');
  t.equal(byDefault({ sub: 'a1', NameID: 'b2' }), 'a1');
  t.equal(byDefault({}), 'session.claim_missing');

  const paths = (session: object) =>
    sessionOf({ ...federation, session }).errors.map(({ path }) => path.slice(3).join('.'));
  t.same(paths({ tags: { team: 'x', Team: 'y' } }), ['tags.Team'], 'keys that differ in case only');
  t.same(paths({ tags: { 'aws:x': 'y', 'a*': 'z', ok: '${oops}' } }), ['tags.aws:x', 'tags.a*', 'tags.ok']);
  t.same(paths({ policy: { Statement: [{ Effect: 'Allow', Action: 'a', Resource: ['a', '${nope}'] }] } }), [
    'policy.Statement.0.Resource.1',
  ]);
  t.end();
});

const STATEMENT = {
  Effect: 'Allow',
  Action: ['s3:PutObject', 's3:Get*'],
  Resource: 'arn:aws:s3:::inbox/${claims.partner}/*',
  Condition: {
    StringEquals: { 'aws:PrincipalTag/team': '${claims.team}', 'aws:username': '${aws:username}' },
    Bool: { 'aws:SecureTransport': true },
  },
};
const policyRole: RoleConfig = {
  ...federation,
  session: { policy: { Version: '2012-10-17', Statement: [STATEMENT] } },
};

t.test('a claim cannot change the structure of a session policy', (t) => {
  const { fill, errors } = sessionOf(policyRole);
  t.same(errors, []);
  const filled = (partner: unknown, team: unknown = 'blue'): unknown => {
    let policy = '';
    const refusal = refusalOf(() => {
      policy = fill({ sub: 'alice', partner, team }).policy ?? '';
    });
    return refusal ? refusal.reason : JSON.parse(policy);
  };
  const expected = (partner: string, team = 'blue') => ({
    Version: '2012-10-17',
    Statement: [
      {
        ...STATEMENT,
        Resource: `arn:aws:s3:::inbox/${partner}/*`,
        Condition: {
          ...STATEMENT.Condition,
          StringEquals: { 'aws:PrincipalTag/team': team, 'aws:username': '${aws:username}' },
        },
      },
    ],
  });
  const escaped = [
    'acme',
    '"',
    '\\',
    '"}],"Statement":[{"Effect":"Allow","Action":"x',
    '\\"',
    "'",
    '\n',
    '\r\n',
    '\t',
    '\u0000',
    '\b\f',
    '{}[],:',
    '/../',
    '__proto__',
    'constructor',
    'é',
    '\u00ff',
    '\u007f',
    '</script>',
    '%2a',
    '\\u002a',
    '&',
    'a b',
    '{aws:username}',
    '\uff0a', // FULLWIDTH ASTERISK
    '\uff04{aws:username}',
    '\u2217', // ASTERISK OPERATOR
    '\u2028',
    '\u0430cme',
    '😀',
    '\u0100\uffff',
  ];
  for (const value of escaped) {
    t.strictSame(filled(value, value), expected(value, value), shown(value));
  }
  const refused: [value: unknown, reason: string][] = [
    ['*', 'session.policy_wildcard'],
    ['a*b', 'session.policy_wildcard'],
    ['?', 'session.policy_wildcard'],
    ['$', 'session.policy_wildcard'],
    ['${aws:username}', 'session.policy_wildcard'],
    ['${*}', 'session.policy_wildcard'],
    ['x'.repeat(100_000), 'session.Policy'],
    ['', 'session.claim_empty'],
    [[], 'session.claim_missing'],
    [null, 'session.claim_missing'],
    [['a', 'b'], 'session.claim_multiple'],
    [{ Effect: 'Allow' }, 'session.claim_structured'],
    [[{ Effect: 'Allow' }], 'session.claim_structured'],
  ];
  for (const [value, reason] of refused) t.equal(filled(value), reason, shown(value));

  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ maxLength: 40 }),
      (partner, team) => {
        const outcome = filled(partner, team);
        return typeof outcome === 'string'
          ? outcome.startsWith('session.')
          : JSON.stringify(outcome) === JSON.stringify(expected(partner, team));
      },
    ),
    { numRuns: 1000 },
  );
  t.end();
});

t.test('IAM policy variables are not changed; malformed ones are config errors', (t) => {
  const S3 = { Effect: 'Allow', Action: 's3:GetObject' };
  const policyWith = (text: string) =>
    sessionOf({
      ...federation,
      session: { name: 'fixed', policy: { Statement: { ...S3, Resource: text } } },
    });
  const passing = [
    '${aws:username}',
    '${aws:PrincipalTag/team}',
    "${aws:PrincipalTag/team, 'none'}",
    '${*}x${?}${$}',
    '${saml:sub}',
    '${www.amazon.com:user_id}',
    'no variable',
    '$',
    '*',
  ];
  for (const text of passing) {
    const { fill, errors } = policyWith(text);
    t.same(errors, [], text);
    t.same(JSON.parse(fill({}).policy ?? ''), { Statement: { ...S3, Resource: text } }, text);
  }
  const faulty = [
    '${claims.x',
    '${aws:username',
    '${aws:${claims.x}}',
    '$${claims.x}',
    '${}',
    '${sub}',
    '${claims.x}${',
    '${CLAIMS.x}',
  ];
  for (const text of faulty) t.equal(policyWith(text).errors.length, 1, text);
  t.equal(
    JSON.parse(policyWith('${aws:username}/${claims.x}').fill({ x: '{b}' }).policy ?? '').Statement.Resource,
    '${aws:username}/{b}',
  );
  t.end();
});

t.test('a session policy keeps other values and keys such as __proto__', (t) => {
  const policy = JSON.parse('{"__proto__":{"a":1},"constructor":["${claims.x}",1.5,true,null,{}],"":"k"}');
  const { fill } = sessionOf({ ...federation, session: { policy } });
  t.equal(
    fill({ sub: 'alice', x: 'y' }).policy,
    '{"__proto__":{"a":1},"constructor":["y",1.5,true,null,{}],"":"k"}',
  );
  t.notOk('a' in {});
  t.end();
});

t.test('template errors of all roles are collected with their paths', (t) => {
  const { errors } = compilePolicy(
    configOf(
      {
        a: { ...web, session: { name: '${x}' } },
        b: web,
        c: { ...federation, session: { tags: { k: '${y}' } } },
      },
      [],
    ),
  );
  t.same(
    errors.map(({ path }) => path.join('.')),
    ['roles.a.session.name', 'roles.c.session.tags.k'],
  );
  t.end();
});

t.test('a session that STS would refuse for any claims is a config error', (t) => {
  const errors = (session: object) =>
    sessionOf({ ...federation, session }).errors.map(
      ({ path, message }) => `${path.slice(3).join('.')}: ${message}`,
    );
  const policy = (statement: object) => ({ policy: { Statement: [statement] } });
  const S3 = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
  const rows: [session: object, fault: RegExp | undefined][] = [
    [{ name: 'fixed' }, undefined],
    [{ name: 'a' }, /^name: STS would refuse this value\. A Name must be 2 to 32/],
    [{ name: 'a b' }, /^name: STS would refuse/],
    [{ name: 'x'.repeat(33) }, /^name: STS would refuse/],
    [{ name: 'gha-${claims.run_id}' }, undefined],
    [{ name: '${claims.a}' }, undefined],
    [{ name: 'gha:${claims.run_id}' }, /^name: STS would refuse/],
    [{ name: `\${claims.a}${'x'.repeat(32)}` }, /^name: STS would refuse/],
    [{ tags: { team: 'a,b' } }, /^tags.team: STS would refuse this value\. A tag value/],
    [{ tags: { team: '${claims.a}*' } }, /^tags.team: STS would refuse/],
    [{ tags: { team: '' } }, undefined],
    [policy(S3), undefined],
    [{ policy: { Version: '2012-10-17' } }, /^policy: A session policy requires Statement/],
    [{ policy: { Statement: S3 } }, undefined],
    [policy({ ...S3, Effect: 'allow' }), /^policy.Statement.0.Effect: Effect must be Allow or Deny/],
    [
      policy({ ...S3, Principal: '*' }),
      /^policy.Statement.0.Principal: A session policy cannot have Principal/,
    ],
    [
      policy({ Effect: 'Allow', Action: 's3:*' }),
      /^policy.Statement.0: A statement requires either Resource/,
    ],
    [policy({ Effect: 'Allow', Resource: '*' }), /requires either Action or NotAction/],
    [policy({ ...S3, NotAction: 's3:*' }), /requires either Action or NotAction, but not both/],
    [{ policy: { Statement: ['text'] } }, /must be a mapping/],
    [
      policy({ ...S3, Condition: { StringEquals: { '${claims.x}': 'y' } } }),
      /^policy.*: Claims are not supported/,
    ],
    [
      policy({ ...S3, Condition: { StringEquals: { '${slug(claims.x)}': 'y' } } }),
      /in the keys of a session policy/,
    ],
    [policy({ ...S3, Condition: { StringEquals: { 'aws:username': '${claims.x}' } } }), undefined],
    [
      policy({ ...S3, Resource: 'x'.repeat(2048) }),
      /^: The session policy and the policy ARNs have at least 2\d+/,
    ],
    [policy({ ...S3, Resource: '\u0141'.repeat(340) }), /^: The session policy and the policy ARNs/],
    [policy({ ...S3, Resource: '\u0141'.repeat(50) }), undefined],
    [
      {
        ...policy({ ...S3, Resource: 'x'.repeat(1950) }),
        policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess', 'arn:aws:iam::aws:policy/Other'],
      },
      /^: The session policy and the policy ARNs/,
    ],
    [{ tags: { a: 'x'.repeat(250), b: 'y'.repeat(250) } }, /^: Tags and policies take about 111 %/],
    [{ ...policy({ ...S3, Resource: 'x'.repeat(1000) }), tags: { a: 'x'.repeat(250) } }, /about 1\d\d %/],
  ];
  for (const [session, error] of rows) {
    const found = errors(session);
    t.equal(found.length, error ? 1 : 0, `${JSON.stringify(session).slice(0, 70)} ${found}`);
    if (error) t.match(found[0], error);
  }
  const warnings = (session: object) => sessionOf({ ...federation, session }).warnings;
  t.same(warnings({ tags: { team: '${claims.team}' } }), []);
  t.match(warnings({ tags: { a: 'x'.repeat(200), b: 'y'.repeat(200), c: '${claims.c}' } }), [
    { path: ['roles', 'r', 'session'], message: /^Tags and policies take about 94 %/ },
  ]);
  t.match(
    warnings({ tags: Object.fromEntries([...'abcdefghijklmno'].map((key) => [key, `\${claims.${key}}`])) }),
    [{ message: /with claims of 24 characters/ }],
    'what few characters of a claim would not show',
  );
  t.end();
});

t.test('a session policy that claims make too long refuses the session', (t) => {
  const { fill, errors } = sessionOf({
    ...web,
    session: {
      policy: { Statement: { Effect: 'Allow', Action: 's3:*', Resource: '${claims.r}' } },
      policyArns: [`arn:aws:iam::aws:policy/${'A'.repeat(100)}`],
    },
  });
  t.same(errors, []);
  const reason = (r: string) => refusalOf(() => fill({ sub: 'alice', r }))?.reason;
  t.equal(reason('x'.repeat(1800)), undefined);
  t.equal(reason('x'.repeat(1900)), 'session.Policy', 'with the ARN it has more than 2048');
  t.equal(reason('\u0141'.repeat(1000)), 'session.Policy', 'escapes count');
  t.equal(reason('\u0141'.repeat(200)), undefined);
  t.end();
});

t.test('session name, source identity and tags contain claim values unchanged or refuse the session', (t) => {
  const { fill } = sessionOf({
    ...federation,
    session: { name: '${slug(claims.sub)}', tags: { whole: '${claims.v}', part: 'x-${claims.v}-y' } },
  });
  const plain = sessionOf({ ...web, session: { name: 'n-${claims.v}' } });
  const attributed = sessionOf({
    via: 'AssumeRole',
    roleArn: 'arn:aws:iam::111122223333:role/a',
    session: { name: 'fixed', sourceIdentity: '${claims.v}' },
  });
  const values = [
    '"',
    "'",
    '\\',
    '\n',
    '\r\nX-Header: y',
    '\u0000',
    '*',
    '?',
    '$',
    '${claims.sub}',
    '${}',
    '${aws:username}',
    '&Tags.member.1.Key=admin',
    'a=b&c=d',
    '%26',
    '__proto__',
    'constructor',
    'toString',
    '\uff0a',
    '\u0430lice',
    '\u202egnp',
    'e\u0301',
    '😀',
    '<x/>',
    'x'.repeat(64),
    'x'.repeat(256),
    'x'.repeat(100_000),
    ' ',
  ];
  let filled = 0;
  for (const v of values) {
    const refusal = refusalOf(() => {
      const { tags, name } = fill({ sub: v, v });
      t.same(tags, { whole: v, part: `x-${v}-y` }, shown(v));
      t.match(v, TAG_VALUE.pattern);
      t.match(name, FEDERATED_USER_NAME.pattern);
      filled++;
    });
    if (refusal) t.match(refusal, { code: 'session_value_invalid', reason: 'session.tag_value' }, shown(v));
    const named = refusalOf(() => {
      t.equal(plain.fill({ v }).name, `n-${v}`);
      t.match(`n-${v}`, ROLE_SESSION_NAME.pattern);
    });
    if (named) t.match(named, { code: 'session_value_invalid', reason: 'session.RoleSessionName' }, shown(v));
    const identified = refusalOf(() => {
      t.equal(attributed.fill({ v }).sourceIdentity, v);
      t.match(v, SOURCE_IDENTITY.pattern);
    });
    if (identified)
      t.match(identified, { code: 'session_value_invalid', reason: 'session.SourceIdentity' }, shown(v));
    t.notMatch(
      JSON.stringify([refusal, named, identified]),
      v.length > 3 ? JSON.stringify(v).slice(1, -1) : 'planted',
    );
  }
  t.ok(filled > 3 && filled < values.length, `${filled} of ${values.length} fit`);
  t.end();
});
