// iam.yaml: parsed values, and how errors are reported.
import { readFileSync } from 'node:fs';
import { loadIam } from '@sallyport/sandbox/internal/iam/load';
import { findKeyHolder, findRole } from '@sallyport/sandbox/internal/iam/model';
import t from 'tap';
import { fromRoot } from '../../../support/paths.js';
import { fixture, metadata } from '../../../support/saml-documents.js';

const example = readFileSync(fromRoot('packages/sandbox/examples/iam.yaml'), 'utf8');
const variables = {
  'oidc.issuer': 'http://127.0.0.1:8444/path',
  'oidc.host': '127.0.0.1:8444/path',
  'broker.url': 'http://127.0.0.1:8443',
  'broker.host': '127.0.0.1:8443',
  // Several lines, with characters that are special in YAML.
  'saml.metadata': `<!-- a: b\n  # - {c} -->\n${metadata().replaceAll('><', '>\n<')}`,
};

t.test('example iam.yaml loads', async (t) => {
  const iam = loadIam(example, variables);
  t.same([...iam.accounts.keys()], ['111122223333', '444455556666']);
  const account = iam.accounts.get('111122223333');
  t.equal(findKeyHolder(iam, 'AKIASANDBOXSALLYPORT')?.user?.arn, 'arn:aws:iam::111122223333:user/sallyport');
  t.equal(findKeyHolder(iam, 'AKIANOBODYNOBODYNOBO'), undefined);
  t.match(findRole(iam, 'arn:aws:iam::111122223333:role/S3Reader'), {
    id: /^AROA[A-Z2-7]{17}$/,
    maxSessionDuration: 14_400,
  });
  t.equal(findRole(iam, 'arn:aws:iam::444455556666:role/S3Reader'), undefined);
  t.same(account?.oidcProviders.get('127.0.0.1:8444/path'), {
    url: 'http://127.0.0.1:8444/path',
    arn: 'arn:aws:iam::111122223333:oidc-provider/127.0.0.1:8444/path',
    clientIds: ['sallyport'],
  });
  t.match(account?.samlProviders.get('SandboxIdp'), {
    arn: 'arn:aws:iam::111122223333:saml-provider/SandboxIdp',
    entityId: 'https://idp.corp.example/saml',
    certificates: [fixture('idp.crt')],
  });
  t.match(account?.roles.get('deploy')?.trust.statements[0]?.conditions, [
    { operator: 'StringEquals', key: '127.0.0.1:8444/path:aud', values: ['sallyport'] },
  ]);
  const again = loadIam(example, variables);
  t.equal(
    again.accounts.get('111122223333')?.roles.get('deploy')?.id,
    account?.roles.get('deploy')?.id,
    'ids stay the same from one start to the next',
  );
});

/** The lines after the first of what loadIam throws. */
function faultsOf(yaml: string, values: Record<string, string> = {}): string[] {
  try {
    loadIam(yaml, values);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
}

t.test('loadIam reports all errors together, each with its line', async (t) => {
  const errors = faultsOf(`accounts:
  "1111":
    users:
      "a b":
        accessKeys:
          - { id: AKIA1, secret: short, status: Off }
        mfaDevices: [{ serialNumber: x, seed: "01" }]
        policies: [arn:aws:iam::1111:policy/None, { Statement: [] }, 7]
    roles:
      role:
        id: AROA1
        path: team
        maxSessionDuration: 60
        colour: red
        trust:
          Version: "2020-01-01"
          Statement:
            - Effect: Perhaps
              Principal: { Somebody: x }
              Resource: "*"
              Condition:
                StringEqual: { a: b }
                StringEquals: { a: [] }
            - { Effect: Allow, NotAction: [1], Action: x, Principal: "*" }
      ${'r'.repeat(65)}: {}
    samlProviders:
      Bad: <EntityDescriptor/>
    oidcProviders:
      - { url: "http://issuer.example", clientIds: ${JSON.stringify(Array(101).fill('x'))} }
      - url: \${sandbox:nowhere}
`);
  const expected: [number, RegExp][] = [
    [3, /./],
    [6, /AKIA and 16/],
    [6, /40 characters/],
    [6, /Active or Inactive/],
    [7, /serial number/],
    [7, /base32/],
    [8, /Unknown policy arn:aws:iam::1111:policy\/None/],
    [8, /must not be empty/],
    [11, /AROA and 17/],
    [12, /begins and ends with/],
    [13, /3600 to 43200/],
    [14, /Unknown key colour\. Use id, path/],
    [16, /2008-10-17 or 2012-10-17/],
    [18, /Action and NotAction/],
    [18, /Allow or Deny/],
    [19, /Unknown key Somebody/],
    [20, /Unknown key Resource/],
    [22, /Unknown condition operator StringEqual/],
    [23, /must not be empty/],
    [24, /exactly one of Action and NotAction/],
    [24, /Write a string/],
    [25, /at most 64/],
    [25, /trust is missing/],
    [27, /EntityDescriptor/],
    [29, /https URL\. http is permitted only for issuers on this machine/],
    [29, /at most 100/],
    [30, /Unknown variable nowhere/],
    [30, /clientIds is missing/],
  ];
  for (const [line, message] of expected) {
    t.ok(
      errors.some((fault) => fault.startsWith(`  line ${line}: `) && message.test(fault)),
      `line ${line}: ${message}`,
    );
  }
  t.ok(errors.some((fault) => /12 digits/.test(fault)));
  t.ok(errors.some((fault) => /Invalid IAM name a b/.test(fault)));
});

t.test('loadIam reports invalid YAML and invalid SAML metadata', async (t) => {
  t.match(faultsOf('accounts: {\n'), [/^ {2}line 2: /]);
  t.match(faultsOf('accounts:\n  a: 1\n  a: 2\n'), [/^ {2}line 3: .*unique/i]);
  t.match(faultsOf(''), [/Write a mapping/, /accounts is missing/]);
  const provider = (text: string) =>
    faultsOf(`{ accounts: { "111122223333": { samlProviders: { Idp: "\${sandbox:x}" } } } }`, { x: text })[0];
  t.match(provider('<a'), /not well-formed/);
  t.match(provider('<a/>'), /no EntityDescriptor/);
  t.match(provider(metadata([])), /no signing certificate/);
  t.match(provider(metadata().replaceAll('IDPSSODescriptor', 'Other')), /no IDPSSODescriptor/);
  t.match(
    provider(metadata().replace(/<ds:X509Certificate>.{40}/, '<ds:X509Certificate>')),
    /cannot be read/,
  );
  t.match(provider(metadata().replace('use="signing"', 'use="encryption"')), /no signing certificate/);
});
