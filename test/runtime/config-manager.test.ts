// The snapshot in use and its replacement, over fakes: what is kept, what is told, what is closed and when.
import t from 'tap';
import type { Config } from '../../src/config/schema/config.js';
import type { LocatedConfigError } from '../../src/core/config-error.js';
import { createConfigManager, type ReloadOptions } from '../../src/runtime/config-manager.js';
import type { OwnedRuntime } from '../../src/runtime/runtime.js';
import { keptLog } from '../support/oidc-verifier.js';
import { configOf, NOW, policyOf } from '../support/policy.js';

const never = async () => {
  throw new Error('not asked here');
};
const fault: LocatedConfigError = {
  file: 'c.yaml',
  line: 3,
  column: 5,
  path: ['grants', 0],
  message: 'Wrong.',
};

/** A snapshot that tells when it is closed. */
function snapshotOf(name: string, closed: string[], parts: Partial<OwnedRuntime> = {}): OwnedRuntime {
  return {
    authenticate: never,
    issuer: { getOrIssue: never },
    sts: { decodeAuthorizationMessage: never },
    brokerIdentity: { get: never },
    deadlineMs: 10_000,
    stsRegionStates: () => ({}),
    policy: policyOf({}, []),
    config: configOf({}, []),
    shadowFaults: [],
    serviceProvider: { metadata: '', request: never },
    trust: { issuers: [], close: () => {} },
    sweepCache: async () => {},
    close: async () => void closed.push(name),
    ...parts,
  };
}

type Build = ReloadOptions['build'];

function started(build: Build, first: Partial<OwnedRuntime> = {}) {
  const closed: string[] = [];
  const taken: number[] = [];
  const outcomes: string[] = [];
  const { log, lines } = keptLog();
  const options: ReloadOptions = {
    first: snapshotOf('first', closed, first),
    build,
    onActivated: (_, epoch) => taken.push(epoch),
    onReloaded: (outcome) => outcomes.push(outcome),
    log,
    now: () => NOW,
  };
  return { live: createConfigManager(options), first: options.first, closed, taken, outcomes, lines };
}

/** A promise and what ends it. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('a sound config is taken whole', async (t) => {
  const closed: string[] = [];
  const second = snapshotOf('second', closed);
  const building = gate();
  const { live, first, taken, outcomes } = started(async (previous) => {
    t.equal(previous, first);
    await building.opened;
    return { ok: true, snapshot: second };
  });
  t.same(live.status(), {
    epoch: 1,
    loadedAt: NOW,
    lastReload: 'ok',
    faults: 0,
    shadowFaults: 0,
    restartNeeded: [],
  });
  const reloaded = live.reload();
  await turn();
  t.equal(live.snapshot(), first, 'while the new one is built, the old one is in use');
  building.open();
  await reloaded;
  t.equal(live.snapshot(), second);
  t.match(live.status(), { epoch: 2, lastReload: 'ok', faults: 0 });
  t.same(taken, [1, 2]);
  t.same(outcomes, ['ok']);
  await live.close();
  t.same(closed, ['second']);
});

t.test('a config with faults, or one that cannot be built, keeps the old one', async (t) => {
  const results: Build[] = [
    async () => ({ ok: false, errors: [fault, fault] }),
    never,
    async () => ({ ok: true, snapshot: snapshotOf('last', []) }),
  ];
  const { live, first, outcomes, lines, closed } = started((previous) =>
    (results.shift() ?? never)(previous),
  );
  await live.reload();
  t.equal(live.snapshot(), first);
  t.match(live.status(), { epoch: 1, lastReload: 'failed', faults: 2, loadedAt: NOW });
  t.match(lines, [
    { level: 'error', fields: { file: 'c.yaml', line: 3, column: 5, path: 'grants.0', why: 'Wrong.' } },
    { level: 'error' },
    { level: 'error', fields: { faults: 2 } },
  ]);
  await live.reload();
  t.equal(live.snapshot(), first);
  t.match(live.status(), { epoch: 1, lastReload: 'failed' });
  t.same(closed, []);
  await live.reload();
  t.match(live.status(), { epoch: 2, lastReload: 'ok', faults: 0 });
  t.same(outcomes, ['failed', 'failed', 'ok']);
});

t.test('reloads do not overlap; of many asked for meanwhile, one more is made', async (t) => {
  const gates = [gate(), gate(), gate()];
  let builds = 0;
  let under = 0;
  const { live } = started(async () => {
    t.equal(++under, 1, 'alone');
    await gates[builds++]?.opened;
    under--;
    return { ok: false, errors: [fault] };
  });
  const first = live.reload();
  const later = [live.reload(), live.reload(), live.reload()];
  await turn();
  t.equal(builds, 1);
  gates[0]?.open();
  await first;
  await turn();
  t.equal(builds, 2, 'what was written after the first had begun is read by the second');
  gates[1]?.open();
  await Promise.all(later);
  t.equal(builds, 2);
  gates[2]?.open();
  await live.reload();
  t.equal(builds, 3);
});

t.test('the old snapshot is closed when all that ran at the swap has ended', async (t) => {
  const closed: string[] = [];
  let number = 1;
  const { live, closed: firstClosed } = started(async () => ({
    ok: true,
    snapshot: snapshotOf(`s${++number}`, closed),
  }));
  const early = gate();
  const late = gate();
  const running = live.hold(async () => {
    await early.opened;
    return 'answered';
  });
  await live.reload();
  const afterwards = live.hold(() => late.opened);
  await turn();
  t.same(firstClosed, [], 'a request may still use it');
  early.open();
  t.equal(await running, 'answered');
  await turn();
  t.same(firstClosed, ['first'], 'and one that came later does not hold it');
  await t.rejects(
    live.hold(async () => Promise.reject(new Error('refused'))),
    { message: 'refused' },
  );
  await live.reload();
  t.same(closed, []);
  late.open();
  await afterwards;
  await turn();
  t.same(closed, ['s2']);
  await live.close();
  t.same(closed, ['s2', 's3'], 'the last one is closed with the broker');
});

t.test('what does not change live is named, until it is as it was', async (t) => {
  const base = configOf({}, []);
  const rows: [Partial<Config>, string[]][] = [
    [{ server: { ...base.server, url: 'https://other.example' } }, ['server.url']],
    [{ server: { ...base.server, listen: { port: 1 } } }, ['server.listen']],
    [{ server: { ...base.server, trustProxy: ['10.0.0.1'] } }, ['server.trustProxy']],
    [{ server: { ...base.server, tls: { cert: 'c', key: 'k' } } }, ['server.tls']],
    [
      { store: { type: 'memory' }, limits: {}, audit: { sinks: [{ type: 'stdout' }] } },
      ['audit', 'store', 'limits'],
    ],
    [{ aws: { region: 'us-east-1' }, issuers: {} }, []],
    [{}, []],
  ];
  for (const [change, names] of rows) {
    const { live, lines } = started(async () => ({
      ok: true,
      snapshot: snapshotOf('next', [], { config: { ...base, ...change } }),
    }));
    await live.reload();
    t.same(live.status().restartNeeded, names);
    t.equal(lines.filter(({ level }) => level === 'warn').length, names.length > 0 ? 1 : 0);
  }
  const renamed = started(
    async () => ({
      ok: true,
      snapshot: snapshotOf('next', [], {
        config: { ...base, server: { ...base.server, tls: { cert: 'new', key: 'new' } } },
      }),
    }),
    { config: { ...base, server: { ...base.server, tls: { cert: 'old', key: 'old' } } } },
  );
  await renamed.live.reload();
  t.same(renamed.live.status().restartNeeded, [], 'another certificate needs no restart');
});

t.test('faults of the shadow config are told and stop nothing', async (t) => {
  const { live, lines } = started(never, { shadowFaults: [fault] });
  t.match(live.status(), { epoch: 1, lastReload: 'ok', faults: 0, shadowFaults: 1 });
  t.match(lines, [
    { level: 'error', fields: { line: 3 } },
    { level: 'error', fields: { faults: 1 } },
  ]);
});

t.test('an old snapshot that cannot be closed is only logged', async (t) => {
  const { live, lines } = started(async () => ({ ok: true, snapshot: snapshotOf('next', []) }), {
    close: async () => {
      throw new Error('stuck');
    },
  });
  await live.reload();
  await live.close();
  t.equal(lines.filter(({ level }) => level === 'warn').length, 1);
});
