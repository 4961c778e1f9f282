import t from 'tap';
import { createPool } from '../../src/core/shared-resource.js';

t.test('equal settings share a resource, which closes with the last lease', async (t) => {
  const log: string[] = [];
  const pool = createPool((name: string) => {
    log.push(`open ${name}`);
    return { name, close: () => void log.push(`close ${name}`) };
  });
  const [a, again, b] = [pool('a'), pool('a'), pool('b')];
  t.equal(a.resource, again.resource);
  t.not(a.resource, b.resource);
  await a.release();
  t.same(log, ['open a', 'open b']);
  await again.release();
  await b.release();
  t.same(log, ['open a', 'open b', 'close a', 'close b']);
  t.not(pool('a').resource, a.resource, 'a closed resource is opened again');
});

t.test('keyOf decides which settings are equal', (t) => {
  const pool = createPool(
    ({ n }: { n: number; note: string }) => ({ n, close: () => {} }),
    ({ n }) => String(n),
  );
  t.equal(pool({ n: 1, note: 'x' }).resource, pool({ n: 1, note: 'y' }).resource);
  t.end();
});
