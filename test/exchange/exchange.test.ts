import { setImmediate } from 'node:timers/promises';
import { Secret } from '@sallyport/client/internal/secret';
import fc from 'fast-check';
import t from 'tap';
import { Authenticator, type ProofVerifiers } from '../../src/authn/authenticate.js';
import type { AuditRecord } from '../../src/core/audit-record.js';
import { SallyportError } from '../../src/core/errors.js';
import type { ProofVerifier, ReplayStore, SingleUseId, VerifiedProof } from '../../src/core/ports.js';
import type { ExchangeRequest, IssuedCredentials, Principal, Proof } from '../../src/core/types.js';
import { MemoryReplayStore } from '../../src/replay/memory-replay-store.js';
import type { Runtime } from '../../src/runtime/runtime.js';
import { operationsOf } from '../support/pipeline.js';
import { NOW, policyOf, principalOf, SECONDS, web } from '../support/policy.js';
import { runtimeOf } from '../support/runtime.js';

const request: ExchangeRequest = {
  requestId: 'req-1',
  surface: 'credentials',
  sourceAddress: '10.1.2.3',
  proof: { type: 'oidc', value: new Secret('the-proof-itself') },
};
const issued: IssuedCredentials = {
  credentials: {
    accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
    secretAccessKey: new Secret('the-secret-key'),
    sessionToken: new Secret('the-session-token'),
    expiration: new Date('2026-11-21T13:00:00Z'),
  },
};
const policy = policyOf({ deploy: web }, [{ id: 'g', issuer: 'corp', match: {}, roles: ['deploy'] }]);

type Authenticate = (proof: Proof, now: Date) => Promise<Principal>;

/** Authenticates with these verifiers and this replay store. */
function createAuthenticate(
  verifiers: ProofVerifiers,
  ...parameters: ConstructorParameters<typeof Authenticator>
): Authenticate {
  const authenticator = new Authenticator(...parameters);
  return (proof, now) => authenticator.authenticate(verifiers, proof, now);
}

const issuerOf = (getOrIssue: Runtime['issuer']['getOrIssue']): Runtime['issuer'] => ({
  getOrIssue,
  sweep: async () => {},
});

interface Failures {
  readonly authenticate?: unknown;
  readonly limit?: unknown;
  readonly cached?: IssuedCredentials;
  readonly issue?: unknown;
  /** The events whose record cannot be written. */
  readonly audit?: readonly AuditRecord['Event'][];
}

/** Operations over spies: `steps` is what happened, in order. */
function spied(errors: Failures = {}, authenticated: Authenticate = async () => principalOf()) {
  const steps: string[] = [];
  const limited: string[] = [];
  const records: AuditRecord[] = [];
  const { exchange, preview } = operationsOf({
    runtime: {
      policy,
      issuer: issuerOf(async ({ decision, proof }, { beforeSts }) => {
        if (errors.cached) return errors.cached;
        await beforeSts();
        steps.push(`issue ${decision.role} with ${proof.value.reveal()}`);
        if (errors.issue) throw errors.issue;
        return issued;
      }),
    },
    authenticator: {
      authenticate: async (_, proof, now) => {
        steps.push('authenticate');
        if (errors.authenticate) throw errors.authenticate;
        return authenticated(proof, now);
      },
    },
    limiter: {
      consume: async (scope, key) => {
        steps.push('limit');
        limited.push(`${scope} ${key}`);
        if (errors.limit) throw errors.limit;
      },
    },
    audit: {
      write: async (record) => {
        await setImmediate(); // a sink takes its time
        steps.push(`${record.Event}${errors.audit?.includes(record.Event) ? ' lost' : ''}`);
        if (errors.audit?.includes(record.Event)) throw new Error('disk full');
        records.push(record);
      },
      check: async () => true,
      close: async () => {},
    },
  });
  return {
    exchange: (request: ExchangeRequest) => exchange.run(request),
    preview: (request: ExchangeRequest) => preview.run(request),
    steps,
    limited,
    records,
  };
}

const codeOf = async (outcome: Promise<unknown>) => {
  try {
    await outcome;
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    return error;
  }
  return undefined;
};

t.test(
  'exchange runs its steps in order and each audit record is durable before the next step',
  async (t) => {
    const { exchange, steps, records } = spied();
    const { principal, decision, issued: received } = await exchange({ ...request, role: 'deploy' });
    t.same(steps, ['authenticate', 'limit', 'intent', 'issue deploy with the-proof-itself', 'issued']);
    t.equal(principal.subject, 'alice');
    t.equal(decision.grant, 'g');
    t.equal(received, issued);
    t.match(records, [
      { Event: 'intent', RequestId: 'req-1', Role: 'deploy', Grant: 'g', Principal: { Subject: 'alice' } },
      { Event: 'issued', RequestId: 'req-1', Issued: { AccessKeyId: 'ASIAEXAMPLEEXAMPLE00' } },
    ]);
    t.notMatch(JSON.stringify(records), /the-proof|the-secret|the-session/);
  },
);

t.test(
  'a cache hit writes no intent record, and its issued record is durable before the response',
  async (t) => {
    const { exchange, steps, records } = spied({ cached: { ...issued, cached: 'fresh' } });
    const { issued: received } = await exchange({ ...request, role: 'deploy' });
    t.same(steps, ['authenticate', 'limit', 'issued']);
    t.match(received, { cached: 'fresh' });
    t.match(records, [{ Event: 'issued', Issued: { AccessKeyId: 'ASIAEXAMPLEEXAMPLE00', Cached: true } }]);
    const lost = spied({ cached: issued, audit: ['issued'] });
    t.equal((await codeOf(lost.exchange({ ...request, role: 'deploy' })))?.code, 'audit_unavailable');
  },
);

t.test(
  'each failure stops the exchange, is recorded, and returns its error code to the caller',
  async (t) => {
    const refusal = new SallyportError('proof_expired', { reason: 'jwt.exp.past' });
    const stsError = new SallyportError('sts_access_denied', { reason: 'sts.AccessDenied' });
    const bug = new TypeError('the-proof-itself is not a function');
    const through = 'issue deploy with the-proof-itself';
    const rows: [what: string, faults: Failures, role: string | undefined, steps: string[], code: string][] =
      [
        ['the proof', { authenticate: refusal }, undefined, ['authenticate', 'denied'], 'proof_expired'],
        [
          'too many requests',
          { limit: new SallyportError('rate_limited') },
          undefined,
          ['authenticate', 'limit', 'denied'],
          'rate_limited',
        ],
        ['the role', {}, 'nope', ['authenticate', 'limit', 'denied'], 'role_not_permitted'],
        [
          'STS',
          { issue: stsError },
          undefined,
          ['authenticate', 'limit', 'intent', through, 'failed'],
          'sts_access_denied',
        ],
        ['a bug in a verifier', { authenticate: bug }, undefined, ['authenticate', 'failed'], 'internal'],
        [
          'a bug in issuance',
          { issue: bug },
          undefined,
          ['authenticate', 'limit', 'intent', through, 'failed'],
          'internal',
        ],
        [
          'no error at all',
          { issue: 'text' },
          undefined,
          ['authenticate', 'limit', 'intent', through, 'failed'],
          'internal',
        ],
        [
          'intent not recorded',
          { audit: ['intent'] },
          undefined,
          ['authenticate', 'limit', 'intent lost'],
          'audit_unavailable',
        ],
        [
          'issue not recorded',
          { audit: ['issued'] },
          undefined,
          ['authenticate', 'limit', 'intent', through, 'issued lost'],
          'audit_unavailable',
        ],
        [
          'denial not recorded',
          { authenticate: refusal, audit: ['denied'] },
          undefined,
          ['authenticate', 'denied lost'],
          'audit_unavailable',
        ],
        [
          'failure not recorded',
          { issue: stsError, audit: ['failed'] },
          undefined,
          ['authenticate', 'limit', 'intent', through, 'failed lost'],
          'audit_unavailable',
        ],
      ];
    for (const [what, errors, role, steps, code] of rows) {
      const each = spied(errors);
      const error = await codeOf(each.exchange({ ...request, ...(role !== undefined && { role }) }));
      t.equal(error?.code, code, what);
      t.same(each.steps, steps, what);
      t.notMatch(`${error?.detail} ${JSON.stringify(error?.members)}`, 'the-proof-itself', 'public text');
      const last = each.records.at(-1);
      if (last?.Error) t.same(last.Error, { Code: code, Reason: error?.reason }, 'the record says why');
    }
    const { exchange } = spied({ issue: bug });
    t.equal((await codeOf(exchange(request)))?.cause, bug, 'the cause is kept for the log');
    const lost = spied({ audit: ['issued'] });
    t.match((await codeOf(lost.exchange(request)))?.cause, { message: 'disk full' });
  },
);

t.test(
  'the deadline starts when the request arrives; a surface can shorten it but not extend it',
  async (t) => {
    const deadlines: (number | undefined)[] = [];
    let time = NOW.getTime();
    const { exchange } = operationsOf({
      runtime: {
        policy,
        deadlineMs: 10_000,
        issuer: issuerOf(async ({ deadline }) => {
          deadlines.push(deadline);
          return issued;
        }),
      },
      authenticator: {
        authenticate: async () => {
          time += 4000;
          return principalOf();
        },
      },
      now: () => new Date(time),
    });
    for (const timeoutMs of [undefined, 900, 60_000]) {
      time = NOW.getTime();
      await exchange.run({ ...request, ...(timeoutMs !== undefined && { timeoutMs }) });
    }
    t.same(
      deadlines.map((deadline = 0) => deadline - NOW.getTime()),
      [10_000, 900, 10_000],
    );
  },
);

t.test('a request keeps the runtime it started with', async (t) => {
  let taken = 0;
  const { exchange } = operationsOf({
    configManager: {
      withRuntime: (task) => {
        taken++;
        return task(
          runtimeOf({
            policy: taken === 1 ? policy : policyOf({}, []),
            issuer: issuerOf(async () => issued),
          }),
        );
      },
    },
  });
  t.equal((await exchange.run(request)).decision.role, 'deploy');
  t.equal(taken, 1);
  t.equal(
    (await codeOf(exchange.run(request)))?.code,
    'no_role_permitted',
    'the next request has the new runtime',
  );
});

t.test('preview stops after the decision, issues nothing and is recorded', async (t) => {
  const { preview, steps, limited, records } = spied();
  const rolesRequest = { ...request, surface: 'roles' };
  const { principal, permitted } = await preview(rolesRequest);
  t.equal(principal.subject, 'alice');
  t.same(
    permitted.map(({ role, grant }) => `${role.name} ${grant}`),
    ['deploy g'],
  );
  t.same(steps, ['authenticate', 'limit', 'previewed']);
  t.match(records, [{ Event: 'previewed', Surface: 'roles', Principal: { Subject: 'alice' } }]);
  t.same(limited, ['principal ["corp","alice"]']);
  const rows: [faults: Failures, steps: string[], code: string][] = [
    [{ limit: new SallyportError('rate_limited') }, ['authenticate', 'limit', 'denied'], 'rate_limited'],
    [{ authenticate: new SallyportError('proof_invalid') }, ['authenticate', 'denied'], 'proof_invalid'],
    [{ audit: ['previewed'] }, ['authenticate', 'limit', 'previewed lost'], 'audit_unavailable'],
    [{ authenticate: new TypeError('a bug') }, ['authenticate', 'failed'], 'internal'],
  ];
  for (const [errors, happened, code] of rows) {
    const failing = spied(errors);
    t.equal((await codeOf(failing.preview(rolesRequest)))?.code, code);
    t.same(failing.steps, happened, code);
  }
});

/** Accepts every proof as alice; `once` as given. */
function verifierOf(verified: Partial<VerifiedProof>): ProofVerifier {
  return {
    verify: async () => ({ principal: principalOf(), singleUseIds: [], ...verified }),
    close: async () => {},
  };
}
const never: ProofVerifier = {
  verify: async () => {
    throw new Error('the wrong verifier was called');
  },
  close: async () => {},
};
const use: SingleUseId = {
  issuer: 'https://login.corp.example',
  id: 'jti-1',
  issuedAt: SECONDS - 60,
  expiresAt: SECONDS + 300,
};
const singleUseIds = [use];
const memory = (since = SECONDS - 3600) => new MemoryReplayStore(() => new Date(since * 1000));

t.test('authenticate calls the verifier of the proof type', async (t) => {
  const oidc = createAuthenticate({ oidc: verifierOf({}), saml: never }, memory());
  t.equal((await oidc(request.proof, NOW)).subject, 'alice');
  const saml = createAuthenticate({ oidc: never, saml: verifierOf({}) }, memory());
  t.equal((await saml({ ...request.proof, type: 'saml' }, NOW)).subject, 'alice');
});

t.test('a single-use proof sent many times concurrently succeeds once', async (t) => {
  const { exchange, steps, records } = spied(
    {},
    createAuthenticate({ oidc: verifierOf({ singleUseIds }), saml: never }, memory()),
  );
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => codeOf(exchange(request))));
  t.equal(outcomes.filter((error) => error === undefined).length, 1);
  t.equal(outcomes.filter((error) => error?.code === 'proof_replayed').length, 49);
  t.equal(steps.filter((step) => step.startsWith('issue ')).length, 1, 'STS is called once');
  t.equal(records.filter(({ Event }) => Event === 'denied').length, 49, 'and each replay is recorded');
});

t.test('confirm runs once, after the claim', async (t) => {
  let confirmed = 0;
  const confirm = async () => {
    confirmed++;
  };
  const authenticate = createAuthenticate(
    { oidc: verifierOf({ singleUseIds, confirm }), saml: never },
    memory(),
  );
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => codeOf(authenticate(request.proof, NOW))),
  );
  t.equal(outcomes.filter((error) => error === undefined).length, 1);
  t.equal(confirmed, 1);
  const refusing = async () =>
    Promise.reject(new SallyportError('proof_invalid', { reason: 'saml.reader.refused' }));
  const refused = createAuthenticate({ oidc: verifierOf({ confirm: refusing }), saml: never }, memory());
  t.equal((await codeOf(refused(request.proof, NOW)))?.reason, 'saml.reader.refused', 'its refusal counts');
});

t.test('a reusable proof is never claimed', async (t) => {
  const store: ReplayStore = {
    remembersSince: SECONDS,
    forgetsAtRestart: false,
    claim: async () => t.fail('claimed'),
    check: async () => true,
    close: async () => {},
  };
  const authenticate = createAuthenticate({ oidc: verifierOf({}), saml: never }, store);
  t.equal((await authenticate(request.proof, NOW)).subject, 'alice');
});

t.test('a claim uses issuer and id as key and the expiry of the proof', async (t) => {
  const claimed: unknown[] = [];
  const storeOf = (response: () => Promise<boolean>, remembersSince = 0): ReplayStore => ({
    remembersSince,
    forgetsAtRestart: false,
    claim: (...parameters) => {
      claimed.push(parameters);
      return response();
    },
    check: async () => true,
    close: async () => {},
  });
  const outcome = async (store: ReplayStore, verified: Partial<VerifiedProof> = { singleUseIds }) => {
    const error = await codeOf(
      createAuthenticate({ oidc: verifierOf(verified), saml: never }, store)(request.proof, NOW),
    );
    return error ? `${error.code} ${error.reason}` : 'accepted';
  };
  t.equal(await outcome(storeOf(async () => true)), 'accepted');
  t.same(
    claimed,
    [['["https://login.corp.example","jti-1"]', use.expiresAt]],
    'not under a name of the config',
  );
  t.equal(await outcome(storeOf(async () => false)), 'proof_replayed proof_replayed');
  const down = 'replay_store_unavailable replay_store_unavailable';
  t.equal(await outcome(storeOf(async () => Promise.reject(new Error('down')))), down);
  t.equal(
    await outcome(
      storeOf(() => {
        throw new Error('down immediately');
      }),
    ),
    down,
  );
  claimed.length = 0;
  const { issuedAt } = use;
  t.equal(await outcome(storeOf(async () => true, issuedAt + 0.001)), 'proof_replayed replay.before_start');
  t.same(claimed, [], 'nothing is claimed for it');
  t.equal(await outcome(storeOf(async () => true, issuedAt)), 'accepted');

  // Two issuers cannot take each other's ids, however they are written.
  const keys = new Set<unknown>();
  for (const [issuer, id] of [
    ['a', 'b","c'],
    ['a","b', 'c'],
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    claimed.length = 0;
    await outcome(
      storeOf(async () => true),
      { singleUseIds: [{ ...use, issuer, id }] },
    );
    keys.add((claimed[0] as unknown[])[0]);
  }
  t.equal(keys.size, 4);
});

t.test('a store that forgets at restart does not claim proofs issued in the future', async (t) => {
  const waits: number[] = [];
  const claimed: string[] = [];
  const authenticated = async (ahead: number, { forgetsAtRestart = true, remembersSince = 0 } = {}) => {
    const store: ReplayStore = {
      remembersSince,
      forgetsAtRestart,
      claim: async (key) => {
        claimed.push(`${key} after ${waits.length} waits`);
        return true;
      },
      check: async () => true,
      close: async () => {},
    };
    const oidc = verifierOf({ singleUseIds: [{ ...use, issuedAt: NOW.getTime() / 1000 + ahead }] });
    const authenticate = createAuthenticate({ oidc, saml: never }, store, async (milliseconds) => {
      waits.push(milliseconds);
    });
    return codeOf(authenticate(request.proof, NOW));
  };
  t.equal(await authenticated(0), undefined);
  t.same(waits, [], 'what is dated now need not wait');
  t.equal(await authenticated(1.5), undefined);
  t.equal(await authenticated(2), undefined);
  t.same(waits, [1501, 2001], 'a little is waited for');
  t.match(claimed.at(-1), /after 2 waits/, 'before the claim');
  claimed.length = 0;
  t.match(await authenticated(2.5), {
    code: 'proof_not_yet_valid',
    reason: 'replay.issued_ahead',
    retryAfter: 3,
    detail: /clock of the issuer.*`store`/,
  });
  t.equal(waits.length, 2);
  t.same(claimed, [], 'not claimed, so it may be sent again');
  t.equal(
    await authenticated(60, { forgetsAtRestart: false }),
    undefined,
    'a shared store needs none of this',
  );
  t.match(await authenticated(0, { remembersSince: SECONDS + 59.5 }), {
    code: 'proof_replayed',
    reason: 'replay.before_start',
    retryAfter: 60,
    detail: /60 seconds/,
  });
});

t.test(
  'a proof used before a restart is refused after it, regardless of the clock skew of its issuer',
  async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    t.comment(`seed ${seed}`);
    const times = fc.record({
      ahead: fc.double({ min: -60, max: 60, noNaN: true }),
      again: fc.double({ min: 0.001, max: 300, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(times, async ({ ahead, again }) => {
        const started = SECONDS - 3600;
        let clock = SECONDS;
        const now = () => new Date(clock * 1000);
        const send = async (store: ReplayStore) => {
          const oidc = verifierOf({ singleUseIds: [{ ...use, issuedAt: SECONDS + ahead }] });
          const wait = async (milliseconds: number) => {
            clock += milliseconds / 1000;
          };
          return codeOf(createAuthenticate({ oidc, saml: never }, store, wait)(request.proof, now()));
        };
        const first = await send(new MemoryReplayStore(() => new Date(started * 1000)));
        if (first) return first.reason === 'replay.issued_ahead';
        clock += again;
        const restarted = new MemoryReplayStore(now);
        return (await send(restarted))?.reason === 'replay.before_start';
      }),
      { seed, numRuns: 300 },
    );
  },
);
