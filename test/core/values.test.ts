import { isLoopback } from '@sallyport/client/internal/secure-url';
import fc from 'fast-check';
import t from 'tap';
import { addressSet, isAddressBlock } from '../../src/core/address.js';
import { IAM_ROLE_ARN_PATTERN, POLICY_ARN_PATTERN, SAML_PROVIDER_ARN_PATTERN } from '../../src/core/arn.js';
import { DURATION_PATTERN, formatSeconds, seconds } from '../../src/core/duration.js';
import { ERRORS, type ErrorCode, SallyportError } from '../../src/core/errors.js';

t.test('isAddressBlock accepts addresses and CIDR blocks', (t) => {
  const rows: [text: string, valid: boolean][] = [
    ['10.0.0.1', true],
    ['10.0.0.0/8', true],
    ['0.0.0.0/0', true],
    ['10.0.0.1/32', true],
    ['::1', true],
    ['2001:db8::/32', true],
    ['::/128', true],
    ['10.0.0.0/33', false],
    ['::/129', false],
    ['10.0.0.0/', false],
    ['10.0.0.0/-1', false],
    ['10.0.0.0/8/8', false],
    ['10.0.0', false],
    ['010.0.0.1', false],
    ['10.0.0.0 /8', false],
    ['localhost', false],
    ['', false],
    ['/8', false],
  ];
  for (const [text, valid] of rows) {
    t.equal(isAddressBlock(text), valid, text);
    if (valid) t.doesNotThrow(() => addressSet([text])('10.0.0.1'), text);
  }
  t.end();
});

t.test('addressSet tests membership in blocks', (t) => {
  const office = addressSet(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'fe80::/10']);
  const rows: [address: string, inside: boolean][] = [
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8:ffff::1', true],
    ['2001:db9::1', false],
    ['::ffff:10.1.2.3', true],
    ['::FFFF:10.1.2.3', true],
    ['::ffff:a01:203', true],
    ['::ffff:11.0.0.1', false],
    ['fe80::1%eth0', true],
    ['10.1.2.3:80', false],
    ['10.1.2', false],
    ['unknown', false],
    ['', false],
  ];
  for (const [address, inside] of rows) t.equal(office(address), inside, address);
  t.notOk(addressSet([])('10.0.0.1'));
  t.end();
});

t.test('isLoopback accepts loopback hosts only', (t) => {
  for (const host of ['localhost', '::1', '[::1]', '127.0.0.1', '127.255.0.9']) t.ok(isLoopback(host), host);
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '127.0.0.1.example',
    'localhost.example',
    '1127.0.0.1',
    '127.0.0.1 ',
  ])
    t.notOk(isLoopback(host), host);
  t.end();
});

t.test('durations parse and format', (t) => {
  const pattern = new RegExp(DURATION_PATTERN, 'u');
  for (const [text, value] of [
    ['1s', 1],
    ['900s', 900],
    ['15m', 900],
    ['1h', 3600],
    ['2d', 172_800],
  ] as const) {
    t.match(text, pattern);
    t.equal(seconds(text), value);
  }
  for (const text of [
    '',
    '0s',
    '015m',
    '1.5h',
    '-1h',
    '1w',
    '15',
    'm',
    '1h30m',
    ' 1h',
    '1h\n',
    '1H',
    '1234567s',
  ])
    t.notMatch(text, pattern, JSON.stringify(text));
  for (const [total, text] of [
    [0, '0s'],
    [59, '59s'],
    [60, '1m'],
    [90, '90s'],
    [3600, '1h'],
    [129_600, '36h'],
    [86_400, '1d'],
  ] as const)
    t.equal(formatSeconds(total), text);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999 }), (total) => seconds(formatSeconds(total)) === total),
  );
  t.end();
});

t.test('ARN patterns', (t) => {
  const rows: [pattern: string, good: string[], bad: string[]][] = [
    [
      IAM_ROLE_ARN_PATTERN,
      [
        'arn:aws:iam::111122223333:role/deploy',
        'arn:aws-us-gov:iam::111122223333:role/a/b/c',
        'arn:aws:iam::012345678901:role/aws-service-role/x.amazonaws.com/Y',
      ],
      [
        'arn:aws:iam::111122223333:role/',
        'arn:aws:iam::111122223333:role//a',
        'arn:aws:iam::1:role/a',
        'arn:gcp:iam::111122223333:role/a',
        'arn:aws:iam::111122223333:role/a*',
        'arn:aws:iam::111122223333:user/a',
      ],
    ],
    [
      SAML_PROVIDER_ARN_PATTERN,
      ['arn:aws:iam::111122223333:saml-provider/Adfs'],
      [
        'arn:aws:iam::111122223333:saml-provider/',
        'arn:aws:iam::111122223333:oidc-provider/a',
        'arn:aws:iam::111122223333:saml-provider/a/b',
      ],
    ],
    [
      POLICY_ARN_PATTERN,
      [
        'arn:aws:iam::aws:policy/ReadOnlyAccess',
        'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess',
        'arn:aws:iam::111122223333:policy/p',
      ],
      ['arn:aws:iam::awsx:policy/p', 'arn:aws:iam:::policy/p', 'arn:aws:iam::aws:role/p'],
    ],
  ];
  for (const [pattern, good, bad] of rows) {
    for (const arn of good) t.match(arn, new RegExp(pattern, 'u'));
    for (const arn of [...bad, '', ...good.map((arn) => `${arn}\n`), ...good.map((arn) => ` ${arn}`)])
      t.notMatch(arn, new RegExp(pattern, 'u'), JSON.stringify(arn));
  }
  t.end();
});

t.test('every error has a status, OAuth and STS codes, and a text that says what to do', (t) => {
  for (const [code, entry] of Object.entries(ERRORS)) {
    t.match(code, /^[a-z]+(?:_[a-z]+)*$/);
    t.ok(entry.status >= 400 && entry.status < 600, code);
    t.match(entry.oauth, /^[a-z_]+$/, code);
    t.match(entry.sts, /^[A-Z][A-Za-z]+$/, code);
    t.match(entry.text, /^[A-Z].*[.:;] .*\.$/, `${code}: a sentence, and what to do`);
    t.equal(
      'retryAfter' in entry,
      entry.status === 503 || entry.status === 429,
      `${code}: Retry-After where waiting helps`,
    );
    t.notMatch(entry.text, /undefined|\[object/);
  }
  t.end();
});

t.test('SallyportError keeps detail and members apart from reason and cause', (t) => {
  const cause = new Error('inner');
  const error = new SallyportError('role_ambiguous', {
    reason: 'oauth.several_roles',
    detail: 'Pick one.',
    members: { Roles: ['x'] },
    cause,
  });
  t.match(error, {
    name: 'SallyportError',
    code: 'role_ambiguous',
    reason: 'oauth.several_roles',
    detail: 'Pick one.',
    message: 'Pick one.',
    members: { Roles: ['x'] },
  });
  t.equal(error.cause, cause);
  const plain = new SallyportError('internal');
  t.match(plain, { reason: 'internal', detail: ERRORS.internal.text, members: {} });
  t.notOk('cause' in plain, 'cause is absent, not undefined');
  const codes: readonly ErrorCode[] = ['proof_invalid', 'audit_unavailable'];
  for (const code of codes) t.equal(new SallyportError(code).message, ERRORS[code].text);
  t.end();
});
