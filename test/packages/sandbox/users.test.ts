// The sandbox's users, and the file through which a running `dev` is found.
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DevState,
  readDevState,
  removeDevState,
  writeDevState,
} from '@sallyport/sandbox/internal/dev-state';
import { claimsOf, loadUsers, signIn } from '@sallyport/sandbox/internal/users';
import t from 'tap';

t.test('the example users are who the documentation says', async (t) => {
  const users = loadUsers(await readFile('packages/sandbox/examples/users.yaml', 'utf8'));
  t.same(
    users.map(({ name, groups }) => [name, groups]),
    [
      ['alice', ['analysts']],
      ['bob', ['finance']],
      ['carol', ['auditors']],
      ['mallory', []],
    ],
  );
  const alice = signIn(users, 'alice', 'sandbox-alice');
  t.same(alice && claimsOf(alice), {
    repository_id: '789',
    partner_id: 'acme',
    team: 'payments',
    email: 'alice@corp.example',
    groups: ['analysts'],
  });
  t.equal(signIn(users, 'alice', 'sandbox-bob'), undefined);
  t.equal(signIn(users, 'nobody', ''), undefined);
});

t.test('a mistake in the users file is named by its place', async (t) => {
  const mistakes: [yaml: string, place: RegExp][] = [
    ['', /not valid at \//],
    ['users: [alice]', /\/users/],
    ['users: { alice: { password: x } }', /\/users\/alice.*email/],
    ['users: { alice: { password: 1, email: a } }', /\/users\/alice\/password/],
    ['users: { alice: { password: x, email: a, group: [b] } }', /\/users\/alice/],
    ['users: { "al ice": { password: x, email: a } }', /\/users/],
    ['users: { alice: { password: x, email: a, groups: b } }', /\/users\/alice\/groups/],
  ];
  for (const [yaml, place] of mistakes) t.throws(() => loadUsers(yaml), place, yaml);
});

const STATE: DevState = {
  broker: 'http://127.0.0.1:1',
  signIn: 'http://127.0.0.1:1/login/people',
  sts: 'http://127.0.0.1:2',
  consoleSignin: 'http://127.0.0.1:5/federation',
  oidc: { issuer: 'http://127.0.0.1:3' },
  saml: { metadata: 'http://127.0.0.1:4/saml/metadata', sso: 'http://127.0.0.1:4/saml/sso' },
  config: '/tmp/sallyport.yaml',
  users: [{ name: 'alice', password: 'sandbox-alice', groups: ['analysts'] }],
};

t.test('the state of a running dev is kept for its owner alone, and goes when dev goes', async (t) => {
  const before = process.env['TMPDIR'];
  const folder = t.testdir();
  process.env['TMPDIR'] = folder;
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
  const path = join(folder, `sallyport-dev-${process.getuid?.()}.json`);

  t.equal(await readDevState(), undefined);
  writeFileSync(path, '{}', { mode: 0o644 });
  t.equal(await readDevState(), undefined, 'a file of another shape is as good as none');
  await writeDevState(STATE);
  t.same(await readDevState(), STATE);
  t.equal(statSync(path).mode & 0o777, 0o600, 'even over a file that others could read');
  t.same(readdirSync(folder), [`sallyport-dev-${process.getuid?.()}.json`]);
  await removeDevState('http://127.0.0.1:65535');
  t.ok(existsSync(path), 'what another dev wrote stays');
  await removeDevState(STATE.broker);
  t.notOk(existsSync(path));
  await removeDevState(STATE.broker);
});
