// `sallyport token` and `sallyport assertion` against running identity providers.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { startOidc } from '@sallyport/sandbox/internal/oidc/server';
import { startSamlIdp } from '@sallyport/sandbox/internal/saml/server';
import { loadUsers } from '@sallyport/sandbox/internal/users';
import { decodeJwt } from 'jose';
import t from 'tap';
import { writeDevState } from '../../src/cli/dev-state.js';
import { MAIN, runCommand } from '../support/command.js';

process.env['TMPDIR'] = t.testdir();

const sallyport = (...args: string[]) => runCommand(args);

t.test('token and assertion report how to start the sandbox if none is running', async (t) => {
  for (const command of ['token', 'assertion']) {
    const { code, stdout, stderr } = await sallyport(command, '--user', 'alice');
    t.equal(code, 1);
    t.equal(stdout, '');
    t.equal(stderr, 'sallyport: The sandbox is not running. Start it with `npm run dev`, then try again.\n');
  }
});

t.test('token and assertion with a running dev', async (t) => {
  const users = loadUsers(await readFile('packages/sandbox/examples/users.yaml', 'utf8'));
  const [oidc, saml] = await Promise.all([startOidc({ users }), startSamlIdp({ users })]);
  let running = true;
  const stop = async () => {
    if (running) await Promise.all([oidc.close(), saml.close()]);
    running = false;
  };
  t.teardown(stop);
  await writeDevState({
    broker: 'http://127.0.0.1:1',
    signIn: 'http://127.0.0.1:1/login/people',
    sts: 'http://127.0.0.1:2',
    consoleSignin: 'http://127.0.0.1:3/federation',
    oidc: { issuer: oidc.issuer },
    saml: { metadata: saml.metadataUrl, sso: saml.ssoUrl },
    config: 'sallyport.yaml',
    users: users.map(({ name, password, groups }) => ({ name, password, groups: [...groups] })),
  });

  t.test('token prints only a JWT', async (t) => {
    const plain = await sallyport('token', '--user', 'bob');
    t.same([plain.code, plain.stderr], [0, '']);
    t.match(plain.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    t.match(decodeJwt(plain.stdout.trim()), { iss: oidc.issuer, sub: 'bob', aud: 'sallyport' });

    const claims = ['ref=refs/heads/main', 'run_id=7', 'tags={"a":["b=c"]}'].flatMap((claim) => [
      '--claim',
      claim,
    ]);
    const made = await sallyport(
      'token',
      '--user',
      'alice',
      '--audience',
      'x',
      '--lifetime',
      '15m',
      ...claims,
    );
    const payload = decodeJwt(made.stdout.trim());
    t.match(payload, { aud: 'x', ref: 'refs/heads/main', run_id: 7, tags: { a: ['b=c'] }, team: 'payments' });
    t.equal((payload.exp ?? 0) - (payload.iat ?? 0), 900);
  });

  t.test('token prints the same from a shell', async (t) => {
    const command = [MAIN, 'token', '--user', 'alice'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command);
    t.equal(decodeJwt(stdout.trim()).sub, 'alice');
    t.equal(stderr, '');
  });

  t.test('assertion prints only a base64 SAMLResponse', async (t) => {
    const plain = await sallyport('assertion', '--user', 'alice');
    t.same([plain.code, plain.stderr], [0, '']);
    t.match(plain.stdout, /^[\w+/]+=*\n$/);
    const xml = Buffer.from(plain.stdout, 'base64').toString();
    t.match(xml, 'Recipient="https://signin.aws.amazon.com/saml"');
    t.equal(xml.match(/<ds:Signature /g)?.length, 1);

    const options = {
      recipient: 'https://sallyport.example/saml/acs',
      audience: 'https://sallyport.example',
      lifetime: '1h',
      signature: 'both',
    };
    const made = await sallyport(
      ...['assertion', '--user', 'bob', '--attribute', 'team=a', '--attribute', 'team=b'],
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    );
    const text = Buffer.from(made.stdout, 'base64').toString();
    t.match(text, `Recipient="${options.recipient}"`);
    t.match(text, `<Audience>${options.audience}</Audience>`);
    t.match(
      text,
      '<Attribute Name="team"><AttributeValue>a</AttributeValue><AttributeValue>b</AttributeValue>',
    );
    t.equal(text.match(/<ds:Signature /g)?.length, 2);
    const [, from = '', until = ''] = /NotBefore="([^"]+)" NotOnOrAfter="([^"]+)"/.exec(text) ?? [];
    t.equal(Date.parse(until) - Date.parse(from), 3_600_000);
  });

  t.test('an unknown user is an error that lists the users', async (t) => {
    const { code, stdout, stderr } = await sallyport('token', '--user', 'eve');
    t.same([code, stdout], [1, '']);
    t.equal(stderr, 'sallyport: The sandbox has no user "eve". Use one of alice, bob, carol, mallory.\n');
  });

  t.test('wrong usage has exit code 2', async (t) => {
    const wrong = [
      ['token'],
      ['token', '--user', 'alice', '--lifetime', 'soon'],
      ['token', '--user', 'alice', '--claim', 'nothing'],
      ['assertion', '--user', 'alice', '--attribute', '=x'],
      ['assertion', '--user', 'alice', '--signature', 'none'],
    ];
    for (const args of wrong) {
      const { code, stdout, stderr } = await sallyport(...args);
      t.same([code, stdout], [2, ''], args.join(' '));
      t.match(stderr, /^error: /);
    }
  });

  t.test('an error of the OIDC provider is reported', async (t) => {
    const { code, stderr } = await sallyport('token', '--user', 'alice', '--claim', 'sub=root');
    t.equal(code, 1);
    t.equal(
      stderr,
      'sallyport: The OIDC provider rejected the request: claims may not set iss, sub, aud, iat, exp.\n',
    );
  });

  t.test('a state file of a killed dev is reported', async (t) => {
    await stop();
    for (const command of ['token', 'assertion']) {
      const { code, stdout, stderr } = await sallyport(command, '--user', 'alice');
      t.same([code, stdout], [1, '']);
      t.equal(
        stderr,
        'sallyport: The sandbox does not respond. Restart it with `npm run dev`, then try again.\n',
      );
    }
  });
});
