// A caller in so many groups that the identity provider leaves them out must not escape a deny. Each row has a genuine twin: the
// same proof without the declaration, which is permitted.

import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import { decide, listPermittedRoles } from '../../src/authz/decide.js';
import type { Config } from '../../src/config/schema/config.js';
import type { MatcherConfig } from '../../src/config/schema/grant.js';
import { cacheKey } from '../../src/issuance/cache/cache-key.js';
import { at, goodClaims, type Json, newKey, signToken, startIssuer } from '../support/oidc-issuer.js';
import { openVerifier, verify } from '../support/oidc-verifier.js';
import { federation, policyOf, web } from '../support/policy.js';
import { NOW, signedResponse } from '../support/saml-documents.js';
import { base64, verifierWith, verifyText } from '../support/saml-verifier.js';

const key = newKey('rsa');
const idp = await startIssuer(t, [key]);
const oidc = await openVerifier(t, { corp: { issuer: idp.url } });
const samlVerifier = await verifierWith(t);

type Grant = Config['grants'][number];
const HERE = { sourceAddress: '10.1.2.3' };
const grants = (claim: string): readonly (readonly Grant[])[] => {
  const base = { issuer: 'corp', roles: ['a'] };
  const not: MatcherConfig = { not: 'contractors' };
  const when = `!has(claims["x"]) && !("contractors" in claims["${claim}"])`;
  return [
    [
      { ...base, id: 'all', match: {} },
      { ...base, id: 'deny', effect: 'deny', match: { [claim]: 'contractors' } },
    ],
    [{ ...base, id: 'negated', match: { [claim]: not } }],
    [{ ...base, id: 'absent', match: { [claim]: { not: { anyOf: ['contractors', 'guests'] } } } }],
    [
      { ...base, id: 'all', match: {} },
      {
        ...base,
        id: 'when',
        effect: 'deny',
        match: {},
        when: `!(${when.replace('!has(claims["x"]) && ', '')})`,
      },
    ],
  ];
};

const tokens: readonly [name: string, declaration: Json][] = [
  [
    '_claim_names',
    { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example' } } },
  ],
  [
    'an aggregated claim',
    { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { JWT: 'e30.e30.' } } },
  ],
  ['_claim_names without sources', { _claim_names: { groups: 'src1' } }],
  ['_claim_sources without names', { _claim_sources: { src1: { endpoint: 'https://graph.example' } } }],
  ['hasgroups', { hasgroups: true }],
  ['a declaration beside a part of the groups', { _claim_names: { groups: 'src1' }, groups: ['staff'] }],
  ['an unreadable declaration', { _claim_names: 'groups' }],
];

t.test('a JWT that leaves out the groups does not escape a deny of a group', async (t) => {
  for (const [name, declaration] of tokens) {
    const principalFor = async (changes: Json) =>
      (await verify(oidc, signToken(goodClaims(idp.url, changes), key))).principal;
    const attacker = await principalFor({ ...declaration });
    const twin = await principalFor({ groups: ['staff'] });
    for (const [index, each] of grants('groups').entries()) {
      const policy = policyOf({ a: federation }, each);
      t.equal(listPermittedRoles(policy, twin, HERE, at()).length, 1, `the twin of ${name}, policy ${index}`);
      t.equal(listPermittedRoles(policy, attacker, HERE, at()).length, 0, `${name}, policy ${index}`);
    }
  }
});

t.test('an assertion that leaves out the groups does not escape a deny of a group', async (t) => {
  const name = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups';
  const attribute = (attributeName: string, value: string) =>
    `<saml:Attribute Name="${attributeName}"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`;
  const principalFor = async (attributes: string) =>
    (await verifyText(samlVerifier, base64(signedResponse({ attributes })), NOW)).principal;
  const link = attribute('http://schemas.microsoft.com/claims/groups.link', 'https://graph.example/members');
  const twin = await principalFor(attribute(name, 'staff'));
  for (const attributes of [link, link + attribute(name, 'staff')]) {
    const attacker = await principalFor(attributes);
    for (const [index, each] of grants(name).entries()) {
      const policy = policyOf({ a: federation }, each);
      t.equal(listPermittedRoles(policy, twin, HERE, NOW).length, 1, `the twin, policy ${index}`);
      t.equal(listPermittedRoles(policy, attacker, HERE, NOW).length, 0, `policy ${index}`);
    }
  }
});

t.test('the declaration is part of the key of cached credentials', async (t) => {
  const policy = policyOf({ a: web }, [{ id: 'g', issuer: 'corp', match: {}, roles: ['a'] }]);
  const keyFor = async (changes: Json) => {
    const token = signToken(goodClaims(idp.url, changes), key);
    const { principal } = await verify(oidc, token);
    const decision = decide(policy, principal, { ...HERE, role: 'a' }, at());
    return cacheKey('f', { principal, decision, proof: { type: 'oidc', value: new Secret(token) } });
  };
  t.equal(await keyFor({ jti: '1' }), await keyFor({ jti: '2' }));
  t.not(await keyFor({ hasgroups: true }), await keyFor({}));
  t.not(await keyFor({ _claim_names: { groups: 's' } }), await keyFor({ _claim_names: { wids: 's' } }));
});
