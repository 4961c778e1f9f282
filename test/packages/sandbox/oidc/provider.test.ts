// The sandbox's OIDC provider over HTTP: discovery, the code flow as a browser runs it, and tokens for scripts.
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { startOidc } from '@sallyport/sandbox/internal/oidc/server';
import { loadUsers } from '@sallyport/sandbox/internal/users';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import t, { type Test } from 'tap';

const REDIRECT_URI = 'http://127.0.0.1:8443/login/callback';
const users = loadUsers(await readFile('packages/sandbox/examples/users.yaml', 'utf8'));

const printed = [t.capture(console, 'warn'), t.capture(console, 'info'), t.capture(console, 'error')];
const { issuer, close } = await startOidc({ users });
t.teardown(close);

const configuration = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<
  string,
  string
>;
const endpoint = (name: string) => configuration[`${name}_endpoint`] ?? '';
const jwks = createRemoteJWKSet(new URL(configuration['jwks_uri'] ?? ''));

/** A minimal browser for sign-in: it keeps cookies by path and follows no redirect by itself. */
function browser() {
  const jar = new Map<string, { value: string; path: string }>();
  return async (url: string, form?: Record<string, string>): Promise<Response> => {
    const { pathname } = new URL(url);
    const cookie = [...jar]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`);
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: cookie.join('; '), accept: 'text/html' },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, { value, path: /path=([^;]+)/i.exec(line)?.[1] ?? '/' });
    }
    return response;
  };
}

const location = (response: Response) => new URL(response.headers.get('location') ?? '', issuer).href;

function authorizationUrl(parameters: Record<string, string> = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: 'sallyport',
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid email groups',
    state: 'a-state',
    nonce: 'a-nonce',
    code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    ...parameters,
  });
  return { url: `${endpoint('authorization')}?${query}`, verifier };
}

const redeem = (code: string, verifier: string) =>
  fetch(endpoint('token'), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'sallyport',
      redirect_uri: REDIRECT_URI,
      code,
      code_verifier: verifier,
    }),
  });

/** From the authorization request to the redirect back; the code among its parameters. */
async function signIn(t: Test, visit: ReturnType<typeof browser>, url: string): Promise<URLSearchParams> {
  const loginUrl = location(await visit(url));
  await visit(loginUrl);
  const resumeUrl = location(await visit(loginUrl, { user: 'alice', password: 'sandbox-alice' }));
  const back = new URL(location(await visit(resumeUrl)));
  t.equal(`${back.origin}${back.pathname}`, REDIRECT_URI);
  return back.searchParams;
}

t.test(
  'discovery names the issuer and its endpoints; the JWKS holds one public key an algorithm',
  async (t) => {
    t.equal(configuration['issuer'], issuer);
    t.match(issuer, /^http:\/\/127\.0\.0\.1:\d+$/);
    const { keys } = (await (await fetch(configuration['jwks_uri'] ?? '')).json()) as {
      keys: { alg: string }[];
    };
    t.same(keys.map(({ alg }) => alg).sort(), ['ES256', 'RS256']);
    for (const key of keys) t.notOk('d' in key || 'p' in key, 'no private part is published');
  },
);

t.test('authorization code flow returns an ID token with all claims of the user', async (t) => {
  const visit = browser();
  const { url, verifier } = authorizationUrl();
  const parameters = await signIn(t, visit, url);
  t.equal(parameters.get('state'), 'a-state');
  t.equal(parameters.get('iss'), issuer);

  const answer = await redeem(parameters.get('code') ?? '', verifier);
  t.equal(answer.status, 200);
  const { id_token: idToken } = (await answer.json()) as { id_token: string };
  const { payload } = await jwtVerify(idToken, jwks, { issuer, audience: 'sallyport', subject: 'alice' });
  t.match(payload, {
    nonce: 'a-nonce',
    email: 'alice@corp.example',
    groups: ['analysts'],
    repository_id: '789',
    partner_id: 'acme',
    team: 'payments',
    jti: String,
  });

  const again = authorizationUrl();
  const second = new URL(location(await visit(again.url)));
  t.ok(second.searchParams.get('code'), 'a signed-in user is not prompted again');
});

t.test('token endpoint rejects a code without its PKCE verifier', async (t) => {
  const parameters = await signIn(t, browser(), authorizationUrl().url);
  const answer = await redeem(parameters.get('code') ?? '', authorizationUrl().verifier);
  t.equal(answer.status, 400);
  t.match(await answer.json(), { error: 'invalid_grant' });
});

t.test('login page reports a wrong password and permits another attempt', async (t) => {
  const visit = browser();
  const loginUrl = location(await visit(authorizationUrl().url));
  const page = await visit(loginUrl);
  t.equal(page.status, 200);
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  t.match(await page.text(), /<form method="post" action="\/interaction\/[\w-]+">/);

  for (const form of [{ user: 'alice', password: 'guess' }, { user: '"><script>', password: '' }, {}]) {
    const refused = await visit(loginUrl, form);
    t.equal(refused.status, 401);
    t.match(await refused.text(), /role="alert"/);
  }
  t.equal((await visit(loginUrl, { user: 'alice', password: 'sandbox-alice' })).status, 303);
  t.equal((await browser()(loginUrl)).status, 400, 'a login page belongs to the browser that was sent there');
});

t.test(
  'authorization endpoint rejects requests without PKCE or with a redirect URI of another machine',
  async (t) => {
    const foreign = await browser()(authorizationUrl({ redirect_uri: 'https://elsewhere.example/' }).url);
    t.equal(foreign.status, 400);
    t.equal(foreign.headers.get('location'), null);
    t.match(await foreign.text(), /redirect_uri/);

    const { url } = authorizationUrl();
    const withoutPkce = new URL(url);
    withoutPkce.searchParams.delete('code_challenge');
    withoutPkce.searchParams.delete('code_challenge_method');
    t.match(
      new URL(location(await browser()(withoutPkce.href))).searchParams.get('error'),
      'invalid_request',
    );
  },
);

t.test(
  'password grant returns a token with the requested audience, lifetime, claims and algorithm',
  async (t) => {
    const tags = { principal_tags: { team: ['payments'] }, transitive_tag_keys: ['team'] };
    const made = await fetchToken(issuer, {
      user: 'bob',
      password: 'sandbox-bob',
      audience: 'sts.amazonaws.com',
      lifetimeSeconds: 900,
      claims: { 'https://aws.amazon.com/tags': tags, groups: ['auditors'] },
      algorithm: 'ES256',
    });
    const { payload, protectedHeader } = await jwtVerify(made, jwks, {
      issuer,
      audience: 'sts.amazonaws.com',
    });
    t.equal(protectedHeader.alg, 'ES256');
    t.equal((payload.exp ?? 0) - (payload.iat ?? 0), 900);
    t.match(payload, { sub: 'bob', email: 'bob@corp.example', groups: ['auditors'] });
    t.same(payload['https://aws.amazon.com/tags'], tags);

    const plain = await fetchToken(issuer, { user: 'alice', password: 'sandbox-alice' });
    const verified = await jwtVerify(plain, jwks, { issuer, audience: 'sallyport' });
    t.equal(verified.protectedHeader.alg, 'RS256');
    t.equal((verified.payload.exp ?? 0) - (verified.payload.iat ?? 0), 3600);
    t.match(verified.payload, { groups: ['analysts'], team: 'payments' });
    const next = await jwtVerify(
      await fetchToken(issuer, { user: 'alice', password: 'sandbox-alice' }),
      jwks,
    );
    t.not(next.payload.jti, verified.payload.jti, 'each token has its own jti');
  },
);

t.test('password grant rejects a wrong password and invalid values', async (t) => {
  const alice = { user: 'alice', password: 'sandbox-alice' };
  await t.rejects(fetchToken(issuer, { ...alice, password: 'guess' }), /name or the password is wrong/);
  await t.rejects(fetchToken(issuer, { ...alice, user: 'nobody' }), /name or the password is wrong/);
  for (const lifetimeSeconds of [0, -1, 1.5, 86_401, Number.NaN]) {
    await t.rejects(fetchToken(issuer, { ...alice, lifetimeSeconds }), /lifetime must be/);
  }
  for (const name of ['iss', 'sub', 'aud', 'iat', 'exp']) {
    await t.rejects(fetchToken(issuer, { ...alice, claims: { [name]: 'x' } }), /claims may not set/);
  }
  const stranger = await fetch(endpoint('token'), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('sallyport-machine:guess').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'password', username: alice.user, password: alice.password }),
  });
  t.equal(stranger.status, 401, 'the client must send its secret');
});

t.test('OIDC provider listens on loopback only, frees its port on close, and prints nothing', async (t) => {
  await t.rejects(startOidc({ users, host: '0.0.0.0' }), /loopback only/);
  const first = await startOidc({ users });
  const port = Number(new URL(first.issuer).port);
  await t.rejects(startOidc({ users, port }), { code: 'EADDRINUSE' });
  await first.close();
  const second = await startOidc({ users, port });
  t.equal(second.issuer, first.issuer);
  await second.close();
  await t.rejects(fetchToken(first.issuer, { user: 'alice', password: 'sandbox-alice' }));
  t.same(
    printed.map((calls) => calls()),
    [[], [], []],
  );
});
