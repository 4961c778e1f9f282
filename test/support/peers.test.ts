import { readdirSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { fromRoot } from './paths.js';
import { requirePeer } from './peers.js';

/** Calls `requirePeer` with this environment; what it reports to the test. */
function report(name: Parameters<typeof requirePeer>[1], env: Record<string, string>) {
  const reported: unknown[] = [];
  const stub = {
    pass: (...args: unknown[]) => reported.push('pass', ...args),
    fail: (...args: unknown[]) => reported.push('fail', ...args),
  };
  const { CI: _ci, SALLYPORT_TEST_SKIP_LOG: _log, ...before } = process.env;
  const saved = process.env;
  process.env = { ...before, SALLYPORT_TEST_HIDE_PEERS: 'all', ...env };
  const path = requirePeer(stub as unknown as Test, name);
  process.env = saved;
  return { path, reported };
}

t.test('a missing program skips its test and says how to get it', (t) => {
  const skip = 'not installed. Get it: apt-get install jq';
  t.strictSame(report('jq', {}), { path: undefined, reported: ['pass', 'jq', { skip }] });
  t.end();
});

t.test('a missing program fails in CI, unless it is optional', (t) => {
  const reported = ['fail', 'jq: not installed. Get it: apt-get install jq'];
  t.strictSame(report('jq', { CI: 'true' }), { path: undefined, reported });
  t.match(report('Terraform', { CI: 'true' }).reported, ['pass', 'Terraform', { skip: /^not installed/ }]);
  t.end();
});

t.test('tests spawn no program by name that every machine may not have', (t) => {
  const SPAWNED = /\b(?:spawn|spawnSync|execFile|execFileSync)\)?\(\s*'([^']+)'/g;
  // npm comes with Node, redis-cli with redis-server.
  const assumed = new Set(['env', 'npm', 'sh', '/bin/sh', 'redis-cli']);
  const spawned = readdirSync(fromRoot('test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const text = readFileSync(fromRoot(`test/${name}`), 'utf8');
      return [...text.matchAll(SPAWNED)].map(([, command = '']) => ({ name, command }));
    });
  t.ok(spawned.some(({ command }) => command === '/bin/sh'));
  t.strictSame(
    spawned.filter(({ command }) => !assumed.has(command)),
    [],
  );
  t.end();
});
