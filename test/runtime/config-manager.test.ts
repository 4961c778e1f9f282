// Replacing the runtime on reload, over fakes: what stays in use, what is reported, and what is closed when.
import t from 'tap';
import type { Config } from '../../src/config/schema/config.js';
import type { LocatedConfigError } from '../../src/core/config-error.js';
import { ConfigManager, type ConfigManagerOptions } from '../../src/runtime/config-manager.js';
import type { Runtime } from '../../src/runtime/runtime.js';
import { collectingLog } from '../support/oidc-verifier.js';
import { configOf, NOW } from '../support/policy.js';
import { runtimeOf } from '../support/runtime.js';

const never = async () => {
  throw new Error('must not be called');
};
const error: LocatedConfigError = {
  file: 'c.yaml',
  line: 3,
  column: 5,
  path: ['grants', 0],
  message: 'Wrong.',
};

/** A runtime that records when it is closed. */
const namedRuntime = (name: string, closed: string[], parts: Partial<Runtime> = {}): Runtime =>
  runtimeOf({ close: async () => void closed.push(name), ...parts });

type Rebuild = ConfigManagerOptions['rebuild'];

function started(rebuild: Rebuild, initialParts: Partial<Runtime> = {}) {
  const closed: string[] = [];
  const epochs: number[] = [];
  const outcomes: string[] = [];
  const { log, lines } = collectingLog();
  const initial = namedRuntime('initial', closed, initialParts);
  const manager = new ConfigManager({
    initial,
    rebuild,
    metrics: {
      setConfigEpoch: (epoch) => epochs.push(epoch),
      setShadowErrors: () => {},
      countConfigReload: (outcome) => outcomes.push(outcome),
    },
    log,
    now: () => NOW,
  });
  return { manager, initial, closed, epochs, outcomes, lines };
}

/** A promise and the function that resolves it. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('a valid config is activated as a whole', async (t) => {
  const closed: string[] = [];
  const second = namedRuntime('second', closed);
  const building = gate();
  const { manager, initial, epochs, outcomes } = started(async (previous) => {
    t.equal(previous, initial);
    await building.opened;
    return { ok: true, runtime: second };
  });
  t.same(manager.status, {
    epoch: 1,
    loadedAt: NOW,
    lastReload: 'ok',
    faults: 0,
    shadowFaults: 0,
    restartNeeded: [],
  });
  const reloaded = manager.reload();
  await turn();
  t.equal(manager.current, initial, 'the old runtime is in use while the new one is built');
  building.open();
  await reloaded;
  t.equal(manager.current, second);
  t.match(manager.status, { epoch: 2, lastReload: 'ok', faults: 0 });
  t.same(epochs, [1, 2]);
  t.same(outcomes, ['ok']);
  await manager.close();
  t.same(closed, ['second']);
});

t.test('a config with errors, or one that cannot be built, keeps the old runtime in use', async (t) => {
  const results: Rebuild[] = [
    async () => ({ ok: false, errors: [error, error] }),
    never,
    async () => ({ ok: true, runtime: namedRuntime('last', []) }),
  ];
  const { manager, initial, outcomes, lines, closed } = started((previous) =>
    (results.shift() ?? never)(previous),
  );
  await manager.reload();
  t.equal(manager.current, initial);
  t.match(manager.status, { epoch: 1, lastReload: 'failed', faults: 2, loadedAt: NOW });
  t.match(lines, [
    { level: 'error', fields: { file: 'c.yaml', line: 3, column: 5, path: 'grants.0', why: 'Wrong.' } },
    { level: 'error' },
    { level: 'error', fields: { faults: 2 } },
  ]);
  await manager.reload();
  t.equal(manager.current, initial);
  t.match(manager.status, { epoch: 1, lastReload: 'failed' });
  t.same(closed, []);
  await manager.reload();
  t.match(manager.status, { epoch: 2, lastReload: 'ok', faults: 0 });
  t.same(outcomes, ['failed', 'failed', 'ok']);
});

t.test('reloads do not overlap; several requested during one reload become one more', async (t) => {
  const gates = [gate(), gate(), gate()];
  let builds = 0;
  let under = 0;
  const { manager } = started(async () => {
    t.equal(++under, 1, 'one build at a time');
    await gates[builds++]?.opened;
    under--;
    return { ok: false, errors: [error] };
  });
  const first = manager.reload();
  const later = [manager.reload(), manager.reload(), manager.reload()];
  await turn();
  t.equal(builds, 1);
  gates[0]?.open();
  await first;
  await turn();
  t.equal(builds, 2, 'the second reload reads what was written after the first one started');
  gates[1]?.open();
  await Promise.all(later);
  t.equal(builds, 2);
  gates[2]?.open();
  await manager.reload();
  t.equal(builds, 3);
});

t.test('the old runtime is closed when all tasks that ran at the swap have ended', async (t) => {
  const closed: string[] = [];
  let number = 1;
  const { manager, closed: initialClosed } = started(async () => ({
    ok: true,
    runtime: namedRuntime(`s${++number}`, closed),
  }));
  const early = gate();
  const late = gate();
  const running = manager.withRuntime(async () => {
    await early.opened;
    return 'answered';
  });
  await manager.reload();
  const afterwards = manager.withRuntime(() => late.opened);
  await turn();
  t.same(initialClosed, [], 'a running task may still use it');
  early.open();
  t.equal(await running, 'answered');
  await turn();
  t.same(initialClosed, ['initial'], 'a task that started later does not keep it open');
  await t.rejects(
    manager.withRuntime(async () => Promise.reject(new Error('refused'))),
    { message: 'refused' },
  );
  await manager.reload();
  t.same(closed, []);
  late.open();
  await afterwards;
  await turn();
  t.same(closed, ['s2']);
  await manager.close();
  t.same(closed, ['s2', 's3'], 'the last runtime is closed with the manager');
});

t.test('settings that need a restart are named until they are changed back', async (t) => {
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
    const { manager, lines } = started(async () => ({
      ok: true,
      runtime: namedRuntime('next', [], { config: { ...base, ...change } }),
    }));
    await manager.reload();
    t.same(manager.status.restartNeeded, names);
    t.equal(lines.filter(({ level }) => level === 'warn').length, names.length > 0 ? 1 : 0);
  }
  const renamed = started(
    async () => ({
      ok: true,
      runtime: namedRuntime('next', [], {
        config: { ...base, server: { ...base.server, tls: { cert: 'new', key: 'new' } } },
      }),
    }),
    { config: { ...base, server: { ...base.server, tls: { cert: 'old', key: 'old' } } } },
  );
  await renamed.manager.reload();
  t.same(renamed.manager.status.restartNeeded, [], 'a new certificate needs no restart');
});

t.test('errors of the shadow config are reported and do not fail the reload', async (t) => {
  const { manager, lines } = started(never, { shadowErrors: [error] });
  t.match(manager.status, { epoch: 1, lastReload: 'ok', faults: 0, shadowFaults: 1 });
  t.match(lines, [
    { level: 'error', fields: { line: 3 } },
    { level: 'error', fields: { faults: 1 } },
  ]);
});

t.test('an old runtime that cannot be closed is logged', async (t) => {
  const { manager, lines } = started(async () => ({ ok: true, runtime: namedRuntime('next', []) }), {
    close: async () => {
      throw new Error('stuck');
    },
  });
  await manager.reload();
  await manager.close();
  t.equal(lines.filter(({ level }) => level === 'warn').length, 1);
});
