// The configs in examples/ load, compile and decide as their comments say. Configs in the documentation are checked too.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createOidcVerifier } from '../src/authn/oidc/verifier.js';
import { createSamlVerifier } from '../src/authn/saml/verifier.js';
import { decide } from '../src/authz/decide.js';
import { compilePolicy } from '../src/authz/policy.js';
import { loadConfig, parseConfig } from '../src/config/load.js';
import { type Config, ConfigSchema } from '../src/config/schema/config.js';
import type { SallyportError } from '../src/core/errors.js';
import type { Claims, Decision, IssuerType } from '../src/core/types.js';
import { createLog } from '../src/telemetry/log.js';
import { fixturePath, fromRoot } from './support/paths.js';

const NOW = new Date('2026-11-21T12:00:00Z');
const CA = fixturePath('oidc/issuer-cert.pem');
const ENV = {
  SALLYPORT_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  SALLYPORT_SECRET_ACCESS_KEY: 'an-example-secret',
  EDGE_CLUSTER_CA: CA,
  EDGE_CLUSTER_TOKEN: '/var/run/edge/token',
};
const FOLDER = fromRoot('examples');

interface RequestedRole {
  readonly issuer: string;
  readonly claims: Claims;
  readonly role?: string;
  readonly from?: string;
  readonly reason?: string;
  readonly at?: string;
}

/** Loads an example. Returns the decision of its policy, or the error code. */
function decider(name: string) {
  const result = loadConfig(join(FOLDER, name), ENV);
  t.strictSame(result.errors, [], `${name} loads`);
  if (!result.ok) throw new Error(`${name} does not load`);
  const { config } = result.loaded;
  const { policy, errors } = compilePolicy(config);
  t.strictSame(errors, [], `${name} compiles`);
  return (ask: RequestedRole): Decision | string => {
    const now = ask.at === undefined ? NOW : new Date(ask.at);
    const at = now.getTime() / 1000;
    const type: IssuerType | undefined = config.issuers[ask.issuer]?.type;
    if (type === undefined) throw new Error(`${name} has no such issuer`);
    const principal = {
      issuer: ask.issuer,
      type,
      subject: 'caller',
      claims: ask.claims,
      issuedAt: at - 60,
      expiresAt: at + 240,
    };
    try {
      return decide(policy, principal, { ...ask, sourceAddress: ask.from ?? '203.0.113.9' }, now);
    } catch (error) {
      return (error as SallyportError).code;
    }
  };
}

const ofType = <T extends IssuerType>(config: Config, type: T) =>
  Object.fromEntries(
    Object.entries(config.issuers).filter(
      (entry): entry is [string, Extract<Config['issuers'][string], { type: T }>] => entry[1].type === type,
    ),
  );

t.test('the issuers of every example config create a verifier', async (t) => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  t.strictSame(names.sort(), ['containers.yaml', 'on-prem.yaml', 'portal.yaml']);
  for (const name of names) {
    const { loaded } = loadConfig(join(FOLDER, name), ENV);
    if (!loaded) throw new Error(`${name} does not load`);
    const log = createLog('silent');
    const { config } = loaded;
    const oidc = await createOidcVerifier({ issuers: ofType(config, 'oidc'), log });
    const saml = await createSamlVerifier({
      issuers: ofType(config, 'saml'),
      serverUrl: config.server.url,
      log,
    });
    for (const part of [oidc, saml]) {
      t.strictSame(part.ok ? [] : part.errors, [], name);
      if (part.ok) await part.verifier.close();
    }
  }
});

t.test('the on-prem example permits services by client ID and network, and people by group', async (t) => {
  const decision = decider('on-prem.yaml');
  const GROUP = 'http://schemas.xmlsoap.org/claims/Group';
  const person = (group: string, more: Claims = {}) => ({
    issuer: 'adfs',
    claims: {
      [GROUP]: [group],
      'https://aws.amazon.com/SAML/Attributes/RoleSessionName': ['jane@corp.example'],
      AuthnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      ...more,
    },
  });
  const withSecondFactor = { AuthnContextClassRef: 'http://schemas.microsoft.com/claims/multipleauthn' };
  const backup = { issuer: 'okta', claims: { cid: '0oa1nightlybackup456' }, at: '2026-11-21T01:00:00Z' };

  t.match(decision({ ...backup, from: '10.20.3.4' }), {
    role: 'backup-writer',
    grant: 'nightly-backup',
    session: { name: 'backup-0oa1nightlybackup456', durationSeconds: 900 },
  });
  t.equal(decision({ ...backup, from: '10.21.3.4' }), 'no_role_permitted', 'from another network');
  const other = { ...backup, claims: { cid: '0oa1other' }, from: '10.20.3.4' };
  t.equal(decision(other), 'no_role_permitted', 'another service');
  const late = { ...backup, from: '10.20.3.4', at: '2026-11-21T05:00:00Z' };
  t.equal(decision(late), 'no_role_permitted', 'at six in Berlin');

  t.match(decision(person('Data Analysts')), {
    role: 's3-reader',
    target: { operation: 'AssumeRoleWithSAML' },
    session: { name: 'jane@corp.example', durationSeconds: 3600 },
  });
  t.equal(decision({ ...person('Finance'), role: 'billing-admin' }), 'role_not_permitted', 'one factor');
  const finance = { ...person('Finance', withSecondFactor), role: 'billing-admin' };
  t.equal(decision(finance), 'reason_required');
  t.match(decision({ ...finance, reason: 'month end' }), { reason: 'month end', grant: /second-factor$/ });
  const pair = (path: string) =>
    `arn:aws:iam::444455556666:role/${path},arn:aws:iam::444455556666:saml-provider/Adfs`;
  const named = person('Sales', {
    'https://aws.amazon.com/SAML/Attributes/Role': [pair('federated/Dev'), pair('Admin')],
  });
  t.match(decision(named), {
    role: 'arn:aws:iam::444455556666:role/federated/Dev',
    rolesFrom: 'by-adfs',
    grant: 'named-by-adfs',
    session: { name: 'jane@corp.example', durationSeconds: 3600 },
  });
  const admin = { ...named, role: 'arn:aws:iam::444455556666:role/Admin' };
  t.equal(decision(admin), 'role_not_permitted', 'a role that AD FS may not name');
  const leaver = person('Finance', { 'https://corp.example/claims/EmploymentStatus': ['leaver'] });
  t.equal(decision(leaver), 'no_role_permitted', 'a deny wins');
});

t.test(
  'portal: employees by app role, partners to their own prefix, requested by the portal only',
  async (t) => {
    const decision = decider('portal.yaml');
    const portal = '10.1.2.7';
    const employee = (roles: readonly string[], acct = 0) => ({
      issuer: 'employees',
      claims: { roles, acct, preferred_username: 'jane@corp.example' },
      from: portal,
    });
    const partner = (id?: string) => ({
      issuer: 'partners',
      claims: { 'cognito:username': 'uploader', ...(id !== undefined && { 'custom:partner_id': id }) },
      from: portal,
    });

    t.match(decision(employee(['Aws.Reader'])), {
      role: 'read-only',
      session: { name: 'jane@corp.example' },
    });
    t.equal(decision({ ...employee(['Aws.Reader']), role: 'operator' }), 'role_not_permitted');
    t.equal(decision(employee(['Aws.Operator'])), 'role_ambiguous', 'an operator may have both');
    const operate = { ...employee(['Aws.Operator']), role: 'operator' };
    t.equal(decision(operate), 'reason_required');
    t.match(decision({ ...operate, reason: 'INC-1234' }), {
      session: { policyArns: ['arn:aws:iam::aws:policy/PowerUserAccess'], durationSeconds: 900 },
    });
    t.equal(decision(employee(['Aws.Operator'], 1)), 'no_role_permitted', 'a guest of the tenant');
    const { acct: _, ...unsaid } = employee(['Aws.Operator']).claims;
    t.equal(decision({ ...operate, claims: unsaid }), 'role_not_permitted', 'no word on being a guest');
    t.equal(decision({ ...operate, from: '10.1.3.7' }), 'role_not_permitted', 'not through the portal');

    const acme = decision(partner('acme'));
    t.match(acme, {
      target: { operation: 'GetFederationToken' },
      session: { name: 'uploader', tags: { partner: 'acme' } },
    });
    t.match(
      typeof acme === 'string' ? '' : acme.session.policy,
      /"arn:aws:s3:::corp-partner-inbox\/acme\/\*"/,
    );
    t.equal(decision(partner('*')), 'session_value_invalid', 'a claim cannot widen the prefix');
    t.equal(decision(partner()), 'no_role_permitted');
  },
);

t.test(
  'the containers example permits pods by service account, and CI jobs by repository and branch',
  async (t) => {
    const decision = decider('containers.yaml');
    const pod = (issuer: string, sub: string, from = '10.30.1.1') => ({ issuer, claims: { sub }, from });
    const job = (more: Claims = {}) => ({
      issuer: 'ci',
      claims: {
        repository_id: '789',
        ref: 'refs/heads/release-2',
        event_name: 'push',
        run_id: '42',
        runner_environment: 'github-hosted',
        ...more,
      },
    });

    t.match(decision(pod('eks', 'system:serviceaccount:reports:nightly')), {
      role: 'report-writer',
      target: { operation: 'AssumeRoleWithWebIdentity' },
      session: { name: 'nightly-reports' },
    });
    t.equal(decision(pod('eks', 'system:serviceaccount:reports:other')), 'no_role_permitted');
    t.equal(
      decision(pod('edge', 'system:serviceaccount:reports:nightly')),
      'no_role_permitted',
      'the same name in another cluster',
    );
    const telemetry = 'system:serviceaccount:telemetry:collector';
    t.match(decision(pod('edge', telemetry)), {
      role: 'edge-metrics',
      session: { name: /^system-servicea-[0-9a-f]{16}$/ },
    });
    t.equal(decision(pod('edge', telemetry, '192.0.2.1')), 'no_role_permitted', 'from another network');

    t.match(decision(job()), { role: 'deploy', session: { name: 'gha-42', durationSeconds: 900 } });
    t.equal(decision(job({ ref: 'refs/heads/main' })), 'no_role_permitted');
    t.equal(decision(job({ repository_id: '790' })), 'no_role_permitted');
    t.equal(decision(job({ event_name: 'pull_request_target' })), 'no_role_permitted', 'a deny wins');
    const ownMachine = { runner_environment: 'self-hosted', environment: 'production' };
    t.equal(decision(job(ownMachine)), 'no_role_permitted', 'a push, on a machine of their own');
    t.match(decision(job({ ...ownMachine, event_name: 'workflow_dispatch' })), { role: 'deploy' });
  },
);

const readText = (path: string) => readFileSync(fromRoot(path), 'utf8');

for (const page of ['README.md', 'docs/getting-started.md']) {
  t.test(`${page}: the config is valid`, async (t) => {
    const config = [...readText(page).matchAll(/^```yaml\n(.*?)^```/gms)]
      .map(([, block]) => block)
      .join('\n');
    const { loaded, errors } = parseConfig(config, page, {});
    t.strictSame(errors, []);
    if (loaded) t.strictSame(compilePolicy(loaded.config).errors, []);
  });
}

t.test('the config reference names every key and every fixed value', async (t) => {
  const named = new Set(
    [...readText('docs/configuration.md').matchAll(/[A-Za-z][\w-]*/g)].map(([word]) => word),
  );
  const words = wordsOf(ConfigSchema);
  t.ok(words.has('metadataCertificate') && words.has('AssumeRoleWithSAML') && words.has('PS256'));
  t.strictSame(
    [...words].filter((word) => !named.has(String(word))),
    [],
  );
});

/** The keys of a JSON Schema's objects, and the strings its enums and constants allow. */
function wordsOf(schema: unknown): Set<string> {
  if (typeof schema !== 'object' || schema === null) return new Set();
  const words = new Set<string>();
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') for (const key of Object.keys(value)) words.add(key);
    if (keyword === 'enum' || keyword === 'const') for (const word of [value].flat()) words.add(String(word));
    for (const word of wordsOf(value)) words.add(word);
  }
  return words;
}
