import t from 'tap';
import { decide, listPermittedRoles } from '../../../src/authz/decide.js';
import { TimeWindow } from '../../../src/authz/grants/time-window.js';
import { compilePolicy } from '../../../src/authz/policy.js';
import { parseConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/schema/config.js';
import type { BetweenConfig } from '../../../src/config/schema/grant.js';
import type { Claims } from '../../../src/core/types.js';
import { claimsOf, configOf, federation, NOW, principalOf, web } from '../../support/policy.js';

type GrantConfig = Config['grants'][number];

const allow = (more: Partial<GrantConfig> = {}): GrantConfig => ({
  id: 'g',
  issuer: 'corp',
  match: {},
  roles: ['a'],
  ...more,
});

t.test('between restricts a grant to hours and weekdays in a time zone', (t) => {
  const office: BetweenConfig = {
    hours: '08:00-18:00',
    weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'],
    timeZone: 'Europe/Berlin',
  };
  const nights: BetweenConfig = { hours: '22:00-06:00', weekdays: ['Fri'], timeZone: 'Europe/Berlin' };
  const rows: [what: string, between: BetweenConfig, now: string, holds: boolean][] = [
    // 2026-11-20 is a Friday. Berlin is an hour ahead of UTC in winter, two in summer.
    ['before', office, '2026-11-20T06:59:59Z', false],
    ['the start belongs to it', office, '2026-11-20T07:00:00Z', true],
    ['the last minute', office, '2026-11-20T16:59:59Z', true],
    ['the end does not', office, '2026-11-20T17:00:00Z', false],
    ['a Saturday', office, '2026-11-21T12:00:00Z', false],
    ['in summer the start is an hour earlier', office, '2026-07-17T06:00:00Z', true],
    ['in summer the end is an hour earlier', office, '2026-07-17T16:00:00Z', false],
    ['the Friday before clocks go forward', office, '2026-03-27T07:30:00Z', true],
    ['the Monday after', office, '2026-03-30T06:30:00Z', true],
    ['the Monday before clocks go back', office, '2026-10-19T06:30:00Z', true],
    ['the Monday after they went back', office, '2026-10-26T06:30:00Z', false],
    ['over midnight, before', nights, '2026-11-20T20:59:00Z', false],
    ['over midnight, in the evening', nights, '2026-11-20T21:00:00Z', true],
    ['over midnight, in the morning of the next day', nights, '2026-11-21T04:59:59Z', true],
    ['over midnight, after', nights, '2026-11-21T05:00:00Z', false],
    ['the morning of the day itself belongs to the day before', nights, '2026-11-20T03:00:00Z', false],
    ['the evening of the next day', nights, '2026-11-21T22:00:00Z', false],
    [
      'an hour that there is not',
      { hours: '02:00-03:00', timeZone: 'Europe/Berlin' },
      '2026-03-29T01:00:00Z',
      false,
    ],
    [
      'an hour that there is twice, first',
      { hours: '02:00-03:00', timeZone: 'Europe/Berlin' },
      '2026-10-25T00:30:00Z',
      true,
    ],
    [
      'an hour that there is twice, again',
      { hours: '02:00-03:00', timeZone: 'Europe/Berlin' },
      '2026-10-25T01:30:00Z',
      true,
    ],
    ['to the end of the day', { hours: '18:00-24:00', timeZone: 'UTC' }, '2026-11-20T23:59:59Z', true],
    ['not beyond it', { hours: '18:00-24:00', timeZone: 'UTC' }, '2026-11-21T00:00:00Z', false],
    ['midnight is of the new day', { hours: '00:00-01:00', timeZone: 'UTC' }, '2026-11-21T00:00:00Z', true],
    ['weekdays alone', { weekdays: ['Sat'], timeZone: 'Pacific/Kiritimati' }, '2026-11-20T10:00:00Z', true],
    [
      'the day is that of the place',
      { weekdays: ['Sat'], timeZone: 'Pacific/Honolulu' },
      '2026-11-21T09:59:00Z',
      false,
    ],
    [
      'a zone of half an hour',
      { hours: '17:30-17:31', timeZone: 'Asia/Kolkata' },
      '2026-11-21T12:00:30Z',
      true,
    ],
    [
      'Sunday night goes into Monday',
      { hours: '23:00-01:00', weekdays: ['Sun'], timeZone: 'UTC' },
      '2026-11-23T00:30:00Z',
      true,
    ],
  ];
  for (const [what, between, now, holds] of rows)
    t.equal(new TimeWindow(between).contains(new Date(now)), holds, what);

  const { policy } = compilePolicy(configOf({ a: web }, [allow({ between: office })]));
  const at = (now: string) =>
    listPermittedRoles(policy, principalOf(), { sourceAddress: '10.1.2.3' }, new Date(now)).length;
  t.equal(at('2026-11-20T12:00:00Z'), 1);
  t.equal(at('2026-11-21T12:00:00Z'), 0);
  t.end();
});

t.test('an invalid between is a config error', (t) => {
  const errors = (between: string, more = '') => {
    const text = `
server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers: { corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport } }
roles: { a: { via: GetFederationToken } }
grants: [ { id: g, issuer: corp, match: {}, roles: [a], between: ${between} ${more} } ]
`;
    const result = parseConfig(text, '/etc/sallyport.yaml', {});
    const later = result.ok ? compilePolicy(result.loaded.config).errors : [];
    return [...result.errors, ...later].map(({ message }) => message);
  };
  t.same(errors('{ hours: "08:00-18:00", timeZone: UTC }'), []);
  t.same(errors('{ weekdays: [Mon], timeZone: Europe/Berlin }'), []);
  for (const wrong of [
    '{ timeZone: UTC }',
    '{ hours: "08:00-18:00" }',
    '{ hours: "8:00-18:00", timeZone: UTC }',
    '{ hours: "08:00-08:00", timeZone: UTC }',
    '{ hours: "24:00-08:00", timeZone: UTC }',
    '{ hours: "08:00-25:00", timeZone: UTC }',
    '{ weekdays: [Monday], timeZone: UTC }',
    '{ weekdays: [], timeZone: UTC }',
    '{ hours: "08:00-18:00", timeZone: "+01:00" }',
  ])
    t.ok(errors(wrong).length > 0, wrong);
  t.match(errors('{ weekdays: [Mon], timeZone: Europe/Bonn }'), [/IANA time zone database/]);
  t.match(errors('{ weekdays: [Mon], timeZone: UTC }', ', effect: deny, mfa: required'), [/multi-factor/]);
  t.end();
});

t.test('mfa: required is met only by claims of the identity provider', (t) => {
  const CLASS = 'urn:oasis:names:tc:SAML:2.0:ac:classes';
  const rows: [
    issuer: 'corp' | 'adfs',
    mfa: Config['issuers'][string]['mfa'],
    claims: object,
    counts: boolean,
  ][] = [
    ['corp', undefined, {}, false],
    ['corp', undefined, { amr: ['pwd', 'mfa'] }, true],
    ['corp', undefined, { amr: 'mfa' }, true],
    ['corp', undefined, { amr: ['pwd'] }, false],
    ['corp', undefined, { amr: ['otp'] }, false],
    ['corp', undefined, { amr: [] }, false],
    ['corp', undefined, { amr: [['mfa']] }, false],
    ['corp', undefined, { amr: { mfa: true } }, false],
    ['corp', undefined, { amr: ['MFA'] }, false],
    ['corp', undefined, { acr: 'https://refeds.org/profile/mfa' }, true],
    ['corp', undefined, { acr: '1' }, false],
    ['corp', undefined, { mfa: true }, false],
    ['corp', { acr: ['2'] }, { acr: 2 }, true],
    ['corp', { acr: ['2'] }, { acr: 'https://refeds.org/profile/mfa' }, false],
    ['corp', { acr: ['2'] }, { amr: ['mfa'] }, true],
    ['corp', { amr: ['otp'] }, { amr: ['mfa'] }, false],
    ['corp', { amr: ['otp'] }, { amr: ['pwd', 'otp'] }, true],
    ['adfs', undefined, { AuthnContextClassRef: `${CLASS}:MobileTwoFactorContract` }, true],
    ['adfs', undefined, { AuthnContextClassRef: `${CLASS}:PasswordProtectedTransport` }, false],
    ['adfs', undefined, { AuthnContextClassRef: 'http://schemas.microsoft.com/claims/multipleauthn' }, true],
    [
      'adfs',
      undefined,
      {
        'http://schemas.microsoft.com/claims/authnmethodsreferences': [
          'http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password',
          'http://schemas.microsoft.com/claims/multipleauthn',
        ],
      },
      true,
    ],
    ['adfs', undefined, { amr: ['mfa'] }, false],
    ['adfs', undefined, {}, false],
    ['adfs', { acr: [`${CLASS}:SmartcardPKI`] }, { AuthnContextClassRef: `${CLASS}:SmartcardPKI` }, true],
  ];
  for (const [issuer, mfa, claims, counts] of rows) {
    const config = configOf({ a: federation }, [allow({ issuer, mfa: 'required' })]);
    const { policy } = compilePolicy({
      ...config,
      issuers: { ...config.issuers, [issuer]: { ...config.issuers[issuer], ...(mfa && { mfa }) } as never },
    });
    const principal = principalOf(claims, { issuer });
    const permitted = listPermittedRoles(policy, principal, { sourceAddress: '10.1.2.3' }, NOW);
    t.equal(permitted.length === 1, counts, `${issuer} ${JSON.stringify({ mfa, claims })}`);
  }
  t.end();
});

t.test(
  'an alias refers to its attribute in grants, templates and conditions, and never replaces a claim',
  (t) => {
    const MAIL = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress';
    const config = configOf({ a: { ...federation, session: { name: '${first(claims.email)}' } } }, [
      allow({
        issuer: ['adfs', 'corp'],
        match: { email: { glob: '*@corp.example' } },
        when: '"email" in claims',
      }),
    ]);
    const { policy, errors } = compilePolicy({
      ...config,
      issuers: {
        ...config.issuers,
        adfs: { type: 'saml', metadata: '/etc/adfs.xml', aliases: { email: MAIL, proto: '__proto__' } },
      },
    });
    t.same(errors, []);
    const name = (issuer: string, claims: Claims) => {
      const principal = { ...principalOf({}, { issuer, type: 'saml' }), claims };
      try {
        return decide(policy, principal, { sourceAddress: '10.1.2.3', role: 'a' }, NOW).session.name;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    t.equal(name('adfs', claimsOf({ [MAIL]: ['a@corp.example'] })), 'a@corp.example');
    t.equal(
      name('adfs', claimsOf({ [MAIL]: ['a@corp.example'], email: ['b@corp.example'] })),
      'b@corp.example',
    );
    t.equal(
      name('adfs', claimsOf({ [MAIL]: ['a@corp.example'], email: ['b@else.example'] })),
      'role_not_permitted',
    );
    t.equal(name('adfs', claimsOf({ [MAIL]: ['a@corp.example'], email: null })), 'role_not_permitted');
    t.equal(
      name('corp', claimsOf({ [MAIL]: ['a@corp.example'] })),
      'role_not_permitted',
      'of its issuer alone',
    );
    t.equal(name('corp', claimsOf({ email: 'a@corp.example' })), 'a@corp.example');
    t.end();
  },
);
