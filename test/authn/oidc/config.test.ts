import { Ajv } from 'ajv';
import t from 'tap';
import { compileIssuer, type Issuer } from '../../../src/authn/oidc/issuer.js';
import { PRESETS, type PresetName } from '../../../src/authn/oidc/presets.js';
import { createOidcVerifier } from '../../../src/authn/oidc/verifier.js';
import { OIDC_PRESETS, OidcIssuer } from '../../../src/config/schema/oidc-issuer.js';
import type { ConfigError } from '../../../src/core/config-error.js';
import { goodClaims, NOW, newKey, signToken, startIssuer } from '../../support/oidc-issuer.js';
import { collectingLog, complete, openVerifier, outcome } from '../../support/oidc-verifier.js';
import { fixturePath } from '../../support/paths.js';

const isSchemaSound = new Ajv({ strict: false }).compile(OidcIssuer);
const ca = fixturePath('oidc/issuer-cert.pem');

const compile = async (config: Partial<OidcIssuer>) => {
  const faults: ConfigError[] = [];
  const full: OidcIssuer = { type: 'oidc', audience: 'sallyport', ...config };
  const issuer = await compileIssuer('ci', full, faults);
  return { issuer, faults, schemaSound: isSchemaSound(full) };
};

t.test('valid issuer configs compile to the expected settings', async (t) => {
  const GUID = '11111111-2222-3333-4444-555555555555';
  const github = 'https://token.actions.githubusercontent.com';
  const cases: [what: string, config: Partial<OidcIssuer>, expected: Partial<Issuer>][] = [
    [
      'defaults',
      { issuer: 'https://login.corp.example' },
      {
        url: 'https://login.corp.example',
        jwksHosts: ['login.corp.example'],
        addressPolicy: 'public',
        audience: ['sallyport'],
        algorithms: ['RS256', 'ES256'],
        tokenTypes: [],
        maxLifetime: 86_400,
        singleUse: false,
      },
    ],
    [
      'everything said',
      {
        issuer: 'https://login.corp.example:8443/a',
        audience: ['a', 'b'],
        authorizedParties: 'p',
        algorithms: ['PS512'],
        typ: ['AT+JWT', 'application/jwt'],
        maxLifetime: '5m',
        replay: 'once',
        private: true,
        ca,
      },
      {
        jwksHosts: ['login.corp.example:8443'],
        addressPolicy: 'private',
        audience: ['a', 'b'],
        authorizedParties: ['p'],
        algorithms: ['PS512'],
        tokenTypes: ['at+jwt', 'jwt'],
        maxLifetime: 300,
        singleUse: true,
      },
    ],
    [
      'GitHub Actions',
      { preset: 'github-actions', require: { repository_owner_id: '123456' } },
      { url: github, jwksUri: `${github}/.well-known/jwks`, algorithms: ['RS256'] },
    ],
    [
      'GitHub Actions of one enterprise',
      { preset: 'github-actions', issuer: `${github}/octo` },
      { url: `${github}/octo` },
    ],
    [
      'GitLab.com',
      { preset: 'gitlab', require: { namespace_id: '72' } },
      { url: 'https://gitlab.com', jwksUri: 'https://gitlab.com/oauth/discovery/keys' },
    ],
    [
      'a GitLab of your own',
      { preset: 'gitlab', issuer: 'https://git.corp.example' },
      { addressPolicy: 'public' },
    ],
    [
      'Google',
      { preset: 'google', require: { hd: 'corp.example' } },
      { url: 'https://accounts.google.com', jwksUri: 'https://www.googleapis.com/oauth2/v3/certs' },
    ],
    [
      'Entra ID, and its tenant bound',
      { preset: 'entra', issuer: `https://login.microsoftonline.com/${GUID}/v2.0` },
      { requiredClaims: new Map([['tid', [GUID]]]) },
    ],
    [
      'Entra ID, version 1',
      { preset: 'entra', issuer: `https://sts.windows.net/${GUID}/` },
      { requiredClaims: new Map([['tid', [GUID]]]) },
    ],
    ['Okta', { preset: 'okta', issuer: 'https://corp.okta.com' }, {}],
    ['Auth0', { preset: 'auth0', issuer: 'https://corp.eu.auth0.com/' }, {}],
    [
      'Keycloak, whose type is a claim',
      { preset: 'keycloak', issuer: 'https://sso.corp.example/auth/realms/corp' },
      { requiredClaims: new Map([['typ', ['ID']]]) },
    ],
    [
      'Keycloak, access tokens',
      { preset: 'keycloak', issuer: 'https://sso.corp.example/realms/corp', require: { typ: 'Bearer' } },
      { requiredClaims: new Map([['typ', ['Bearer']]]) },
    ],
    [
      'Kubernetes in the cluster',
      {
        preset: 'kubernetes',
        issuer: 'https://kubernetes.default.svc.cluster.local',
        jwksUri: 'https://10.0.0.1/openid/v1/jwks',
        private: true,
      },
      { addressPolicy: 'private' },
    ],
    [
      'EKS',
      {
        preset: 'eks',
        issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF',
      },
      {},
    ],
    [
      'Cognito',
      { preset: 'cognito', issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123' },
      { requiredClaims: new Map([['token_use', ['id']]]) },
    ],
    ['http on loopback', { issuer: 'http://127.0.0.1:9000' }, { addressPolicy: 'loopback' }],
    ['http on localhost', { issuer: 'http://localhost:9000' }, { addressPolicy: 'loopback' }],
    ['http on loopback in IPv6', { issuer: 'http://[::1]:9000' }, { addressPolicy: 'loopback' }],
    [
      'a private address declared so',
      { issuer: 'https://10.1.2.3', private: true },
      { addressPolicy: 'private' },
    ],
  ];
  for (const [what, config, expected] of cases) {
    const { issuer, faults, schemaSound } = await compile(config);
    t.same(faults, [], what);
    t.match(issuer, expected, what);
    t.ok(schemaSound, `${what}: the schema agrees`);
  }
});

t.test('invalid issuer configs are errors at the key that is wrong', async (t) => {
  const cases: [what: string, config: Partial<OidcIssuer>, key: keyof OidcIssuer, message: RegExp][] = [
    ['no issuer', {}, 'issuer', /Write the issuer URL/],
    ['a preset without a default issuer', { preset: 'okta' }, 'issuer', /corp\.okta\.com/],
    ['no URL', { issuer: 'https://' }, 'issuer', /not a URL/],
    ['http', { issuer: 'http://login.corp.example' }, 'issuer', /https/],
    ['http in a private network', { issuer: 'http://10.0.0.1', private: true }, 'issuer', /https/],
    ['http on a name like loopback', { issuer: 'http://localhost.evil.example' }, 'issuer', /https/],
    ['another scheme', { issuer: 'ftp://localhost' }, 'issuer', /https/],
    ['a query', { issuer: 'https://a.example?x=1' }, 'issuer', /query/],
    ['a user', { issuer: 'https://me@a.example' }, 'issuer', /user/],
    ['a private address', { issuer: 'https://10.1.2.3' }, 'issuer', /private: true/],
    ['a private address in hexadecimal', { issuer: 'https://0x0a010203' }, 'issuer', /private: true/],
    ['a unique local address', { issuer: 'https://[fd12::1]' }, 'issuer', /private: true/],
    ['the metadata service', { issuer: 'https://169.254.169.254', private: true }, 'issuer', /never/],
    ['keys over http', { issuer: 'https://a.example', jwksUri: 'http://a.example/k' }, 'jwksUri', /https/],
    [
      'keys at a private address',
      { issuer: 'https://a.example', jwksUri: 'https://[::ffff:10.0.0.1]/k' },
      'jwksUri',
      /private/,
    ],
    ['GitHub Actions without an owner', { preset: 'github-actions' }, 'require', /repository_owner_id/],
    [
      'GitLab.com without an owner',
      { preset: 'gitlab', require: { ref: 'main' } },
      'require',
      /namespace_id/,
    ],
    [
      'Google without an owner',
      { preset: 'google', require: { email_verified: true } },
      'require',
      /hd, sub/,
    ],
    [
      'GitHub Actions without preset and owner',
      { issuer: 'https://token.actions.githubusercontent.com' },
      'require',
      /Anyone can get a token/,
    ],
    [
      'personal Microsoft accounts',
      {
        preset: 'entra',
        issuer: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
      },
      'require',
      /oid/,
    ],
    [
      'Entra ID for all tenants',
      { preset: 'entra', issuer: 'https://login.microsoftonline.com/common/v2.0' },
      'issuer',
      /tenant/,
    ],
    ['Auth0 without its slash', { preset: 'auth0', issuer: 'https://corp.eu.auth0.com' }, 'issuer', /slash/],
    ['Okta with a slash', { preset: 'okta', issuer: 'https://corp.okta.com/' }, 'issuer', /slash/],
    [
      'Keycloak without its realm',
      { preset: 'keycloak', issuer: 'https://sso.corp.example' },
      'issuer',
      /realm/,
    ],
    [
      'EKS at another host',
      { preset: 'eks', issuer: 'https://oidc.eks.evil.example/id/00' },
      'issuer',
      /cluster/,
    ],
    [
      'Google at another URL',
      { preset: 'google', issuer: 'https://accounts.google.example', require: { hd: 'x' } },
      'issuer',
      /accounts/,
    ],
    ['a CA file that is not there', { issuer: 'https://a.example', ca: '/nowhere.pem' }, 'ca', /certificate/],
    [
      'a CA file without a certificate',
      { issuer: 'https://a.example', ca: '/dev/null' },
      'ca',
      /certificate/,
    ],
  ];
  for (const [what, config, key, message] of cases) {
    const { issuer, faults } = await compile(config);
    t.equal(issuer, undefined, what);
    t.match(faults, [{ path: ['issuers', 'ci', key], message }], what);
    t.equal(faults.length, 1, what);
  }
});

t.test('config errors of all issuers are reported together', async (t) => {
  const result = await createOidcVerifier({
    issuers: complete({
      ci: { preset: 'github-actions', ca: '/nowhere.pem' },
      one: { issuer: 'https://a.example', audience: ['x', 'y'] },
      two: { issuer: 'https://a.example', audience: 'y' },
      three: { issuer: 'https://a.example', audience: 'z' },
      four: { issuer: 'http://a.example', audience: 'y' },
    }),
    log: collectingLog().log,
  });
  t.match(result, {
    ok: false,
    errors: [
      { path: ['issuers', 'ci', 'require'] },
      { path: ['issuers', 'ci', 'ca'] },
      { path: ['issuers', 'four', 'issuer'] },
      { path: ['issuers', 'two', 'audience'], message: /"one"/ },
    ],
  });
  t.equal(!result.ok && result.errors.length, 4);
});

t.test('the schema lists exactly the presets, and each example matches its own pattern', async (t) => {
  t.same(Object.keys(PRESETS).sort(), [...OIDC_PRESETS].sort());
  for (const [name, { issuerPattern, example, instructions }] of Object.entries(PRESETS)) {
    t.match(example, issuerPattern, name);
    t.match(instructions, /\.$/, `${name} says what it needs`);
  }
});

t.test('the schema rejects settings that verification does not support', async (t) => {
  const refused: Record<string, Record<string, unknown>> = {
    'the algorithm none': { algorithms: ['none'] },
    'an HMAC algorithm': { algorithms: ['HS256'] },
    'no algorithm': { algorithms: [] },
    'no audience': { audience: [] },
    'an empty audience': { audience: '' },
    'an unknown preset': { preset: 'facebook' },
    'a misspelt key': { algorithm: 'RS256' },
    'a required claim that is an object': { require: { a: {} } },
    'a required claim of no value': { require: { a: [] } },
    'a fragment': { issuer: 'https://a.example#x' },
  };
  for (const [what, change] of Object.entries(refused)) {
    t.notOk(isSchemaSound({ type: 'oidc', issuer: 'https://a.example', audience: 'a', ...change }), what);
  }
});

// What tokens of these providers look like, in the claims that verification turns on.
const samples: Record<PresetName, Record<string, unknown>> = {
  'github-actions': { sub: 'repo:octo/app:ref:refs/heads/main', repository_owner_id: '123456' },
  gitlab: { sub: 'project_path:g/p:ref_type:branch:ref:main', namespace_id: '72', aud: 'sallyport' },
  google: { sub: '1122', azp: '1122', email: 'x@p.iam.gserviceaccount.com', email_verified: true },
  entra: { sub: 'pairwise', tid: '00000000-0000-0000-0000-000000000000', ver: '2.0' },
  okta: { sub: '00u1', amr: ['pwd'], nbf: undefined },
  auth0: { sub: 'auth0|1' },
  keycloak: { sub: 'f:1', typ: 'ID', azp: 'sallyport' },
  kubernetes: { sub: 'system:serviceaccount:jobs:nightly', aud: ['sallyport'], nbf: NOW - 10 },
  eks: { sub: 'system:serviceaccount:jobs:nightly', aud: ['sallyport'], exp: NOW - 10 + 86_400 },
  cognito: { sub: 'aaaa', token_use: 'id', 'cognito:groups': ['x'] },
};

t.test('a token of each provider is accepted with its preset', async (t) => {
  const key = newKey('one');
  const owners: Partial<Record<PresetName, Record<string, string>>> = {
    'github-actions': { repository_owner_id: '123456' },
    gitlab: { namespace_id: '72' },
    google: { sub: '1122' },
  };
  for (const name of OIDC_PRESETS) {
    const idp = await startIssuer(t, [key]);
    const issuer = PRESETS[name].example;
    const verifier = await openVerifier(t, {
      it: { preset: name, issuer, jwksUri: `${idp.url}/keys`, require: owners[name] ?? {} },
    });
    const token = signToken(goodClaims(issuer, samples[name]), key);
    t.equal(await outcome(verifier, token), `accepted ${samples[name]['sub']}`, name);
  }
});
