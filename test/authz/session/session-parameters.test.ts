// Request parameters that a caller may choose: RoleSessionName, if the template of the role contains it, and the ARN of an
// IAM role in place of the configured name.

import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import { decide } from '../../../src/authz/decide.js';
import { explainByName, explainRole, explainToCaller } from '../../../src/authz/explain/explain.js';
import { runPolicyTests } from '../../../src/authz/explain/policy-tests.js';
import { lint } from '../../../src/authz/lint/lint.js';
import { compilePolicy } from '../../../src/authz/policy.js';
import { parseConfig } from '../../../src/config/load.js';
import type { Principal } from '../../../src/core/types.js';
import { cacheKey } from '../../../src/issuance/cache/cache-key.js';
import { NOW, principalOf, refusalOf } from '../../support/policy.js';

const DEPLOY = 'arn:aws:iam::111122223333:role/deploy';
const SHARED = 'arn:aws:iam::111122223333:role/team/Shared';

const CONFIG = `
server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers:
  corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport }
  adfs: { type: saml, metadata: /etc/adfs.xml }
webIdentity: { keys: ./keys }
roles:
  fixed: { via: AssumeRole, roleArn: "${DEPLOY}" }
  chosen: { via: AssumeRole, roleArn: "arn:aws:iam::111122223333:role/chosen", session: { name: "\${slug(claims.sub)}-\${request.RoleSessionName}" } }
  optional: { via: GetFederationToken, session: { name: "\${default(request.RoleSessionName, \\"nobody\\")}", policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] } }
  shared-by-token: { via: AssumeRoleWithWebIdentity, roleArn: "${SHARED}" }
  shared-by-assertion: { via: AssumeRoleWithSAML, roleArn: "${SHARED}", principalArn: "arn:aws:iam::111122223333:saml-provider/Adfs" }
  shared-with-reason: { via: AssumeRole, roleArn: "${SHARED}", reason: required }
rolesFrom:
  fam: { via: AssumeRoleWithWebIdentity, claim: arns, accounts: ["111122223333"], roleArns: ["arn:aws:iam::*:role/*"] }
grants:
  - { id: everyone, issuer: [corp, adfs], match: {}, roles: [fixed, chosen, optional, shared-by-token, shared-by-assertion, fam] }
  - { id: emergency, issuer: corp, match: { oncall: true }, roles: [shared-with-reason] }
  - { id: no-tokens, effect: deny, match: { suspended: true }, roles: [shared-by-token] }
tests:
  - principal: { issuer: corp, claims: { sub: alice } }
    session:
      chosen: { name: alice-RoleSessionName }
      optional: { name: RoleSessionName }
`;
const { loaded, errors: configErrors } = parseConfig(CONFIG, 'sallyport.yaml', {});
if (!loaded) throw new Error(JSON.stringify(configErrors));
const { policy, errors } = compilePolicy(loaded.config);

const alice = principalOf({}, { issuer: 'corp' });
type RequestParameters = Omit<Parameters<typeof decide>[2], 'sourceAddress'>;
const ask = (requested: RequestParameters, principal: Principal = alice) =>
  decide(policy, principal, { sourceAddress: '10.1.2.3', ...requested }, NOW);
const refused = (requested: RequestParameters, principal?: Principal) =>
  refusalOf(() => ask(requested, principal));
const nameOf = (requested: RequestParameters) => ask(requested).session.name;

t.test('RoleSessionName sets the session name only if the template contains it', (t) => {
  t.same([...configErrors, ...errors], []);
  t.equal(nameOf({ role: 'chosen', roleSessionName: 'build-7' }), 'alice-build-7');
  t.equal(nameOf({ role: 'optional', roleSessionName: 'build-7' }), 'build-7');
  t.equal(nameOf({ role: 'optional' }), 'nobody', 'a default stands in');
  t.equal(nameOf({ role: 'fixed' }), 'alice');

  const rows: [asked: RequestParameters, detail: RegExp][] = [
    [{ role: 'chosen' }, /Send RoleSessionName\.$/],
    [{ role: 'chosen', roleSessionName: '' }, /Send RoleSessionName\.$/],
    [{ role: 'chosen', roleSessionName: 'x'.repeat(60) }, /must be 2 to 64 .* shorter one\.$/],
    [{ role: 'chosen', roleSessionName: 'planted value' }, /must be 2 to 64 /],
    [{ role: 'optional', roleSessionName: 'x'.repeat(33) }, /must be 2 to 32 /],
    [{ role: 'fixed', roleSessionName: 'build-7' }, /Remove RoleSessionName from the request\.$/],
    [{ role: 'shared-by-token', roleSessionName: 'build-7' }, /Remove RoleSessionName from the request\.$/],
  ];
  for (const [requested, detail] of rows) {
    const reported = refused(requested);
    t.match(reported, { code: 'parameter_invalid', reason: 'parameter.role_session_name', detail });
    t.notMatch(reported?.detail ?? '', 'planted', 'the value is not repeated');
  }
  t.end();
});

t.test('a preferred RoleSessionName is used if the role accepts one, and ignored otherwise', (t) => {
  const preferred = { roleSessionName: 'wished' };
  t.equal(nameOf({ role: 'chosen', preferred }), 'alice-wished');
  t.equal(nameOf({ role: 'chosen', preferred, roleSessionName: 'asked' }), 'alice-asked');
  t.equal(nameOf({ role: 'fixed', preferred }), 'alice');
  t.end();
});

t.test('RoleSessionName and claims are not parsed as templates', (t) => {
  t.equal(refused({ role: 'chosen', roleSessionName: '${claims.sub}' })?.code, 'parameter_invalid');
  const principal = principalOf({ sub: '${request.RoleSessionName}' }, { issuer: 'corp' });
  const { name } = ask({ role: 'chosen', roleSessionName: 'build-7' }, principal).session;
  t.match(name, /^-request\.RoleSe-[0-9a-f]{16}-build-7$/);
  t.end();
});

t.test('the cache key includes the session name', (t) => {
  const key = (roleSessionName: string) => {
    const decision = ask({ role: 'chosen', roleSessionName });
    return cacheKey('e', { principal: alice, decision, proof: { type: 'oidc', value: new Secret('x') } });
  };
  t.equal(key('one'), key('one'));
  t.not(key('one'), key('two'));
  t.end();
});

t.test('${request.RoleSessionName} outside session.name is a config error', (t) => {
  const errorsOf = (role: object) =>
    compilePolicy({ ...loaded.config, roles: { r: role as never } }).errors.map(({ path, message }) => [
      path.slice(2).join('.'),
      message,
    ]);
  const message = '${request.RoleSessionName} is supported only in session.name. Use ${claims.NAME}.';
  const it = '${request.RoleSessionName}';
  const role = { via: 'AssumeRole', roleArn: DEPLOY };
  const policyOfIt = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: it }],
  };
  t.same(errorsOf({ ...role, session: { sourceIdentity: it } }), [['session.sourceIdentity', message]]);
  t.same(errorsOf({ ...role, session: { tags: { who: `x-${it}` } } }), [['session.tags.who', message]]);
  t.same(errorsOf({ ...role, session: { policy: policyOfIt } }), [
    ['session.policy.Statement.0.Resource', message],
  ]);
  t.same(errorsOf({ ...role, session: { name: `${it}!` } })[0]?.[0], 'session.name', 'no name of AWS');
  const other = '${request.Reason}';
  t.match(errorsOf({ ...role, session: { name: other } }), [
    ['session.name', /^Invalid expression\. Use \$\{claims\.NAME\}/],
  ]);

  const saml = CONFIG.replace('saml-provider/Adfs"', `saml-provider/Adfs", session: { name: "${it}" }`);
  t.match(parseConfig(saml, 'sallyport.yaml', {}).errors, [
    { path: ['roles', 'shared-by-assertion', 'session', 'name'] },
  ]);
  t.end();
});

t.test('explanations, policy tests and lint support ${request.RoleSessionName}', (t) => {
  const explained = explainRole(policy, alice, { role: 'chosen', sourceAddress: '10.1.2.3' }, NOW);
  t.equal(explained.decision?.session.name, 'alice-RoleSessionName');
  t.same(
    runPolicyTests(loaded.config, policy, NOW).flatMap(({ failures }) => failures),
    [],
  );
  t.doesNotThrow(() => lint(loaded.config, () => undefined));
  t.end();
});

t.test('Role accepts the ARN of the IAM role of a configured role', (t) => {
  t.equal(ask({ role: DEPLOY }).role, 'fixed');
  t.equal(refused({ role: DEPLOY.toUpperCase() })?.code, 'role_not_permitted');
  t.equal(refused({ role: DEPLOY.replace('deploy', 'Deploy') })?.code, 'role_not_permitted');

  // One each of the two kinds of proof: the caller's decides.
  t.equal(ask({ role: SHARED }).role, 'shared-by-token');
  const bob = principalOf({ NameID: 'bob', sub: undefined }, { issuer: 'adfs', type: 'saml' });
  const named = { 'https://aws.amazon.com/SAML/Attributes/RoleSessionName': ['bob'] };
  t.equal(ask({ role: SHARED }, { ...bob, claims: { ...bob.claims, ...named } }).role, 'shared-by-assertion');
  t.end();
});

t.test('a shared role ARN selects the permitted role, and is ambiguous if several are permitted', (t) => {
  const of = (claims: object) => principalOf(claims, { issuer: 'corp' });
  const oncall = of({ oncall: true });
  t.match(refused({ role: SHARED }, oncall), {
    code: 'role_ambiguous',
    members: { Roles: ['shared-by-token', 'shared-with-reason'] },
  });
  t.match(
    refused({ role: SHARED, reason: 'INC-1' }, of({ oncall: true, suspended: true })),
    undefined,
    'a deny of one does not deny the other',
  );
  t.equal(
    refused({ role: SHARED }, of({ oncall: true, suspended: true }))?.code,
    'reason_required',
    'and by the ARN each has the conditions that its name has',
  );
  t.equal(refused({ role: SHARED }, of({ suspended: true }))?.code, 'proof_type_mismatch');
  t.equal(
    refused({ role: SHARED }, of({ suspended: true, arns: [SHARED] }))?.code,
    'proof_type_mismatch',
    'a claim is no way round the deny',
  );
  t.end();
});

t.test('explaining an ARN covers each role with it; for a caller only the permitted ones', (t) => {
  const question = { role: SHARED, sourceAddress: '10.1.2.3' };
  const names = (explanations: readonly { readonly role: string }[]) => explanations.map(({ role }) => role);
  t.same(names(explainByName(policy, alice, question, NOW)), [
    'shared-by-token',
    'shared-by-assertion',
    'shared-with-reason',
  ]);
  t.same(names(explainToCaller(policy, alice, question, NOW)), ['shared-by-token', 'shared-by-assertion']);
  const stranger = principalOf({}, { issuer: 'elsewhere' });
  t.match(explainToCaller(policy, stranger, question, NOW), [
    { role: SHARED, permitted: false, refusal: { code: 'role_not_permitted' }, grants: [] },
  ]);
  t.end();
});

t.test('a grant that names a configured role by ARN is a config error', (t) => {
  const denied = (role: string) =>
    parseConfig(
      CONFIG.replace('tests:', `  - { id: by-arn, effect: deny, match: {}, roles: [${role}] }\ntests:`),
      'sallyport.yaml',
      {},
    ).errors.map(({ path, message }) => [path.join('.'), message]);
  for (const arn of [SHARED, SHARED.replace('Shared', 'SHARED')]) {
    t.same(denied(`fixed, "${arn}"`), [
      [
        'grants.3.roles.1',
        'The config has this IAM role under roles, so a grant must use its name. Write shared-by-token, shared-by-assertion, shared-with-reason.',
      ],
    ]);
  }
  t.same(denied('"arn:aws:iam::111122223333:role/elsewhere"'), [], 'a role that only claims name');
  t.end();
});
