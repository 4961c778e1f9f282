// The users file of the sandbox.
import { readFile } from 'node:fs/promises';
import { authenticateUser, claimsOf, loadUsers } from '@sallyport/sandbox/internal/users';
import t from 'tap';

t.test('example users match the documentation', async (t) => {
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
  const alice = authenticateUser(users, 'alice', 'sandbox-alice');
  t.same(alice && claimsOf(alice), {
    repository_id: '789',
    partner_id: 'acme',
    team: 'payments',
    email: 'alice@corp.example',
    groups: ['analysts'],
  });
  t.equal(authenticateUser(users, 'alice', 'sandbox-bob'), undefined);
  t.equal(authenticateUser(users, 'nobody', ''), undefined);
});

t.test('users file errors have the path of the invalid value', async (t) => {
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
