// check, explain, and diff: output and exit codes.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runToEnd } from '../support/command.js';
import { fixturePath, fromRoot } from '../support/paths.js';

const CONFIG = `server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers:
  corp: { type: oidc, issuer: https://login.corp.example, audience: sallyport }
roles:
  deploy:
    via: AssumeRoleWithWebIdentity
    roleArn: arn:aws:iam::111122223333:role/deploy
grants:
  - { id: engineers, issuer: corp, match: { team: blue }, roles: [deploy] }
`;

function fileWith(t: Test, text: string, name = 'sallyport.yaml'): string {
  const path = join(t.testdir(), name);
  writeFileSync(path, text);
  return path;
}

t.test('check reports errors, warnings, and failed tests', async (t) => {
  const valid = fileWith(t, CONFIG);
  t.match(await runToEnd(t, ['check', valid, '--strict']), {
    code: 0,
    stderr: '',
    stdout: `${valid}: 0 errors, 0 warnings, 0 of 0 tests passed.\n`,
  });

  const open = fileWith(t, CONFIG.replace('{ team: blue }', '{}'));
  const warning = /sallyport\.yaml:10:\d+: warning grants\.engineers: .* \[grant-open\]\n/;
  t.match(await runToEnd(t, ['check', open]), { code: 0, stdout: warning });
  t.match(await runToEnd(t, ['check', open, '--strict']), { code: 1, stdout: warning });

  const test =
    'tests: [ { name: red too, principal: { issuer: corp, claims: { team: red } }, allow: [deploy] } ]\n';
  const failing = fileWith(t, CONFIG + test);
  const failed = await runToEnd(t, ['check', failing]);
  t.equal(failed.code, 1);
  t.match(failed.stdout, /sallyport\.yaml:11:10: failed red too: deploy is refused \(role_not_permitted\)/);
  t.match(failed.stdout, /- match\.team: expected "blue", actual "red"/);
  t.notMatch(failed.stdout, '\u001B', 'colors only on a terminal');
  const { code, stdout } = await runToEnd(t, ['check', failing, '--json']);
  t.equal(code, 1);
  t.match(JSON.parse(stdout), {
    ok: false,
    file: failing,
    faults: [],
    warnings: [],
    tests: [{ name: 'red too', line: 11, failures: [{ role: 'deploy', message: /is refused/ }] }],
  });

  const faulty = fileWith(
    t,
    CONFIG.replace('https://login.corp.example', 'http://login.corp.example').replace(
      'team: blue',
      'team: 01',
    ),
  );
  const faults = await runToEnd(t, ['check', faulty]);
  t.equal(faults.code, 1);
  t.match(faults.stdout, /:4:\d+: error issuers\.corp\.issuer: /, 'an error of building the verifier');
  t.match(faults.stdout, /:10:\d+: error grants\.0\.match\.team: /);
  t.match(faults.stdout, /2 errors, 0 warnings, tests not run/);

  const broken = await runToEnd(t, [
    'check',
    fileWith(t, 'server: { a: b } c: d }\nroles: {}\ngrants: []\n'),
  ]);
  t.equal(broken.code, 1);
  t.equal(broken.stdout.trim().split('\n').length, 2, 'a YAML syntax error is reported once');
  t.match(await runToEnd(t, ['check', '/nowhere.yaml']), {
    code: 1,
    stdout: /Cannot read the config file \(ENOENT\)/,
  });
  t.match(await runToEnd(t, ['check', 'a', 'b']), { code: 2, stdout: '' });
});

t.test('check reports on the shadow config under its own name', async (t) => {
  const folder = t.testdir({ 'sallyport.yaml': `${CONFIG}shadow: ./candidate.yaml\n` });
  const [file, candidate] = ['sallyport.yaml', 'candidate.yaml'].map((name) => join(folder, name)) as [
    string,
    string,
  ];
  const check = async (text: string, ...more: string[]) => {
    writeFileSync(candidate, text);
    return runToEnd(t, ['check', file, ...more]);
  };
  const own = `${file}: 0 errors, 0 warnings, 0 of 0 tests passed.\n`;
  t.match(await check(CONFIG), { code: 0, stdout: `${own}${candidate}: 0 errors, 0 warnings, 0 of 0` });
  const open = CONFIG.replace('{ team: blue }', '{}');
  const warning = /candidate\.yaml:10:\d+: warning grants\.engineers: .* \[grant-open\]\n/;
  t.match(await check(open), { code: 0, stdout: warning });
  t.match(await check(open, '--strict'), { code: 1, stdout: warning });
  const faulty = CONFIG.replace('roles: [deploy]', 'roles: [dploy]');
  const errors = await check(faulty);
  t.match(errors, { code: 1, stdout: /candidate\.yaml:10:\d+: error grants\.0\.roles\.0: Unknown role/ });
  t.match(errors.stdout, own, 'the file itself is valid');
  const json = JSON.parse((await check(faulty, '--json')).stdout);
  t.match(json, { ok: false, file, faults: [], shadow: { file: candidate, faults: [{ file: candidate }] } });
  const failing = `${CONFIG}tests: [ { principal: { issuer: corp }, allow: [deploy] } ]\n`;
  t.match(await check(failing), { code: 1, stdout: /candidate\.yaml:11:\d+: failed test 1/ });
  const { stdout } = await runToEnd(t, [
    'check',
    fileWith(t, `${CONFIG.replace('team: blue', 'team: 01')}shadow: /nowhere.yaml\n`),
  ]);
  t.match(stdout, /1 error, .*\n\/nowhere\.yaml:1:1: error .*ENOENT/, 'all errors together');
});

t.test('schema prints the JSON Schema of the config', async (t) => {
  const { code, stdout } = await runToEnd(t, ['schema']);
  t.equal(code, 0);
  t.match(JSON.parse(stdout), { title: 'Sallyport config', properties: { grants: {} } });
});

t.test('explain uses claims, or an audit record', async (t) => {
  const folder = t.testdir({ 'blue.json': '{"sub":"bob","team":"blue"}', 'list.json': '[]' });
  const config = join(folder, 'sallyport.yaml');
  writeFileSync(config, `${CONFIG}audit: { sinks: [ { type: file, path: audit.jsonl } ] }\n`);
  const record = {
    Time: '2026-11-21T11:00:00.000Z',
    Event: 'denied',
    RequestId: 'request-1',
    SourceAddress: '192.0.2.7',
    Principal: { Issuer: 'corp', Subject: 'bob' },
    Role: 'deploy',
    Error: { Code: 'role_not_permitted', Reason: 'role_not_permitted' },
  };
  writeFileSync(join(folder, 'audit.jsonl'), `${JSON.stringify(record)}\n`);
  const explain = (...args: string[]) => runToEnd(t, ['explain', '-c', config, ...args]);
  const blue = ['--claims', join(folder, 'blue.json'), '--issuer', 'corp'];

  const received = await explain(...blue, '--role', 'deploy');
  t.equal(received.code, 0);
  t.match(received.stdout, /^corp bob from 127\.0\.0\.1 at 2\S+Z\ndeploy: permitted by engineers\n/);
  t.match(received.stdout, /session bob, 3600 seconds/);
  t.match(received.stdout, /\+ match\.team: expected "blue", actual "blue"/);
  const refused = await explain(...blue, '--role', 'admin', '--json');
  t.equal(refused.code, 1);
  t.match(JSON.parse(refused.stdout), {
    issuer: 'corp',
    roles: [{ role: 'admin', permitted: false, grants: [] }],
  });
  t.match(await explain(...blue), { code: 0, stdout: /deploy: permitted/ });

  const nightly = join(folder, 'nightly.yaml');
  const hours =
    'between: { hours: "22:00-06:00", timeZone: UTC }, when: "claims.team == claims.shift", mfa: required';
  writeFileSync(nightly, CONFIG.replace('match: { team: blue }', `match: {}, ${hours}`));
  const at = (time: string) =>
    runToEnd(t, ['explain', '-c', nightly, ...blue, '--role', 'deploy', '--now', time]);
  const night = await at('2026-11-21T23:00:00+00:00');
  t.match(night.stdout, /^corp bob from \S+ at 2026-11-21T23:00:00\.000Z\n/);
  t.match(night.stdout, /\+ between: expected .*, actual "2026-11-21T23:00:00\.000Z"/);
  t.match(night.stdout, /- mfa: expected one of \{"acr":\[.*\],"amr":\["mfa"\]\}, actual absent/);
  t.match(night.stdout, /- when: .*, actual \{"claims\.team":"blue"\}, failed: no such key at shift\n/);
  t.match((await at('2026-11-21T12:00:00Z')).stdout, /- between: /);
  t.match(await at('tomorrow'), { code: 1, stderr: /Invalid time "tomorrow"\. Specify --now as/ });

  const recorded = await explain('--request-id', 'request-1');
  t.match(recorded.stdout, /denied \(role_not_permitted, role_not_permitted\) at 2026-11-21T11:00/);
  t.match(recorded.stdout, /deploy: depends on the claims, which are not known/);
  t.match(recorded.stdout, /\? match\.team: expected "blue", actual unknown/);
  t.match(await explain('--request-id', 'request-2'), { code: 1, stderr: /no record of this request/ });
  t.match(await explain('--role', 'deploy'), { code: 2, stdout: '', stderr: /specify --claims/ });
  const unnamed = await explain('--claims', join(folder, 'blue.json'), '--role', 'deploy');
  t.match(unnamed.stdout, /deploy/, '--issuer is optional with one issuer');
  const list = ['--claims', join(folder, 'list.json'), '--issuer', 'corp'];
  t.match(await explain(...list), { code: 1, stderr: /not a JSON object/ });
  t.match(await explain(...blue, '--issuer', 'crop'), { code: 1, stderr: /has no issuer "crop"/ });
});

t.test('diff reports gained and lost roles, changed sessions, and unknown results', async (t) => {
  const folder = t.testdir();
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const old = write('old.yaml', CONFIG);
  const next = write('new.yaml', CONFIG.replace('team: blue', 'team: { anyOf: [red, green] }'));
  const named = write(
    'named.yaml',
    CONFIG.replace('role/deploy\n', 'role/deploy\n    session: { name: "x-${claims.sub}" }\n'),
  );
  const people = write(
    'people.jsonl',
    ['blue', 'red', 'grey', 'red']
      .map((team) => `{"issuer":"corp","subject":"${team}","claims":{"team":"${team}"}}\n`)
      .join(''),
  );
  const diff = (a: string, b: string, principals: string, ...more: string[]) =>
    runToEnd(t, ['diff', a, b, '--principals', principals, ...more]);

  t.match(await diff(old, old, people), { code: 0, stdout: '0 of 3 principals differ.\n' });
  t.match(await diff(old, next, people), {
    code: 1,
    stdout:
      'corp blue from 127.0.0.1\n  - deploy\ncorp red from 127.0.0.1\n  + deploy\n2 of 3 principals differ.\n',
  });
  const session = await diff(old, named, people, '--json');
  t.equal(session.code, 1);
  t.match(JSON.parse(session.stdout), {
    compared: 3,
    differences: [
      {
        principal: { subject: 'blue' },
        changes: [
          {
            role: 'deploy',
            change: 'session',
            before: { session: { name: 'blue' } },
            after: { session: { name: 'x-blue' } },
          },
        ],
      },
    ],
  });

  const principal = { Issuer: 'corp', Subject: 'bob' };
  const audit = write(
    'audit.jsonl',
    [{ Principal: principal }, { Principal: principal }, {}]
      .map(
        (more, index) =>
          `${JSON.stringify({ RequestId: `r${index}`, SourceAddress: '192.0.2.7', ...more })}\n`,
      )
      .join(''),
  );
  t.match(await diff(old, old, audit), {
    code: 0,
    stdout: /^0 of 1 principals differ\.\n1 of them have no claims/,
  });
  t.match(await diff(old, next, audit), { code: 1, stdout: /corp bob from 192\.0\.2\.7\n {2}\? deploy/ });

  const family = (glob: string) =>
    `rolesFrom: { aws: { via: AssumeRoleWithWebIdentity, claim: arns, accounts: ["111122223333"], roleArns: ["${glob}"] } }\n`;
  const granted = CONFIG.replace('roles: [deploy]', 'roles: [deploy, aws]');
  const wide = write('wide.yaml', granted + family('arn:aws:iam::*:role/*'));
  const narrow = write('narrow.yaml', granted + family('arn:aws:iam::*:role/fed/*'));
  t.match(await diff(wide, wide, audit), { code: 0 });
  t.match(await diff(wide, narrow, audit), {
    code: 1,
    stdout: /corp bob from 192\.0\.2\.7\n {2}\? aws: its definition or grants differ\n1 of 1/,
  });

  t.match(await diff(old, '/nowhere', people), {
    code: 2,
    stdout: '',
    stderr: /Cannot read the config file/,
  });
  t.match(await diff(old, next, write('x', 'x')), { code: 2, stdout: '', stderr: /Line 1 .* is not JSON/ });
  t.match(await diff(old, next, write('y', '[{}]')), {
    code: 2,
    stdout: '',
    stderr: /Principal 1 is invalid/,
  });
});

t.test('check passes for every config in the repository', async (t) => {
  const env = {
    ...process.env,
    CREDENTIALS_DIRECTORY: '/run/credentials',
    SALLYPORT_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    SALLYPORT_SECRET_ACCESS_KEY: 'an-example-secret',
    EDGE_CLUSTER_CA: fixturePath('oidc/issuer-cert.pem'),
    EDGE_CLUSTER_TOKEN: '/var/run/edge/token',
  };
  const examples = readdirSync(fromRoot('examples')).filter((name) => name.endsWith('.yaml'));
  t.ok(examples.length >= 3);
  for (const file of [...examples.map((name) => `examples/${name}`), 'deploy/sallyport.yaml']) {
    const { code, stdout } = await runToEnd(t, ['check', '--strict', fromRoot(file)], env);
    t.equal(code, 0, stdout);
    t.match(stdout, /: 0 errors, 0 warnings, ([1-9]\d*) of \1 tests passed\.\n$/);
  }
});
