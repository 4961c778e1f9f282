// SAML sign-in with a real browser: the broker and the sandbox's IdP as `sallyport dev` runs them, and Chromium from Debian.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '@sallyport/sandbox/internal/free-port';
import { selfSignedCertificate } from '@sallyport/sandbox/internal/saml/certificate';
import { startSandbox } from '@sallyport/sandbox/internal/sandbox';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startTestBroker } from '../support/broker.js';
import { openBrowser, signInWithPassword } from '../support/chromium.js';
import { start } from '../support/command.js';

t.test('browser sign-in at a SAML IdP', { timeout: 120_000 }, async (t) => {
  const browser = await openBrowser(t);
  if (!browser) return;
  const broker = await startTestBroker(t);
  // A folder to look at the pages in.
  const screenshots = process.env['SALLYPORT_SCREENSHOTS'];
  const shoot = async (page: Page, name: string) => {
    if (screenshots !== undefined) await page.screenshot({ path: `${screenshots}/${name}.png` });
  };

  t.test('the user chooses one of several roles and gets its credentials', async (t) => {
    const context = await browser.newContext();
    t.teardown(() => context.close());
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', ({ message }) => problems.push(message));

    await page.goto(`${broker.signInUrl}?DurationSeconds=1800`);
    t.match(page.url(), broker.sandbox.saml.ssoUrl, 'the IdP asks');
    await signInWithPassword(page, 'alice');
    await page.waitForURL(`${broker.url}/saml/acs`);
    t.equal(await page.title(), 'Choose a role', broker.logged());
    t.same(await page.locator('li a').allTextContents(), ['partner-upload', 'inbox-reader']);
    await shoot(page, 'roles');

    await page.click('text=inbox-reader');
    await signInWithPassword(page, 'alice');
    await page.waitForURL(`${broker.url}/saml/acs`);
    t.equal(await page.title(), 'Your AWS credentials');
    await shoot(page, 'credentials');
    const [shell = '', json = ''] = await page.locator('pre').allTextContents();
    const response = JSON.parse(json);
    t.match(response, {
      Credentials: { AccessKeyId: /^ASIA/ },
      FederatedUser: { Arn: /federated-user\/alice$/ },
      Sallyport: { Role: 'inbox-reader', Grant: 'readers', DurationLimitedBy: 'request' },
    });
    t.match(shell, `export AWS_SESSION_TOKEN='${response.Credentials.SessionToken}'`);
    t.same(await context.cookies(), [], 'nothing is left in the browser');
    t.notMatch(page.url(), /\?/, 'and nothing in the URL');

    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    t.equal(await page.title(), 'Sign-in failed', 'the response cannot be sent again');
    t.match(await page.textContent('dl'), /proof_invalid/);
    await shoot(page, 'refused');
    t.same(
      problems.filter((text) => !/Failed to load resource/.test(text)),
      [],
      'no style or script of a page is refused by its own policy',
    );
    t.notMatch(broker.logged(), response.Credentials.SessionToken);
  });

  t.test('two sign-ins in one browser work, and a user without a grant is refused', async (t) => {
    const context = await browser.newContext();
    t.teardown(() => context.close());
    const [first, second] = [await context.newPage(), await context.newPage()];
    await first.goto(`${broker.signInUrl}?Role=inbox-reader`);
    await second.goto(`${broker.signInUrl}?Role=partner-upload`);
    for (const [page, role] of [
      [second, 'partner-upload'],
      [first, 'inbox-reader'],
    ] as const) {
      await signInWithPassword(page, 'alice');
      await page.waitForURL(`${broker.url}/saml/acs`);
      t.equal(await page.title(), 'Your AWS credentials');
      t.match(await page.textContent('dl'), role);
    }
    await first.goto(broker.signInUrl);
    await signInWithPassword(first, 'mallory');
    await first.waitForURL(`${broker.url}/saml/acs`);
    t.match(await first.textContent('body'), /No grant permits you to use a role.*no_role_permitted/s);
    t.equal(await first.getAttribute('a', 'href'), broker.signInUrl, 'to sign in again');
  });

  t.test('a response to the login request of another browser is refused', async (t) => {
    const [own, other] = [await browser.newContext(), await browser.newContext()];
    t.teardown(() => Promise.all([own.close(), other.close()]));
    const [page, victim] = [await own.newPage(), await other.newPage()];
    await page.goto(broker.signInUrl);
    await victim.goto(page.url());
    await signInWithPassword(victim, 'alice');
    await victim.waitForURL(`${broker.url}/saml/acs`);
    t.match(await victim.textContent('[role=alert]'), /not started in this browser/);
  });
});

t.test('sign-in works over https with an IdP on another site', { timeout: 120_000 }, async (t) => {
  const browser = await openBrowser(t);
  if (!browser) return;
  const sandbox = await startSandbox();
  t.teardown(() => sandbox.close());
  const port = await freePort();
  const url = `https://localhost:${port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [from, until] = [new Date(), new Date(Date.now() + 86_400_000)];
  const der = selfSignedCertificate(privateKey, 'localhost', from, until).toString('base64');
  const folder = t.testdir({
    'tls.crt': `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`,
    'tls.key': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'idp.xml': sandbox.saml.metadata,
    'sallyport.yaml': `
server: { url: "${url}", listen: { port: ${port} }, tls: { cert: tls.crt, key: tls.key }, cookieKey: "${'${env:COOKIE_KEY}'}" }
aws:
  region: eu-west-1
  endpoint: ${sandbox.sts.url}
  credentials: { accessKeyId: AKIASANDBOXSALLYPORT, secretAccessKey: sandboxSecretSandboxSecretSandboxSecret0 }
issuers: { people: { type: saml, metadata: idp.xml, audience: sallyport, aliases: { sub: NameID } } }
roles: { reader: { via: GetFederationToken, session: { policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] } } }
grants: [{ id: all, issuer: people, match: {}, roles: [reader] }]
`,
  });
  const env = { ...process.env, COOKIE_KEY: randomBytes(32).toString('base64') };
  const broker = () => start(t, ['serve', '--config', join(folder, 'sallyport.yaml')], env);
  const first = broker();
  await first.line('stderr', /"listening"/);

  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  t.teardown(() => context.close());
  const page = await context.newPage();
  await page.goto(`${url}/login/people`);
  t.match(await context.cookies(), [
    { name: /^__Host-/, secure: true, httpOnly: true, sameSite: 'None', path: '/' },
  ]);
  first.child.kill('SIGTERM');
  await first.finished;
  await broker().line('stderr', /"listening"/);
  await signInWithPassword(page, 'bob');
  await page.waitForURL(`${url}/saml/acs`);
  t.match(
    await page.textContent('[role=alert]'),
    /before the broker started/,
    'a restarted memory store refuses the request, although the key still opens the cookie',
  );
  await page.goto(`${url}/login/people`);
  await signInWithPassword(page, 'bob');
  await page.waitForURL(`${url}/saml/acs`);
  t.equal(await page.title(), 'Your AWS credentials');
  t.match(await page.textContent('dl'), /federated-user\/bob/);
  t.equal((await context.cookies()).length, 1, 'of the refused one, which may be answered still');
});
