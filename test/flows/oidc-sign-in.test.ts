// OIDC sign-in for the command line: a user signs in at the sandbox's provider with Chromium from Debian.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startTestBroker } from '../support/broker.js';
import { openBrowser, signInWithPassword } from '../support/chromium.js';
import { start } from '../support/command.js';

const broker = await startTestBroker(t);
const { issuer } = broker.sandbox.oidc;
const cache = join(t.testdir(), 'cache');
const env = { ...process.env, SALLYPORT_URL: broker.url, XDG_CACHE_HOME: cache, BROWSER: 'true' };
const credentialProcess = (t: Test, ...args: string[]) =>
  start(
    t,
    ['credential-process', '--role', 'deploy', '--issuer', issuer, '--client-id', 'sallyport', ...args],
    env,
  );

t.test('a user signs in at an OIDC issuer', { timeout: 120_000 }, async (t) => {
  const browser = await openBrowser(t);
  if (!browser) return;
  const open = async (t: Test, url: string) => {
    const context = await browser.newContext();
    t.teardown(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };

  t.test('sign-in uses a local browser, and later runs use the cache', async (t) => {
    const process = credentialProcess(t);
    const url = await process.line('stderr', /^http/);
    t.match(new URL(url).searchParams.get('redirect_uri'), /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    t.match(Object.fromEntries(new URL(url).searchParams), {
      code_challenge_method: 'S256',
      nonce: /.{20}/,
      state: /.{20}/,
      scope: 'openid',
    });
    const page = await open(t, url);
    await signInWithPassword(page, 'alice');
    await page.waitForURL(/\/callback/);
    t.match(await page.textContent('body'), 'You are signed in. You can close this page.');
    const { code, stdout } = await process.finished;
    t.equal(code, 0);
    t.match(JSON.parse(stdout), { Version: 1, AccessKeyId: /^ASIA/, AccountId: '111122223333' });

    t.match(await credentialProcess(t).finished, { code: 0, stdout, stderr: '' });
  });

  t.test('sign-in uses a device code', async (t) => {
    const process = credentialProcess(t, '--device', '--no-cache');
    const url = (await process.line('stderr', /^Sign in with any browser/)).split(': ')[1] ?? '';
    const code = (await process.line('stderr', /^The page must show/)).match(/code (\S+)\.$/)?.[1] ?? 'none';
    const page = await open(t, new URL('/device', url).href);
    await page.fill('input[name=user_code]', 'WRONG');
    await page.click('button');
    t.match(await page.textContent('body'), 'The code is unknown, or the sign-in has ended.');
    await page.goto(url);
    t.match(await page.textContent('body'), `Does the other device show ${code}?`);
    await page.click('button');
    await signInWithPassword(page, 'alice');
    await page.waitForSelector('text=Go back to the other device.');
    const ended = await process.finished;
    t.equal(ended.code, 0, ended.stderr);
    t.match(JSON.parse(ended.stdout), { Version: 1, AccessKeyId: /^ASIA/ });
  });

  t.test('a user without a grant is refused', async (t) => {
    const process = credentialProcess(t, '--no-cache');
    const page = await open(t, await process.line('stderr', /^http/));
    await signInWithPassword(page, 'mallory');
    t.match(await process.finished, { code: 1, stdout: '', stderr: /The role does not exist/ });
  });
});

t.test('foreign requests to the redirect URL are ignored; an error response ends the sign-in', async (t) => {
  const process = credentialProcess(t, '--no-cache');
  const url = new URL(await process.line('stderr', /^http/));
  const redirect = url.searchParams.get('redirect_uri') ?? '';
  const state = url.searchParams.get('state') ?? '';
  for (const path of ['', '?code=x', '?code=x&state=guessed', `/below?state=${state}`])
    t.equal((await fetch(`${redirect}${path}`)).status, 404, path);
  t.equal((await fetch(`${redirect}?code=x&state=${state}`, { method: 'POST' })).status, 404);
  const parameters = new URLSearchParams({ state, iss: issuer, error: 'access_denied' });
  const response = await fetch(`${redirect}?${parameters}`);
  t.equal(response.status, 400);
  t.match(response.headers.get('content-security-policy'), "default-src 'none'");
  t.match(await response.text(), 'See the terminal for details');
  t.match(await process.finished, {
    code: 1,
    stdout: '',
    stderr: /denied the sign-in: access_denied\. Try again/,
  });
});

t.test('errors are reported before the user has to sign in', async (t) => {
  const rows: [args: string[], stderr: RegExp][] = [
    [['--issuer', 'http://issuer.example'], /must be an https URL/],
    [['--issuer', 'http://127.0.0.1:1'], /does not respond as an OpenID provider/],
    [['--issuer', broker.sandbox.sts.url], /does not respond as an OpenID provider/],
    [['--device', '--client-id', 'nobody'], /denied the sign-in: invalid_client/],
  ];
  await Promise.all(
    rows.map(async ([args, stderr]) => {
      const ended = await credentialProcess(t, ...args).finished;
      t.match(ended, { code: 1, stdout: '', stderr }, args.join(' '));
    }),
  );
});
