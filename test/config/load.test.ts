import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { compilePolicy } from '../../src/authz/policy.js';
import { type LoadResult, loadConfig, parseConfig } from '../../src/config/load.js';

const FILE = '/etc/sallyport/sallyport.yaml';

const SOUND = `
server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers:
  corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport }
  adfs: { type: saml, metadata: ./adfs.xml }
roles:
  deploy: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/deploy" }
  upload: { via: GetFederationToken }
grants:
  - { id: all, issuer: corp, match: {}, roles: [deploy] }
`;

/** The valid config with some of its sections replaced. */
function config(sections: Readonly<Record<string, string>> = {}): string {
  const written = { ...sections };
  const stored = SOUND.replace(/^(\w+):(?:.*\n(?: .*\n)*)/gm, (whole, name: string) => {
    const replacement = written[name];
    delete written[name];
    return replacement === undefined ? whole : `${name}: ${replacement}\n`;
  });
  return (
    stored +
    Object.entries(written)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join('')
  );
}

const errorsOf = (text: string, env = {}) => parseConfig(text, FILE, env).errors;
/** `line:column message` for each error. */
const listing = (result: Pick<LoadResult, 'errors'>) =>
  result.errors.map(({ line, column, message }) => `${line}:${column} ${message}`);
const errorLines = (text: string, env = {}) => listing(parseConfig(text, FILE, env));

function folderWith(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

t.test('an STS endpoint must be https, or http on loopback', (t) => {
  const errorsOf = (aws: string, issuers = '{}') =>
    parseConfig(
      `server: { url: https://s.example }\naws: { region: eu-west-1${aws} }\nissuers: ${issuers}\nroles: {}\ngrants: []\n`,
      'c.yaml',
      {},
    ).errors.map(({ path }) => path.join('.'));
  t.same(errorsOf(''), []);
  for (const good of ['https://sts.example', 'http://127.0.0.1:4566', 'http://localhost', 'http://[::1]:1'])
    t.same(errorsOf(`, endpoint: "${good}"`), [], good);
  for (const bad of ['http://sts.example', 'https://', 'http://127.0.0.1.example'])
    t.same(errorsOf(`, endpoint: "${bad}"`), ['aws.endpoint'], bad);
  t.end();
});

t.test('Regions, endpoints and ARNs must be consistent', (t) => {
  const role = (arn: string, more = '') =>
    `{ r: { via: AssumeRole, roleArn: "arn:${arn}:iam::111122223333:role/r"${more} } }`;
  const errors = (aws: string, roles = '{}', rolesFrom = '{}') =>
    errorsOf(config({ aws: `{ ${aws} }`, roles, rolesFrom, grants: '[]' })).map(({ path }) => path.join('.'));
  const china = 'region: cn-north-1';
  const home = 'region: eu-west-1';
  const claimed = (glob: string, more = '') =>
    `{ f: { via: AssumeRoleWithSAML, accounts: ["111122223333"], roleArns: ["${glob}"]${more} } }`;
  const rows: [what: string, errors: readonly string[], expected: readonly string[]][] = [
    ['every partition', errors(china, role('aws-cn')), []],
    ['GovCloud', errors('region: us-gov-west-1, fips: true', role('aws-us-gov')), []],
    ['the European Sovereign Cloud', errors('region: eusc-de-east-1', role('aws-eusc')), []],
    ['an isolated one', errors('region: us-isob-east-1', role('aws-iso-b')), []],
    ['an ARN of another', errors(china, role('aws')), ['roles.r.roleArn']],
    [
      'a hop of another',
      errors(home, role('aws', ', chain: ["arn:aws-cn:iam::111122223333:role/h"]')),
      ['roles.r.chain.0'],
    ],
    [
      'a hop that is written out',
      errors(home, role('aws', ', chain: [{ roleArn: "arn:aws-cn:iam::111122223333:role/h" }]')),
      ['roles.r.chain.0.roleArn'],
    ],
    [
      'a policy of another',
      errors(home, role('aws', ', session: { policyArns: ["arn:aws-cn:iam::aws:policy/P"] }')),
      ['roles.r.session.policyArns.0'],
    ],
    [
      'a provider of another',
      errors(
        home,
        '{ r: { via: AssumeRoleWithSAML, roleArn: "arn:aws:iam::111122223333:role/r", principalArn: "arn:aws-cn:iam::111122223333:saml-provider/p" } }',
      ),
      ['roles.r.principalArn'],
    ],
    ['a role in another account', errors(home, role('aws', ', region: us-east-1')), []],
    ['a role in another partition', errors(home, role('aws', ', region: cn-north-1')), ['roles.r.region']],
    ['claims of another', errors(home, '{}', claimed('arn:aws-cn:iam::*')), ['rolesFrom.f.roleArns.0']],
    ['claims of any', errors(home, '{}', claimed('arn:*:iam::*:role/x')), []],
    [
      'claims elsewhere',
      errors(home, '{}', claimed('arn:aws:iam::*', ', region: cn-north-1')),
      ['rolesFrom.f.region'],
    ],
    ['another region', errors(`${home}, failoverRegions: [eu-central-1]`), []],
    ['itself', errors(`${home}, failoverRegions: [eu-west-1]`), ['aws.failoverRegions.0']],
    [
      'one in another partition',
      errors(`${home}, failoverRegions: [us-east-1, us-gov-west-1]`),
      ['aws.failoverRegions.1'],
    ],
    [
      'a region that is none, and nothing held against it',
      errors('region: nowhere', role('aws-cn')),
      ['aws.region'],
    ],
    [
      'an endpoint for one of two regions',
      errors(`${home}, endpoint: "https://vpce", failoverRegions: [eu-central-1]`),
      ['aws.failoverRegions.0'],
    ],
    [
      'for both',
      errors(
        `${home}, endpoint: "https://a", failoverRegions: [eu-central-1], endpoints: { eu-central-1: "https://b" }`,
      ),
      [],
    ],
    [
      'not for that of a role',
      errors(`${home}, endpoint: "https://a"`, role('aws', ', region: us-east-1')),
      ['roles.r.region'],
    ],
    [
      'two for one',
      errors(`${home}, endpoint: "https://a", endpoints: { eu-west-1: "https://b" }`),
      ['aws.endpoints.eu-west-1'],
    ],
    [
      'one in clear text',
      errors(`${home}, endpoints: { eu-west-1: "http://b" }`),
      ['aws.endpoints.eu-west-1'],
    ],
    ['with a query', errors(`${home}, endpoint: "https://a/?b"`), ['aws.endpoint']],
    ['with a user', errors(`${home}, endpoint: "https://a:b@c"`), ['aws.endpoint']],
    ['FIPS and dual-stack', errors(`${home}, fips: true, dualStack: true`), []],
    [
      'of an endpoint',
      errors(`${home}, endpoint: "https://a", fips: true, dualStack: true`),
      ['aws.fips', 'aws.dualStack'],
    ],
    ['FIPS off', errors(`${home}, endpoint: "https://a", fips: false`), []],
    ['a minute', errors(`${home}, deadline: 1m`), []],
    ['more', errors(`${home}, deadline: 61s`), ['aws.deadline']],
  ];
  for (const [what, found, expected] of rows) t.same([...found].sort(), [...expected].sort(), what);
  t.end();
});

t.test('a valid config loads with absolute file paths', (t) => {
  const result = parseConfig(
    config({
      server: `
  url: https://sallyport.corp.example
  listen: { host: 0.0.0.0 }
  tls: { cert: tls/tls.crt, key: /run/tls.key }`,
      issuers: `
  corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport, ca: ca.pem, tokenFile: ../token }
  adfs: { type: saml, metadata: ./adfs.xml }
  okta: { type: saml, metadata: "https://okta.example/metadata" }`,
      audit: '{ sinks: [ { type: file, path: audit.jsonl }, { type: stdout } ] }',
    }),
    FILE,
    {},
  );
  t.same(result.errors, []);
  t.ok(result.ok);
  t.match(result.loaded?.config, {
    server: { tls: { cert: '/etc/sallyport/tls/tls.crt', key: '/run/tls.key' } },
    issuers: {
      corp: { ca: '/etc/sallyport/ca.pem', tokenFile: '/etc/token' },
      adfs: { metadata: '/etc/sallyport/adfs.xml' },
      okta: { metadata: 'https://okta.example/metadata' },
    },
    audit: { sinks: [{ type: 'file', path: '/etc/sallyport/audit.jsonl' }, { type: 'stdout' }] },
  });
  t.end();
});

t.test('all errors are reported together, in file order, with line and column', (t) => {
  const text = `server:
  url: https://sallyport.corp.example/
  listen: { host: 0.0.0.0, port: 70000 }
  timeout: 5s
aws:
  credentials: { accessKeyId: AKIASANDBOXSALLYPORT, secretAccessKey: "\${env:NO_SUCH_VARIABLE}" }
  region: eu-west-1
issuers:
  corp: { type: oidc, issuer: https://login.corp.example, audiense: sallyport }
  adfs:
    type: smal
  home: { type: oidc, issuer: https://home.example, audience: sallyport }
roles:
  deploy:
    via: AssumeRoleWithWebIdentity
    roleArn: arn:aws:iam::1111:role/deploy
    session: { duration: 15min }
  admin: { roleArn: "arn:aws:iam::111122223333:role/admin" }
  upload: { via: GetFederationToken, session: { duration: 48h, name: "\${claim.sub}" } }
grants:
  - { id: one, issuer: corp, match: { sub: { glb: "a*" } }, roles: [deploy] }
  - { id: two, issuer: [corp, hoem], match: {}, roles: [deploy, "*", dploy] }
  - { id: three, match: {}, roles: [upload], from: [10.0.0.0/33] }
  - id: two
    issuer: home
    match: { account: 012345678901 }
    roles: [upload]
  - id: two
    issuer: home
    match: { groups: { anyOf: [] } }
    roles: []
  - { id: two, effect: deny, match: {}, roles: [upload] }
auditt: {}
`;
  const expected = [
    '2:3 Invalid value. Expected: public base URL of the broker without a trailing slash, for example https://sallyport.corp.example.',
    '3:28 Must be at most 65535. Expected: TCP port to listen on, 0 to 65535.',
    '4:3 Unknown key "timeout".',
    '6:53 Environment variable NO_SUCH_VARIABLE is not set or is empty. Set it.',
    '9:59 Unknown key "audiense". Did you mean "audience"?',
    '11:5 "type" must be one of: oidc, saml.',
    '16:5 Invalid value. Expected: ARN of the IAM role, for example arn:aws:iam::111122223333:role/deploy.',
    '17:16 Invalid duration. Expected: a whole number followed by s, m, h or d, for example 15m.',
    '18:3 "via" must be one of: AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, GetFederationToken, GetSessionToken.',
    '19:49 GetFederationToken accepts durations of 15m to 36h. Change it.',
    '19:64 Invalid expression. Use ${claims.NAME} or a function (slug, lower, upper, truncate, default, first, join), for example ${slug(claims.sub)}.',
    '21:46 Unknown key "glb". Did you mean "glob"?',
    '22:31 Unknown issuer. Known issuers: corp, adfs, home.',
    '22:70 Unknown role. Known roles: *, deploy, admin, upload.',
    '23:7 An allow must set issuer, because the same claim can mean something else at another issuer. Add issuer.',
    '23:53 Must be an IP address or a CIDR block, for example 10.0.0.0/8 or 2001:db8::/32.',
    '26:14 YAML reads this number as 12345678901. Put it in quotes, or write it as YAML reads it.',
    "30:24 Must have at least 1 entry. Expected: a list of which at least one is among the claim's values.",
    '31:5 Must have at least 1 entry. Expected: names of roles or of rolesFrom entries, or ARNs of roles that a claim names.',
    '32:7 Another grant already has this id. Rename one of them.',
    '33:1 Unknown key "auditt". Did you mean "audit"?',
  ];
  const result = parseConfig(text, FILE, {});
  t.notOk(result.ok);
  t.ok(result.loaded, 'the valid part can still be checked');
  const later = result.loaded?.locateErrors(compilePolicy(result.loaded.config).errors) ?? [];
  const all = [...result.errors, ...later].sort((a, b) => a.line - b.line || a.column - b.column);
  // The list of known keys grows with the section.
  const lines = listing({ errors: all }).map((line) => line.replace(/ Known keys: .*/, ''));
  t.same(lines, expected);
  t.ok(result.errors.every(({ file }) => file === FILE));
  t.end();
});

t.test('text that is not a config yields errors, never an exception', (t) => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++) {
    const [last, next] = [String.fromCharCode(96 + level), String.fromCharCode(97 + level)];
    bomb.push(`${next}: &${next} [${Array(9).fill(`*${last}`).join(', ')}]`);
  }
  const rows: [what: string, text: string, expected: string[]][] = [
    ['nothing', '', ['1:1 Must be a mapping. Expected: the Sallyport config.']],
    ['only a comment', '# soon\n', ['1:1 Must be a mapping. Expected: the Sallyport config.']],
    ['a list', '- a', ['1:1 Must be a mapping. Expected: the Sallyport config.']],
    ['a word', 'sallyport', ['1:1 Must be a mapping. Expected: the Sallyport config.']],
    [
      'two documents',
      'a: 1\n---\nb: 2',
      ['2:1 Invalid YAML: Source contains multiple documents; please use YAML.parseAllDocuments().'],
    ],
    [
      'a key twice',
      'server:\n  url: https://a\n  url: https://b',
      ['3:3 Invalid YAML: Map keys must be unique.'],
    ],
    [
      'a tab for indentation',
      'server:\n\turl: x',
      ['2:1 Invalid YAML: Tabs are not allowed as indentation.'],
    ],
    ['aliases without end', bomb.join('\n'), ['1:1 Too many YAML aliases. Write the values out.']],
    [
      'an alias inside of itself',
      'roles: &r\n  a: [*r]',
      ['2:7 YAML alias refers to a value that contains it. Write the value out.'],
    ],
    [
      'an alias to nothing',
      'roles: *nowhere',
      ['1:8 YAML alias without an anchor before it. Correct its name.'],
    ],
  ];
  for (const [what, text, expected] of rows) t.same(errorLines(text), expected, what);
  t.match(errorLines('{ unclosed'), [/^1:\d+ Invalid YAML: /]);
  t.match(errorLines(`a: ${'['.repeat(50_000)}`)[0], /^1:\d+ Invalid YAML: /, 'nested without end');
  t.match(errorLines('\u0000\u0001\ufffd'), [/./], 'binary');
  t.end();
});

t.test('a missing file, a folder and a file that is too large are errors', (t) => {
  const folder = folderWith(t, { 'large.yaml': `#${' '.repeat(4 * 1024 * 1024)}`, 'sound.yaml': SOUND });
  t.match(listing(loadConfig(join(folder, 'none.yaml'), {})), [
    /^1:1 Cannot read the config file \(ENOENT\)/,
  ]);
  t.match(listing(loadConfig(folder, {})), [/^1:1 Cannot read the config file \(EISDIR\)/]);
  t.match(listing(loadConfig(join(folder, 'large.yaml'), {})), [/^1:1 The config file is larger than 4 MiB/]);
  t.ok(loadConfig(join(folder, 'sound.yaml'), {}).ok);
  t.end();
});

t.test('one mistake is one error and does not hide others', (t) => {
  const unknownRole = '- { id: a, issuer: corp, match: {}, roles: [nobody] }';
  const grants = `\n  ${unknownRole}`;
  const missingRole = /Unknown role\. Known roles: /;
  const rows: [what: string, sections: Record<string, string>, errors: RegExp[]][] = [
    ['a section of the wrong type', { server: '5', grants }, [/Must be a mapping/, missingRole]],
    ['a bad value in a required setting', { aws: '{ region: Ireland }', grants }, [/Region/, missingRole]],
    ['a required setting left out', { server: '{}', grants }, [/"url" is missing/, missingRole]],
    ['a key unknown at the root', { grants, test: '[]' }, [missingRole, /Unknown key "test"/]],
    [
      'a sink without a path',
      { grants, audit: '{ sinks: [ { type: file } ] }' },
      [missingRole, /"path" is missing/],
    ],
    [
      'faulty TLS settings',
      { server: '{ url: "https://a", listen: { host: 0.0.0.0 }, tls: { cert: a } }' },
      [/"key" is missing/],
    ],
    ['no issuers at all', { issuers: '[]' }, [/Must be a mapping/]],
    ['a faulty role that a grant names', { roles: '{ deploy: {} }' }, [/"via" must be one of/]],
    ['a missing variable in a pattern', { aws: '{ region: "${env:NONE}" }' }, [/NONE is not set/]],
    ['grants of the wrong type', { grants: 'none' }, [/Must be a list/]],
  ];
  for (const [what, sections, errors] of rows) {
    const lines = errorLines(config(sections));
    t.equal(lines.length, errors.length, `${what}: ${lines.join(' | ')}`);
    for (const [index, pattern] of errors.entries()) t.match(lines[index], pattern, what);
  }
  t.end();
});

t.test('numbers that YAML changes are errors unless quoted', (t) => {
  const reads = (value: string) =>
    errorLines(config({ grants: `[ { id: a, issuer: corp, match: { n: ${value} }, roles: [deploy] } ]` }));
  for (const value of ['012345678901', '1.10', '12345678901234567890', '1e3', '0x1F', '0o17', '.inf', '+5'])
    t.match(reads(value), [/^\d+:\d+ YAML reads this number as .*quotes/], value);
  for (const value of ['789', '-1', '1.5', '0', '"012345678901"', 'true', '9007199254740991'])
    t.same(reads(value), [], value);
  t.end();
});

t.test('locateErrors finds the line although an earlier grant was removed', (t) => {
  const { ok, loaded } = parseConfig(
    `grants:
  - { id: a, issuer: corp, match: 7, roles: [deploy] }
  - { id: b, issuer: corp, match: {}, roles: [deploy] }
  - { id: c, nonsense: true }
  - { id: d, issuer: corp, match: {}, roles: [deploy] }
${config({ grants: '' }).replace(/^grants:.*\n/m, '')}`,
    FILE,
    {},
  );
  t.notOk(ok);
  t.same(
    loaded?.config.grants.map(({ id }) => id),
    ['b', 'd'],
  );
  const lineOf = (path: (string | number)[]) => loaded?.locateErrors([{ path, message: '' }])[0]?.line;
  t.equal(lineOf(['grants', 0]), 3);
  t.equal(lineOf(['grants', 1, 'match']), 5);
  t.equal(lineOf(['roles', 'deploy', 'session', 'name']), 13, 'a key that is not there: its nearest parent');
  t.end();
});

t.test('${env:…} and ${file:…} are replaced in any string; a missing one is an error', (t) => {
  const folder = folderWith(t, {
    'key.txt': 'from-file\n',
    'empty.txt': '',
    'sallyport.yaml': config({
      aws: '{ region: "${env:A}-west-${env:N}", credentials: { accessKeyId: "AKIA${env:LONG}", secretAccessKey: "${file:key.txt}" } }',
      roles:
        '{ deploy: { via: GetFederationToken, session: { policy: { Resource: "${claims.x}${aws:username}${env:RECURSE}" } } } }',
    }),
  });
  const env = { A: 'eu', N: '1', LONG: 'ABCDEFGHIJKLMNOP', RECURSE: '${env:A}${file:key.txt}', EMPTY: '' };
  const { loaded, errors } = loadConfig(join(folder, 'sallyport.yaml'), env);
  t.same(errors, []);
  t.match(loaded?.config, {
    aws: {
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIAABCDEFGHIJKLMNOP', secretAccessKey: 'from-file' },
    },
    roles: {
      deploy: { session: { policy: { Resource: '${claims.x}${aws:username}${env:A}${file:key.txt}' } } },
    },
  });
  const missing = (reference: string) =>
    errorLines(config({ server: `{ url: "https://a", listen: { host: "${reference}" } }` }), env);
  t.match(missing('${env:NOPE}'), [/^2:39 Environment variable NOPE is not set/]);
  t.match(missing('${env:EMPTY}'), [/EMPTY is not set/], 'empty counts as missing');
  t.match(missing('${env:__proto__}'), [/__proto__ is not set/]);
  t.match(missing('${file:nowhere}'), [/^2:39 Cannot read file nowhere \(ENOENT\)/]);
  t.match(missing(`\${file:${folder}}`), [/EISDIR/]);
  t.end();
});

t.test('files lists all files of the config and of its shadow, existing or not', (t) => {
  const folder = folderWith(t, {
    'sallyport.yaml': config({
      server: '{ url: "https://a", tls: { cert: tls.crt, key: /run/tls.key } }',
      aws: '{ region: "${file:region}" }',
      issuers: `
  corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport, ca: ca.pem, tokenFile: token }
  adfs: { type: saml, metadata: ./adfs.xml }
  far: { type: saml, metadata: https://idp.example/metadata }`,
      shadow: './candidate.yaml',
      webIdentity: '{ keys: signing }',
    }),
    'candidate.yaml': config({ aws: '{ region: "${file:other}" }', shadow: './not-followed.yaml' }),
    region: 'eu-west-1',
  });
  const result = loadConfig(join(folder, 'sallyport.yaml'), {});
  t.ok(result.ok);
  t.same(
    [...result.files].sort(),
    [
      ...['adfs.xml', 'ca.pem', 'candidate.yaml', 'other', 'region', 'sallyport.yaml', 'tls.crt'].map(
        (name) => join(folder, name),
      ),
      ...['current.pem', 'next.pem', 'previous.pem'].map((name) => join(folder, 'signing', name)),
      '/run/tls.key',
    ].sort(),
  );
  t.match(listing(result.loaded?.shadow ?? result), [/Cannot read file other/], 'its errors are its own');
  t.equal(result.loaded?.shadow?.loaded?.shadow, undefined);
  t.same(loadConfig(join(folder, 'none.yaml'), {}).files, [join(folder, 'none.yaml')]);
  t.same(parseConfig('{', FILE, {}).files, [FILE]);
  t.end();
});

t.test('no error contains a value from the environment', (t) => {
  const planted = 's3cr3t-planted-value';
  const env = { P: planted };
  const P = '"${env:P}"';
  const text = `
server: { url: ${P}, listen: { host: ${P}, port: ${P} }, trustProxy: [${P}], tls: ${P} }
aws: { region: ${P}, endpoint: ${P}, credentials: { accessKeyId: ${P}, secretAccessKey: [${P}] } }
issuers:
  a: { type: ${P} }
  b: { type: oidc, issuer: ${P}, preset: ${P}, audience: [${P}, ${P}], algorithms: [${P}], maxLifetime: ${P}, replay: ${P} }
  c: { type: saml, metadata: x, audience: ${P}, unsolicited: ${P}, namespaces: ["a b", ${P}, ${P}] }
roles:
  a: { via: ${P} }
  b: { via: AssumeRoleWithSAML, roleArn: ${P}, principalArn: ${P}, reason: ${P}, session: { duration: ${P}, policyArns: [${P}] } }
  c: { via: GetFederationToken, session: { name: "\${nope(${'${env:P}'})}", tags: { a: "\${claims.x", "\${env:P}": x } } }
grants:
  - { id: x, issuer: ${P}, match: {}, roles: [${P}], from: [${P}] }
  - { id: ${P}, issuer: b, match: {}, roles: [a] }
  - { id: ${P}, issuer: [b, ${P}], match: {}, roles: [a], effect: ${P} }
  - { id: ${P}, issuer: b, match: {}, roles: [a] }
audit: { sinks: [{ type: ${P} }] }
`;
  const result = parseConfig(text, FILE, env);
  const later = result.loaded ? compilePolicy(result.loaded.config).errors : [];
  t.ok(result.errors.length > 20, `${result.errors.length} errors`);
  t.ok(result.errors.some(({ message }) => /Unknown issuer/.test(message)));
  t.ok(result.errors.some(({ message }) => /Another grant already has this id/.test(message)));
  t.ok(later.length > 0);
  t.notMatch(JSON.stringify([...result.errors, ...later]), planted);
  t.end();
});

t.test('webIdentity: broker requires keys, and an issuer URL that IAM accepts', (t) => {
  const KEYLESS = `
  deploy: { via: AssumeRoleWithWebIdentity, webIdentity: broker, roleArn: "arn:aws:iam::111122223333:role/deploy" }`;
  const rows: [section: string | undefined, errors: readonly RegExp[]][] = [
    ['{ keys: k }', []],
    ['{ keys: k, issuer: "https://d111.cloudfront.net/a", audience: x, lifetime: 1h }', []],
    ['{ keys: k, issuer: "http://127.0.0.1:8443", lifetime: 60s }', []],
    [undefined, [/^8:\d+ webIdentity: broker requires signing keys\. .* webIdentity\.keys\.$/]],
    ['{ issuer: "https://a" }', [/"keys" is missing/]],
    ['{ keys: k, issuer: "http://a" }', [/Must be an https URL/]],
    ['{ keys: k, issuer: "https://a/" }', [/Invalid value\. Expected: URL of the OIDC provider/]],
    ['{ keys: k, issuer: "https://a?b" }', [/Invalid value\. Expected: URL of the OIDC provider/]],
    ['{ keys: k, lifetime: 59s }', [/1m to 1h/]],
    ['{ keys: k, lifetime: 2h }', [/1m to 1h/]],
  ];
  for (const [section, errors] of rows) {
    const lines = errorLines(
      config({ roles: KEYLESS, ...(section !== undefined && { webIdentity: section }) }),
    );
    t.equal(lines.length, errors.length, `${section} ${lines}`);
    t.match(lines, errors, String(section));
  }
  const server = '{ url: "http://sallyport.corp.example" }';
  t.match(errorLines(config({ server, webIdentity: '{ keys: k }' })), [
    /If it is not set, server\.url is used/,
  ]);
  t.end();
});

t.test('listening on other than loopback requires TLS or a trusted proxy', (t) => {
  const rows: [server: string, fault: boolean][] = [
    ['{ url: "https://a" }', false],
    ['{ url: "https://a", listen: { port: 1 } }', false],
    ['{ url: "https://a", listen: { host: 127.0.0.1 } }', false],
    ['{ url: "https://a", listen: { host: 127.1.2.3 } }', false],
    ['{ url: "https://a", listen: { host: localhost } }', false],
    ['{ url: "https://a", listen: { host: "::1" } }', false],
    ['{ url: "https://a", listen: { host: 0.0.0.0 } }', true],
    ['{ url: "https://a", listen: { host: "::" } }', true],
    ['{ url: "https://a", listen: { host: 127.0.0.1.example } }', true],
    ['{ url: "https://a", listen: { host: localhost.example } }', true],
    ['{ url: "https://a", listen: { host: 0.0.0.0 }, tls: { cert: a, key: b } }', false],
    ['{ url: "https://a", listen: { host: 0.0.0.0 }, trustProxy: [10.0.0.1] }', false],
  ];
  for (const [server, error] of rows) {
    const lines = errorLines(config({ server }));
    t.equal(lines.length, error ? 1 : 0, server);
    if (error) t.match(lines[0], /^2:\d+ Credentials would be sent over the network without TLS/);
  }
  t.end();
});

t.test('names of Object.prototype members are ordinary names or refused', (t) => {
  const text = `
server: { url: https://a.example }
aws: { region: eu-west-1 }
issuers:
  constructor: { type: oidc, issuer: https://login.corp.example, audience: sallyport }
roles:
  toString: { via: GetFederationToken }
grants:
  - { id: hasOwnProperty, issuer: constructor, match: { __proto__: x, valueOf: y }, roles: [toString] }
`;
  const { ok, loaded } = parseConfig(text, FILE, {});
  t.ok(ok);
  t.same(Object.keys(loaded?.config.grants[0]?.match ?? {}), ['__proto__', 'valueOf']);
  const refused = `${text.replace('constructor:', '__proto__:').replace('toString:', '__proto__:')}  - { id: b, issuer: valueOf, match: {}, roles: [toString] }\n`;
  t.match(errorLines(refused), [
    /^5:3 Invalid name "__proto__"/,
    /^7:3 Invalid name "__proto__"/,
    /^9:27 Unknown issuer/,
    /^9:93 Unknown role/,
    /^10:14 Unknown issuer/,
    /^10:50 Unknown role/,
  ]);
  t.notOk('polluted' in {});
  t.end();
});

t.test('role ARNs and JWT algorithms are restricted to valid ones', (t) => {
  const arn = (arn: string, region = 'eu-west-1') =>
    errorsOf(
      config({
        aws: `{ region: ${region} }`,
        roles: `{ deploy: { via: AssumeRoleWithWebIdentity, roleArn: ${JSON.stringify(arn)} } }`,
      }),
    ).length === 0;
  for (const [sound, region] of [
    ['arn:aws:iam::111122223333:role/a', 'eu-west-1'],
    ['arn:aws-us-gov:iam::111122223333:role/x/y/a', 'us-gov-west-1'],
    ['arn:aws-cn:iam::111122223333:role/a.b@c', 'cn-north-1'],
  ] as const)
    t.ok(arn(sound, region), sound);
  for (const wrong of [
    '',
    'arn:aws:iam::111122223333:user/a',
    'arn:aws:iam::11112222333:role/a',
    'arn:aws:iam::111122223333:role/',
    'arn:aws:iam::111122223333:role/a b',
    ' arn:aws:iam::111122223333:role/a',
    'arn:aws:iam::111122223333:role/a\n',
    `arn:aws:iam::111122223333:role/${'a'.repeat(65)}`,
    'arn:aws:sts::111122223333:assumed-role/a/b',
  ])
    t.notOk(arn(wrong), JSON.stringify(wrong));
  const issuer = (algorithms: string) =>
    errorsOf(
      config({
        issuers: `{ corp: { type: oidc, issuer: "https://a", audience: a, algorithms: ${algorithms} } }`,
      }),
    ).length === 0;
  t.ok(issuer('[RS256, ES512, EdDSA]'));
  for (const wrong of ['[none]', '[HS256]', '[rs256]', '[]', '[RS256, RS256]', 'RS256'])
    t.notOk(issuer(wrong), wrong);
  t.end();
});

t.test('tests and grants without effect or with unknown names are errors', (t) => {
  const rows: [section: Record<string, string>, fault: RegExp][] = [
    [{ grants: '[ { id: g, issuer: corp, match: {} } ]' }, /no roles and no permissions. Add one of them/],
    [{ tests: '[ { principal: { issuer: corp } } ]' }, /no expectation. Add allow, deny or session/],
    [{ tests: '[ { principal: { issuer: crop }, allow: [deploy] } ]' }, /Unknown issuer/],
    [{ tests: '[ { principal: { issuer: corp }, allow: [dploy] } ]' }, /Unknown role/],
    [{ tests: '[ { principal: { issuer: corp }, deny: [dploy] } ]' }, /Unknown role/],
    [{ tests: '[ { principal: { issuer: corp }, session: { dploy: {} } } ]' }, /Unknown role/],
    [
      { lint: '{ ignore: [ { code: grant-opne, on: grants.all, reason: x } ] }' },
      /Must be one of: grant-open/,
    ],
    [{ lint: '{ ignore: [ { code: grant-open, on: grants.all } ] }' }, /"reason" is missing/],
  ];
  for (const [section, error] of rows) {
    const lines = errorLines(config(section));
    t.equal(lines.length, 1, lines.join(' | '));
    t.match(lines[0], error);
  }
  const permission = '[ { id: g, issuer: corp, match: {}, permissions: [explain] } ]';
  t.same(errorLines(config({ grants: permission })), []);
  t.end();
});
