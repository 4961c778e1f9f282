// The file through which other commands find a running `sallyport dev`.
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type DevState, readDevState, removeDevState, writeDevState } from '../../src/cli/dev-state.js';

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

t.test('the dev state file is readable by its owner only, and is removed when dev stops', async (t) => {
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
  t.equal(await readDevState(), undefined, 'a file of another shape is ignored');
  await writeDevState(STATE);
  t.same(await readDevState(), STATE);
  t.equal(statSync(path).mode & 0o777, 0o600, 'it replaces a file that others could read');
  t.same(readdirSync(folder), [`sallyport-dev-${process.getuid?.()}.json`]);
  await removeDevState('http://127.0.0.1:65535');
  t.ok(existsSync(path), 'the state of another dev stays');
  await removeDevState(STATE.broker);
  t.notOk(existsSync(path));
  await removeDevState(STATE.broker);
});
