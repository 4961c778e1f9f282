// CredentialIssuer and the credential cache, case by case. cache-model.test.ts tests random sequences of events.
import { setImmediate } from 'node:timers/promises';
import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import type { CacheConfig } from '../../../src/config/schema/limits.js';
import type { RoleConfig } from '../../../src/config/schema/role.js';
import { type ErrorCode, SallyportError } from '../../../src/core/errors.js';
import type {
  Decision,
  IssuedCredentials,
  IssueRequest,
  Principal,
  Target,
} from '../../../src/core/types.js';
import { cacheKey } from '../../../src/issuance/cache/cache-key.js';
import { CredentialCache } from '../../../src/issuance/cache/credential-cache.js';
import { RoleFingerprints } from '../../../src/issuance/cache/role-fingerprints.js';
import { deserialize, serialize } from '../../../src/issuance/cache/serialize.js';
import { CredentialIssuer } from '../../../src/issuance/credential-issuer.js';
import { collectingLog } from '../../support/oidc-verifier.js';
import { configOf, federation, NOW, principalOf, SECONDS, web } from '../../support/policy.js';

const FORWARDING: Target = {
  operation: 'AssumeRoleWithWebIdentity',
  roleArn: 'arn:aws:iam::111122223333:role/deploy',
  webIdentity: 'caller',
};

interface Parts {
  readonly claims?: object;
  readonly principal?: Partial<Principal>;
  readonly decision?: Partial<Decision>;
  readonly session?: Partial<Decision['session']>;
  readonly proof?: string;
  readonly mfa?: IssueRequest['mfa'];
}

const requestOf = ({
  claims,
  principal,
  decision,
  session,
  proof = 'a.b.c',
  mfa,
}: Parts = {}): IssueRequest => ({
  principal: principalOf(claims, principal),
  decision: {
    role: 'fed',
    target: { operation: 'GetFederationToken' },
    session: { name: 'alice', durationSeconds: 3600, ...session },
    grant: 'g',
    durationLimitedBy: 'role',
    ...decision,
  },
  proof: { type: 'oidc', value: new Secret(proof) },
  ...(mfa && { mfa }),
});

type StsOutcome = ErrorCode | undefined;

/** A CredentialIssuer over an STS that issues, or fails with the code that `sts.answer` returns. */
function started(
  limits?: CacheConfig,
  roles: Readonly<Record<string, RoleConfig>> = { fed: federation, web },
) {
  const requested: IssueRequest[] = [];
  const uses: string[] = [];
  const clock = { seconds: NOW.getTime() / 1000 };
  const sts = { answer: (_: IssueRequest): StsOutcome => undefined, ready: Promise.resolve() };
  const { log, lines } = collectingLog();
  const cache = new CredentialCache(limits);
  const issue = async (request: IssueRequest): Promise<IssuedCredentials> => {
    requested.push(request);
    const number = requested.length;
    await setImmediate();
    await sts.ready;
    const code = sts.answer(request);
    if (code) throw new SallyportError(code);
    return {
      credentials: {
        accessKeyId: `ASIA${number}`,
        secretAccessKey: new Secret(`secret-${number}`),
        sessionToken: new Secret(`token-${number}`),
        expiration: new Date((Math.floor(clock.seconds) + request.decision.session.durationSeconds) * 1000),
      },
      stsRequestId: `sts-${number}`,
    };
  };
  const load = (config: Readonly<Record<string, RoleConfig>>) => {
    const fingerprints = new RoleFingerprints(configOf(config, []));
    const issuer = new CredentialIssuer({
      stsIssuer: { issue },
      cache,
      fingerprints,
      onCacheUse: (use) => uses.push(use),
      log,
      now: () => new Date(clock.seconds * 1000),
    });
    return {
      issuer,
      issue: (request: IssueRequest) => issuer.getOrIssue(request, { beforeSts: async () => {} }),
      sweep: () => issuer.sweep(),
      release: cache.retain(fingerprints.all),
    };
  };
  return { ...load(roles), load, cache, asked: requested, uses, clock, sts, lines };
}

const keyOf = ({ credentials }: IssuedCredentials) => credentials.accessKeyId;
const codeOf = async (outcome: Promise<IssuedCredentials>): Promise<string> =>
  outcome.then(keyOf, (error: SallyportError) => error.code);

t.test('a second request gets the cached credentials, marked as cached', async (t) => {
  const { issue, asked, uses, cache } = started();
  const first = await issue(requestOf());
  const again = await issue(requestOf());
  t.equal(first.cached, undefined);
  t.equal(again.cached, 'fresh');
  const { cached, ...rest } = again;
  t.strictSame(rest, first);
  t.equal(again.credentials.secretAccessKey.reveal(), 'secret-1');
  t.equal(again.credentials.sessionToken.reveal(), 'token-1');
  t.equal(asked.length, 1);
  t.same(uses, ['miss', 'hit']);
  t.notMatch(JSON.stringify([again, cache]), /secret-1|token-1/);
});

t.test('beforeSts resolves before STS is called, and is not called for a fresh cache hit', async (t) => {
  const { issuer, asked, uses } = started();
  const steps: string[] = [];
  const beforeSts = async () => {
    await setImmediate();
    steps.push(`recorded, ${asked.length} STS calls`);
  };
  const get = () => issuer.getOrIssue(requestOf(), { beforeSts });
  await Promise.all([get(), get()]);
  t.equal(steps.length, 2, 'called for each of two concurrent requests');
  t.equal(steps[0], 'recorded, 0 STS calls');
  t.same(uses, ['miss', 'shared']);
  await get();
  t.equal(steps.length, 2, 'not for a hit');
  const mfa = { serialNumber: 'arn:aws:iam::111122223333:mfa/alice', tokenCode: new Secret('123456') };
  await issuer.getOrIssue(requestOf({ mfa }), { beforeSts });
  t.same(steps.slice(2), ['recorded, 1 STS calls'], 'for what is not cacheable');
});

t.test('a request whose beforeSts rejects neither calls STS nor joins a call in flight', async (t) => {
  const { issuer, asked, uses, sts } = started();
  const lost = new SallyportError('audit_unavailable');
  const beforeSts = async () => {
    await setImmediate();
    throw lost;
  };
  for (const request of [requestOf(), requestOf({ decision: { console: { destination: 'https://x' } } })])
    await t.rejects(issuer.getOrIssue(request, { beforeSts }), lost);
  t.equal(asked.length, 0);
  let response = () => {};
  sts.ready = new Promise((resolve) => {
    response = resolve;
  });
  const flight = issuer.getOrIssue(requestOf(), { beforeSts: async () => {} });
  await t.rejects(issuer.getOrIssue(requestOf(), { beforeSts }), lost);
  response();
  await flight;
  t.same([asked.length, uses], [1, ['miss']]);
});

t.test('credentials cached while beforeSts runs are served', async (t) => {
  const { issuer, issue, asked, uses } = started();
  const beforeSts = async () => void (await issue(requestOf()));
  t.equal((await issuer.getOrIssue(requestOf(), { beforeSts })).cached, 'fresh');
  t.same([asked.length, uses], [1, ['miss', 'hit']]);
});

t.test('cache key depends on everything that shapes the credentials, and on nothing else', (t) => {
  const key = (parts: Parts) => cacheKey('fingerprint', requestOf(parts));
  const same = key({ claims: { team: 'a', nested: { x: 1, y: 2 } } });
  const rows: [what: string, parts: Parts, isSame: boolean][] = [
    ['the order of claims', { claims: { nested: { y: 2, x: 1 }, team: 'a' } }, true],
    [
      'times and id of the token',
      { claims: { team: 'a', nested: { x: 1, y: 2 }, iat: 1, nbf: 1, exp: 2, jti: 'j', nonce: 'n' } },
      true,
    ],
    ['a claim', { claims: { team: 'b', nested: { x: 1, y: 2 } } }, false],
    ['a time inside of a claim', { claims: { team: 'a', nested: { x: 1, y: 2, iat: 1 } } }, false],
    ['another sign-in', { claims: { team: 'a', nested: { x: 1, y: 2 }, auth_time: 1 } }, false],
  ];
  for (const [what, parts, isSame] of rows) t.equal(key(parts) === same, isSame, what);

  const claims = {};
  const base = key({ claims });
  const shapes: [what: string, parts: Parts, isSame: boolean][] = [
    ['the grant', { decision: { grant: 'h' } }, true],
    ['the reason', { decision: { reason: 'because' } }, true],
    [
      'times of the proof',
      { principal: { issuedAt: 1, expiresAt: 2, proofId: 'x', inResponseTo: 'y' } },
      true,
    ],
    ['the issuer', { principal: { issuer: 'ci' } }, false],
    ['the type', { principal: { type: 'saml' } }, false],
    ['the subject', { principal: { subject: 'bob' } }, false],
    ['the role', { decision: { role: 'web' } }, false],
    ['the target', { decision: { target: FORWARDING } }, false],
    ['the region', { decision: { region: 'eu-west-2' } }, false],
    ['the end', { decision: { notAfter: SECONDS + 7200 } }, false],
    ['the name', { session: { name: 'bob' } }, false],
    ['the duration', { session: { durationSeconds: 900 } }, false],
    ['the policy', { session: { policy: '{}' } }, false],
    ['the policy ARNs', { session: { policyArns: ['{}'] } }, false],
    ['a tag', { session: { tags: { a: 'b' } } }, false],
    ['a transitive tag', { session: { transitiveTags: ['a'] } }, false],
    ['the source identity', { session: { sourceIdentity: 'a' } }, false],
  ];
  for (const [what, parts, isSame] of shapes) t.equal(key({ claims, ...parts }) === base, isSame, what);

  const cut = (seconds: number, notAfter: number) =>
    key({ decision: { notAfter, durationLimitedBy: 'proof' }, session: { durationSeconds: seconds } });
  t.equal(cut(3000, SECONDS + 3000), cut(2990, SECONDS + 3000), 'up to the same end, however far off');
  t.not(cut(3000, SECONDS + 3000), cut(3000, SECONDS + 3001));
  t.not(cacheKey('other', requestOf()), cacheKey('fingerprint', requestOf()), 'the role as it is configured');
  t.end();
});

t.test('cached credentials are fresh with a third of their lifetime or 20 minutes left', async (t) => {
  for (const [duration, least] of [
    [900, 300],
    [3600, 1200],
    [43_200, 1200],
  ] as const) {
    const { issue, clock } = started();
    const request = () => requestOf({ session: { durationSeconds: duration } });
    await issue(request());
    clock.seconds = SECONDS + duration - least;
    t.equal(keyOf(await issue(request())), 'ASIA1', `${least} seconds left`);
    clock.seconds += 1;
    t.equal(keyOf(await issue(request())), 'ASIA2', 'and less');
  }
});

t.test('requests with an MFA code, a console sign-in or cache: off bypass the cache', async (t) => {
  const mfa = { serialNumber: 'arn:aws:iam::111122223333:mfa/alice', tokenCode: new Secret('123456') };
  const { issue, asked, cache } = started({}, { fed: federation, web: { ...web, cache: 'off' } });
  const off = () => requestOf({ decision: { role: 'web', target: FORWARDING } });
  const console = () =>
    requestOf({ decision: { console: { destination: 'https://console.aws.amazon.com/' } } });
  await issue(requestOf());
  const each = [requestOf({ mfa }), requestOf({ mfa }), off(), off(), console(), console()];
  const all = await Promise.all(each.map((request) => issue(request)));
  t.equal(new Set(all.map(keyOf)).size, 6, 'not shared either');
  t.equal(asked.length, 7);
  t.equal(cache.size.entries, 1);
});

t.test('concurrent requests share one STS call; a failure is shared but not cached', async (t) => {
  const { issue, asked, sts, uses } = started();
  const crowd = () => Promise.all(Array.from({ length: 1000 }, () => codeOf(issue(requestOf()))));
  sts.answer = () => 'sts_access_denied';
  t.same([...new Set(await crowd())], ['sts_access_denied']);
  t.equal(asked.length, 1);
  sts.answer = () => undefined;
  t.same([...new Set(await crowd())], ['ASIA2']);
  t.equal(asked.length, 2);
  t.equal(uses.filter((use) => use === 'shared').length, 999);
});

t.test('credentials that arrive after the deadline are cached and logged', async (t) => {
  const { issue, clock, sts, lines } = started();
  let response = () => {};
  sts.ready = new Promise((resolve) => {
    response = resolve;
  });
  const request = requestOf();
  const late = () => codeOf(issue({ ...request, deadline: clock.seconds * 1000 }));
  t.same(await Promise.all([late(), late()]), ['sts_unavailable', 'sts_unavailable']);
  response();
  t.match(await issue(request), { stsRequestId: 'sts-1' }, 'a caller that waits longer');
  t.match(lines, [{ level: 'info', fields: { role: 'fed', accessKeyId: 'ASIA1', stsRequestId: 'sts-1' } }]);
  t.notMatch(JSON.stringify(lines), /secret-|token-|a\.b\.c/);
});

t.test('a proof that STS refuses does not fail a concurrent request with another proof', async (t) => {
  const { issue, asked, sts } = started();
  const request = (proof: string) => requestOf({ decision: { role: 'web', target: FORWARDING }, proof });
  sts.answer = ({ proof }) => (proof.value.reveal() === 'old' ? 'proof_expired' : undefined);
  const outcomes = await Promise.all(
    ['old', 'old', 'new', 'new'].map((proof) => codeOf(issue(request(proof)))),
  );
  t.same(outcomes, ['proof_expired', 'proof_expired', 'ASIA2', 'ASIA2']);
  t.equal(asked.length, 2);
});

t.test('stale credentials are served while STS is unavailable, with a minute left or more', async (t) => {
  const { issue, clock, sts, uses } = started();
  await issue(requestOf());
  clock.seconds = SECONDS + 3600 - 60;
  for (const code of ['sts_unavailable', 'sts_throttled'] as const) {
    sts.answer = () => code;
    const stale = await issue(requestOf());
    t.equal(stale.cached, 'stale', code);
    t.equal(keyOf(stale), 'ASIA1');
    t.equal(await codeOf(issue(requestOf({ claims: { other: 1 } }))), code, 'not for other callers');
  }
  sts.answer = () => 'sts_access_denied';
  t.equal(await codeOf(issue(requestOf())), 'sts_access_denied', 'a refusal stands');
  sts.answer = () => 'sts_unavailable';
  clock.seconds += 1;
  t.equal(await codeOf(issue(requestOf())), 'sts_unavailable', 'less than a minute');
  t.same(uses, ['miss', 'stale', 'stale']);
});

t.test('credentials of returning callers are refreshed ahead, once for each return', async (t) => {
  const { issue, sweep, clock, asked, uses, lines } = started();
  await issue(requestOf());
  await issue(requestOf({ claims: { once: true } }));
  await issue(requestOf());
  clock.seconds = SECONDS + 3600 - 1801;
  await sweep();
  t.equal(asked.length, 2, 'not yet: more than half of what is promised would be lost');
  clock.seconds = SECONDS + 3600 - 1499;
  await Promise.all([sweep(), sweep()]);
  t.equal(asked.length, 3, 'the caller that returned');
  const renewed = await issue(requestOf());
  t.same([keyOf(renewed), renewed.cached], ['ASIA3', 'fresh']);
  t.same(uses, ['miss', 'miss', 'hit', 'renewed', 'hit']);
  t.match(lines, [{ level: 'info', fields: { role: 'fed', accessKeyId: 'ASIA3', stsRequestId: 'sts-3' } }]);
  t.notMatch(JSON.stringify(lines), /secret-|token-|a\.b\.c/);
  clock.seconds += 3600 - 1499;
  await sweep();
  t.equal(asked.length, 4, 'the caller that returned again');
  clock.seconds += 3600 - 1499;
  await sweep();
  t.equal(asked.length, 4, 'and then did not');
});

t.test('refresh ahead skips assertions, expired forwarded JWTs and endWithProof', async (t) => {
  const saml: Target = {
    operation: 'AssumeRoleWithSAML',
    roleArn: 'arn:aws:iam::111122223333:role/S3Reader',
    principalArn: 'arn:aws:iam::111122223333:saml-provider/Adfs',
  };
  const web = { role: 'web', target: FORWARDING };
  const until = (seconds: number) => ({ expiresAt: SECONDS + seconds });
  const broker: Target = { ...FORWARDING, webIdentity: 'broker' };
  const rows: [what: string, parts: Parts, renewed: boolean][] = [
    ['an assertion', { decision: { target: saml } }, false],
    ['what ends with the proof', { decision: { notAfter: SECONDS + 40_000 } }, false],
    ['a forwarded JWT that has ended', { decision: web, principal: until(2000) }, false],
    ['a forwarded JWT that has not', { decision: web, principal: until(2400) }, true],
    ['a JWT that is not forwarded', { decision: { ...web, target: broker }, principal: until(10) }, true],
  ];
  for (const [what, parts, renewed] of rows) {
    const { issue, sweep, clock, asked } = started();
    await issue(requestOf(parts));
    await issue(requestOf(parts));
    clock.seconds = SECONDS + 3600 - 1400;
    await sweep();
    t.equal(asked.length, renewed ? 2 : 1, what);
  }
});

t.test('requests remembered for refresh ahead are bounded in bytes', async (t) => {
  const { issue, sweep, clock, asked } = started();
  const proof = 'x'.repeat(256 * 1024);
  const callers = Array.from({ length: 300 }, (_, index) => requestOf({ claims: { index }, proof }));
  for (const request of [...callers, ...callers]) await issue(request);
  clock.seconds = SECONDS + 3600 - 1400;
  await sweep();
  const renewed = asked.slice(callers.length).map(({ principal }) => Number(principal.claims['index']));
  t.ok(renewed.length > 0 && renewed.length < 256, `${renewed.length} callers`);
  t.ok(Math.min(...renewed) >= 300 - renewed.length, 'the last ones');
});

t.test('refresh ahead stops while STS is unavailable, and continues after a denial', async (t) => {
  const { issue, sweep, clock, asked, sts, uses } = started();
  const callers = Array.from({ length: 20 }, (_, index) => requestOf({ claims: { index } }));
  for (const request of [...callers, ...callers]) await issue(request);
  clock.seconds = SECONDS + 3600 - 1400;
  sts.answer = () => 'sts_unavailable';
  await sweep();
  t.ok(asked.length <= 24, 'it stops calling');
  sts.answer = ({ principal }) => (Number(principal.claims['index']) < 5 ? 'sts_access_denied' : undefined);
  await sweep();
  t.equal(uses.filter((use) => use === 'renewed').length, 15, 'a refusal of one does not keep the others');
  const before = asked.length;
  await sweep();
  t.equal(asked.length, before, 'and is not requested again');
});

t.test('a reload drops the credentials of changed roles once the old config is out of use', async (t) => {
  const { issue, load, release, cache, asked } = started();
  const web = () => requestOf({ decision: { role: 'web', target: FORWARDING } });
  await issue(requestOf());
  await issue(web());
  const changed = load({ fed: federation, web: { via: 'GetSessionToken' } });
  t.equal(cache.size.entries, 2, 'requests that began before still run');
  t.equal(keyOf(await changed.issue(requestOf())), 'ASIA1', 'a role that is the same');
  t.equal(keyOf(await changed.issue(web())), 'ASIA3', 'a role that is not');
  release();
  t.equal(cache.size.entries, 2);
  await issue(web());
  t.equal(cache.size.entries, 2, 'credentials of a late request of the old config are not cached');
  t.equal(asked.length, 4);
  changed.release();
  t.same(cache.size, { entries: 0, bytes: 0 });
});

t.test('role fingerprint changes with what shapes its credentials', (t) => {
  const config = configOf({ fed: federation, web }, []);
  const fingerprints = new RoleFingerprints(config);
  const rolesFrom = {
    named: {
      via: 'AssumeRoleWithWebIdentity' as const,
      claim: 'roles',
      accounts: ['111122223333'],
      roleArns: ['arn:*'],
    },
  };
  const rows: [what: string, changed: typeof config, isSame: boolean][] = [
    ['grants', { ...config, grants: [{ id: 'g', issuer: 'corp', match: {}, roles: ['fed'] }] }, true],
    ['another role', { ...config, roles: { ...config.roles, web: federation } }, true],
    [
      'the role',
      { ...config, roles: { ...config.roles, fed: { ...federation, region: 'eu-west-2' } } },
      false,
    ],
    ['aws', { ...config, aws: { region: 'eu-west-2' } }, false],
    ['issuers', { ...config, issuers: {} }, false],
    ['webIdentity', { ...config, webIdentity: { keys: '/keys' } }, false],
    ['tests', { ...config, tests: [] }, true],
  ];
  for (const [what, changed, isSame] of rows)
    t.equal(
      new RoleFingerprints(changed).of({ role: 'fed' }) === fingerprints.of({ role: 'fed' }),
      isSame,
      what,
    );
  const withNamed = new RoleFingerprints({ ...config, rolesFrom });
  t.ok(withNamed.of({ role: 'arn:aws:iam::111122223333:role/x', rolesFrom: 'named' }));
  t.equal(withNamed.of({ role: 'named' }), undefined, 'a name in one section is none in the other');
  t.equal(withNamed.all.length, 3);
  t.end();
});

t.test('cache is bounded in entries and bytes, and overwrites what it drops', async (t) => {
  const buffers: Buffer[] = [];
  const { allocUnsafeSlow } = Buffer;
  t.teardown(() => {
    Buffer.allocUnsafeSlow = allocUnsafeSlow;
  });
  Buffer.allocUnsafeSlow = (size) => {
    const buffer = allocUnsafeSlow(size);
    buffers.push(buffer);
    return buffer;
  };
  const isWiped = (buffer: Buffer | undefined) => buffer?.every((byte) => byte === 0);
  const caller = (index: number) => requestOf({ claims: { index } });

  const few = started({ maxEntries: 2 });
  for (const index of [1, 2, 1, 3]) await few.issue(caller(index));
  t.same(buffers.map(isWiped), [false, true, false], 'the least recently used');
  few.clock.seconds += 3599;
  await few.sweep();
  t.same(buffers.map(isWiped), [false, true, false]);
  few.clock.seconds += 2;
  await few.sweep();
  t.same(buffers.map(isWiped), [true, true, true], 'what has ended');

  buffers.length = 0;
  const small = started({ maxBytes: 65_536 });
  for (let index = 0; index < 1000; index++) await small.issue(caller(index));
  t.ok(small.cache.size.bytes <= 65_536 && small.cache.size.entries < 200, 'bytes count');
  t.equal(buffers.filter(isWiped).length, 1000 - small.cache.size.entries);
  small.release();
  t.ok(buffers.every(isWiped), 'all, with the config');
});

t.test('serialized credentials deserialize to the same', (t) => {
  const issued: IssuedCredentials = {
    credentials: {
      accessKeyId: 'ASIA',
      secretAccessKey: new Secret('a"b\\/+='),
      sessionToken: new Secret('x'.repeat(2000)),
      expiration: new Date('2026-11-21T13:00:00Z'),
    },
    federation: { Subject: 'Jürgen 🚪 \u2028', Issuer: 'https://idp' },
    packedPolicySize: 0,
    durationLimitedBy: 'chain',
    stsRequestId: 'r',
  };
  const bytes = serialize(issued);
  t.ok(bytes.every((byte) => byte < 128));
  t.equal(bytes.buffer.byteLength, bytes.length, 'in its own memory');
  const out = deserialize(bytes);
  t.strictSame(out, issued);
  t.equal(out.credentials.secretAccessKey.reveal(), 'a"b\\/+=');
  t.equal(out.credentials.sessionToken.reveal(), 'x'.repeat(2000));
  t.end();
});
