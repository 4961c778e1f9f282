// The credential cache against a naive model, over random operations: identities x roles x sessions x time x reloads x
// STS failures. SALLYPORT_FUZZ_RUNS sets the number of runs (ten operations each), SALLYPORT_FUZZ_SEED repeats a run.

import { Secret } from '@sallyport/client/internal/secret';
import fc from 'fast-check';
import t from 'tap';
import type { RoleConfig } from '../../../src/config/schema/role.js';
import { SallyportError } from '../../../src/core/errors.js';
import type {
  Decision,
  IssuedCredentials,
  IssueRequest,
  Principal,
  Proof,
  Target,
} from '../../../src/core/types.js';
import { CredentialCache } from '../../../src/issuance/cache/credential-cache.js';
import { RoleFingerprints } from '../../../src/issuance/cache/role-fingerprints.js';
import { CredentialIssuer } from '../../../src/issuance/credential-issuer.js';
import { claimsOf, configOf } from '../../support/policy.js';
import { repetitions } from '../../support/size.js';

const runs = Number(process.env['SALLYPORT_FUZZ_RUNS'] ?? repetitions(1000, 10000));
const seed = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
t.comment(`SALLYPORT_FUZZ_SEED=${seed} SALLYPORT_FUZZ_RUNS=${runs}`);
/** Per run: the average; 200 at most. */
const OPERATIONS = 90;
const GRID = 5000;

/** Callers that a careless cache key would confuse. */
const CALLERS: readonly Pick<Principal, 'issuer' | 'type' | 'subject' | 'claims'>[] = [
  ['ci', 'oidc', 'alice', { groups: ['a', 'b'] }],
  ['ci', 'oidc', 'alice', { groups: ['a,b'] }],
  ['ci', 'oidc', 'alice', { groups: [['a', 'b']] }],
  ['ci', 'oidc', 'alice', { groups: { a: 'b' } }],
  ['ci', 'oidc', 'alice', { groups: { members: [['a', 'b']] } }],
  ['ci', 'oidc', 'alice', {}],
  ['corp', 'oidc', 'alice', {}],
  ['adfs', 'saml', 'alice', {}],
  ['ci', 'oidc', 'alice2', {}],
].map(([issuer, type, subject, claims]) => ({
  issuer: String(issuer),
  type: type === 'saml' ? 'saml' : 'oidc',
  subject: String(subject),
  claims: claimsOf(Object(claims)),
}));

const ARN = 'arn:aws:iam::111122223333:role/deploy';
const ROLES: readonly (readonly [name: string, role: RoleConfig, target: Target])[] = [
  ['assumed', { via: 'AssumeRole', roleArn: ARN }, { operation: 'AssumeRole', roleArn: ARN, chain: [] }],
  [
    'forwarded',
    { via: 'AssumeRoleWithWebIdentity', roleArn: ARN },
    { operation: 'AssumeRoleWithWebIdentity', roleArn: ARN, webIdentity: 'caller' },
  ],
  ['federated', { via: 'GetFederationToken' }, { operation: 'GetFederationToken' }],
  ['uncached', { via: 'GetFederationToken', cache: 'off' }, { operation: 'GetFederationToken' }],
];
const SESSIONS: readonly Decision['session'][] = [
  { name: 'a', durationSeconds: 900 },
  { name: 'a', durationSeconds: 3600 },
  { name: 'a', durationSeconds: 43_200 },
  { name: 'b', durationSeconds: 3600 },
  { name: 'a', durationSeconds: 3600, policy: '{}' },
  { name: 'a', durationSeconds: 3600, policyArns: ['{}'] },
  { name: 'a', durationSeconds: 3600, tags: { t: '1' } },
  { name: 'a', durationSeconds: 3600, tags: { t: '1' }, transitiveTags: ['t'] },
  { name: 'a', durationSeconds: 3600, sourceIdentity: 't' },
];

interface RequestShape {
  readonly caller: number;
  readonly role: number;
  readonly session: number;
  /** Seconds that the caller's token is good for beyond the next full `GRID`: several requests come with the same end. */
  readonly proof: number;
  readonly endWithProof: boolean;
  readonly mfa: boolean;
}
type Operation =
  | { readonly kind: 'ask'; readonly crowd: readonly RequestShape[] }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'reload'; readonly role: number; readonly version: number; readonly busy: boolean }
  | { readonly kind: 'sts'; readonly state: 'up' | 'down' | 'refuses' }
  /** Advances the time to when a refresh is due. */
  | { readonly kind: 'sweep'; readonly place: number | undefined };

const rarely = (freq: number) => fc.nat({ max: freq }).map((n) => n === 0);
const below = (length: number) => fc.nat({ max: length - 1 });
const requested: fc.Arbitrary<RequestShape> = fc.record({
  caller: below(CALLERS.length),
  role: below(ROLES.length),
  session: below(SESSIONS.length),
  proof: fc.constantFrom(0, 0, 1000, 50_000),
  endWithProof: rarely(8),
  mfa: rarely(20),
});
/** Most requests resemble earlier ones. */
const usual: fc.Arbitrary<RequestShape> = fc.record({
  caller: below(3),
  role: below(2),
  session: below(2),
  proof: fc.constantFrom(0, 50_000),
  endWithProof: rarely(4),
  mfa: fc.constant(false),
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('ask'),
      crowd: fc.array(fc.oneof({ weight: 2, arbitrary: usual }, { weight: 1, arbitrary: requested }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait'),
      seconds: fc.oneof(
        fc.nat({ max: 400 }),
        fc.constantFrom(0.3, 530, 590, 840, 2150, 2250, 2390, 3541, 40_000),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('sweep'),
      place: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reload'),
      role: below(ROLES.length),
      version: below(3),
      busy: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('sts'), state: fc.constantFrom('up', 'up', 'down', 'refuses') }),
  },
);

/** Everything that makes two requests equal. Undefined: equal to no other. */
type Context = string | undefined;

function assertThat(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

const promisedBy = ({ decision }: IssueRequest) => Math.min(1200, decision.session.durationSeconds / 3);

/** The cache, the model, and an STS that remembers for whom it issued what. */
class World {
  now = 1_800_000_000.25;
  sts: 'up' | 'down' | 'refuses' = 'up';
  calls = 0;
  readonly exact: boolean;
  readonly #versions = ROLES.map(() => 0);
  readonly #cache: CredentialCache;
  /** By proof: each request has its own. */
  readonly #contexts = new WeakMap<Proof, { readonly context: Context }>();
  /** The model: expiry of the credentials issued last, by context. */
  readonly #cached = new Map<string, { readonly expiresAt: number; readonly promised: number }>();
  readonly #returned = new Set<string>();
  readonly #issued = new Map<string, { readonly context: Context; readonly expiresAt: number }>();
  #sweeping = false;
  /** Requests whose `beforeSts` has resolved. */
  readonly #recorded = new WeakSet<Proof>();
  readonly #refreshErrors: (string | undefined)[] = [];
  readonly #retired: (() => void)[] = [];
  #inUse: { readonly issuer: CredentialIssuer; readonly release: () => void };

  constructor(maxEntries: number) {
    this.exact = maxEntries > 1000;
    this.#cache = new CredentialCache({ maxEntries });
    this.#inUse = this.#load();
  }

  #load() {
    const roles = ROLES.map(([name, role], index) => [
      name,
      { ...role, region: `eu-west-${this.#versions[index]}` },
    ]);
    const fingerprints = new RoleFingerprints(configOf(Object.fromEntries(roles), []));
    const issuer = new CredentialIssuer({
      stsIssuer: { issue: (request) => this.#ask(request) },
      cache: this.#cache,
      fingerprints,
      onCacheUse: () => {},
      log: { debug() {}, info() {}, warn() {}, error() {} },
      now: () => new Date(this.now * 1000),
    });
    return { issuer, release: this.#cache.retain(fingerprints.all) };
  }

  async #ask(request: IssueRequest): Promise<IssuedCredentials> {
    this.calls++;
    assertThat(
      this.#sweeping || this.#recorded.has(request.proof),
      'STS called before the intent was recorded',
    );
    const context = this.#contexts.get(request.proof)?.context;
    if (this.#sweeping) this.#refreshErrors.push(this.#refreshError(request, context));
    await undefined;
    if (this.sts === 'down') throw new SallyportError('sts_unavailable');
    if (this.sts === 'refuses') throw new SallyportError('sts_access_denied');
    const accessKeyId = `ASIA${this.#issued.size}`;
    const expiresAt = Math.floor(this.now) + request.decision.session.durationSeconds;
    this.#issued.set(accessKeyId, { context, expiresAt });
    if (context !== undefined) {
      this.#cached.set(context, { expiresAt, promised: promisedBy(request) });
      if (this.#sweeping) this.#returned.delete(context);
    }
    return {
      credentials: {
        accessKeyId,
        secretAccessKey: new Secret(`secret of ${accessKeyId}`),
        sessionToken: new Secret(`token of ${accessKeyId}`),
        expiration: new Date(expiresAt * 1000),
      },
      sourceIdentity: `ü ${accessKeyId}`,
    };
  }

  /** Returned instead of thrown, since errors of a refresh are only logged. */
  #refreshError({ decision, principal, mfa }: IssueRequest, context: Context): string | undefined {
    const stored = this.#cached.get(context ?? '');
    if (context === undefined || !this.#returned.has(context)) return 'refreshed without a request';
    if (decision.notAfter !== undefined || mfa) return 'refreshed what is not refreshable';
    if (!stored || stored.expiresAt - this.now > 1.5 * stored.promised) return 'refreshed too early';
    const forwards = decision.target.operation === 'AssumeRoleWithWebIdentity';
    return forwards && principal.expiresAt <= this.now ? 'refreshed with an expired proof' : undefined;
  }

  #requestOf({ caller, role, session, proof, endWithProof, mfa }: RequestShape): IssueRequest | undefined {
    const who = CALLERS[caller];
    const [name, config, target] = ROLES[role] ?? [];
    const expected = SESSIONS[session];
    assertThat(!!who && !!config && name !== undefined && !!target && !!expected, 'nothing there');
    const expiresAt = Math.ceil(this.now / GRID) * GRID + proof;
    const left = Math.floor(expiresAt - this.now);
    const cut = endWithProof && left < expected.durationSeconds;
    if (cut && left < 900) return undefined;
    const request: IssueRequest = {
      principal: {
        ...who,
        // Each request has its own token.
        claims: claimsOf({ jti: String(Math.random()), exp: expiresAt, ...who.claims }),
        issuedAt: this.now,
        expiresAt,
      },
      decision: {
        role: name,
        target,
        session: { ...expected, durationSeconds: cut ? left : expected.durationSeconds },
        ...(endWithProof && { notAfter: expiresAt }),
        grant: `g${Math.random()}`,
        durationLimitedBy: cut ? 'proof' : 'role',
      },
      proof: { type: who.type, value: new Secret(`proof until ${expiresAt}`) },
      ...(mfa && { mfa: { serialNumber: 'arn:mfa', tokenCode: new Secret('123456') } }),
    };
    const shared = !mfa && config.cache !== 'off';
    const until = endWithProof && expiresAt;
    const version = this.#versions[role];
    const context = JSON.stringify({
      caller,
      role,
      version,
      session: cut ? { ...expected, durationSeconds: 'cut' } : expected,
      until,
    });
    this.#contexts.set(request.proof, { context: shared ? context : undefined });
    return request;
  }

  async #serve(request: IssueRequest): Promise<void> {
    const context = this.#contexts.get(request.proof)?.context;
    let issued: IssuedCredentials;
    const beforeSts = async () => {
      assertThat(!this.#recorded.has(request.proof), 'recorded twice');
      await undefined;
      this.#recorded.add(request.proof);
    };
    try {
      issued = await this.#inUse.issuer.getOrIssue(request, { beforeSts });
    } catch (error) {
      assertThat(error instanceof SallyportError && this.sts !== 'up', `failed: ${error}`);
      const left = (this.#cached.get(context ?? '')?.expiresAt ?? 0) - this.now;
      assertThat(!this.exact || this.sts === 'refuses' || left < 60, 'refused with credentials there');
      return;
    }
    assertThat(
      issued.cached === 'fresh' || this.#recorded.has(request.proof),
      'served by STS without a record',
    );
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = issued.credentials;
    const source = this.#issued.get(accessKeyId);
    assertThat(source !== undefined && source.context === context, `issued for another: ${source?.context}`);
    assertThat(secretAccessKey.reveal() === `secret of ${accessKeyId}`, 'another secret');
    assertThat(sessionToken.reveal() === `token of ${accessKeyId}`, 'another token');
    assertThat(issued.sourceIdentity === `ü ${accessKeyId}`, 'another source identity');
    const expiresAt = expiration.getTime() / 1000;
    assertThat(expiresAt === source.expiresAt, 'the returned expiration is wrong');
    assertThat(expiresAt <= (request.decision.notAfter ?? Infinity), 'outlives what it may');
    const least = issued.cached === 'stale' ? 60 : promisedBy(request);
    assertThat(expiresAt - this.now >= least, `${expiresAt - this.now} seconds left, promised ${least}`);
    assertThat(issued.cached !== 'stale' || this.sts === 'down', 'stale without need');
    assertThat(issued.cached === undefined || context !== undefined, 'cached where nothing may be');
  }

  async #askAll(crowd: readonly RequestShape[]): Promise<void> {
    const requests = crowd.flatMap((each) => this.#requestOf(each) ?? []);
    const contexts = requests.map((request) => this.#contexts.get(request.proof)?.context);
    const needing = requests.filter((request, index) => {
      const context = contexts[index];
      if (context === undefined) return true;
      const ending = this.#cached.get(context)?.expiresAt;
      if (ending !== undefined && request.decision.notAfter === undefined) this.#returned.add(context);
      return (
        contexts.indexOf(context) === index &&
        (ending === undefined || ending - this.now < promisedBy(request))
      );
    });
    const before = this.calls;
    await Promise.all(requests.map((request) => this.#serve(request)));
    const calls = this.calls - before;
    assertThat(
      !this.exact || calls === needing.length,
      `${calls} calls of STS, the model has ${needing.length}`,
    );
  }

  #waitUntilDue(place: number): void {
    const { expiresAt, promised } = [...this.#cached.values()][place % (this.#cached.size || 1)] ?? {};
    this.now = Math.max(this.now, (expiresAt ?? 0) - (promised ?? 0) * 1.2);
  }

  #retire(): void {
    for (const release of this.#retired.splice(0)) release();
    this.#forget((context) => {
      const { role, version } = JSON.parse(context);
      return this.#versions[role] !== version;
    });
  }

  #forget(isOver: (context: string, expiresAt: number) => boolean): void {
    for (const [context, { expiresAt }] of this.#cached)
      if (isOver(context, expiresAt)) this.#cached.delete(context);
  }

  async run(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'ask':
        await this.#askAll(operation.crowd);
        break;
      case 'wait':
        this.now += operation.seconds;
        break;
      case 'sts':
        this.sts = operation.state;
        break;
      case 'sweep':
        if (operation.place !== undefined) this.#waitUntilDue(operation.place);
        this.#forget((_, expiresAt) => expiresAt <= this.now);
        this.#sweeping = true;
        await this.#inUse.issuer.sweep();
        this.#sweeping = false;
        for (const fault of this.#refreshErrors.splice(0)) assertThat(fault === undefined, String(fault));
        break;
      case 'reload':
        this.#versions[operation.role] = operation.version;
        this.#retired.push(this.#inUse.release);
        this.#inUse = this.#load();
        this.#returned.clear();
        // Requests that began with the old config keep it in use.
        if (!operation.busy) this.#retire();
        break;
    }
    const { entries } = this.#cache.size;
    assertThat(
      !this.exact || entries === this.#cached.size,
      `${entries} entries, the model has ${this.#cached.size}`,
    );
  }
}

const property = (maxEntries: number) =>
  fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 200, size: 'max' }), async (operations) => {
    const world = new World(maxEntries);
    for (const each of operations) await world.run(each);
  });
const numRuns = Math.ceil((runs * 10) / OPERATIONS / 2);

t.test('the cache behaves as the model and makes exactly as many STS calls', async (t) => {
  await t.resolves(fc.assert(property(2000), { numRuns, seed }));
});

t.test('a cache that evicts entries still serves only fresh credentials of the same caller', async (t) => {
  await t.resolves(fc.assert(property(3), { numRuns, seed }));
});
