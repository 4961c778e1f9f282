// The watch over real files: what counts as a change, and how files are replaced in practice.
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FileWatcher, type WatchOptions } from '../../src/config/watch.js';

interface Watched {
  readonly watch: FileWatcher;
  /** Number of change events so far. */
  told(): number;
  /** Resolves at the next change event. */
  next(): Promise<unknown>;
}

function watched(t: Test, files: readonly string[], options: WatchOptions = {}): Watched {
  let count = 0;
  const events = new EventTarget();
  const watch = new FileWatcher(
    () => {
      count++;
      events.dispatchEvent(new Event('told'));
    },
    { settleMs: 20, ...options },
  );
  // The watch itself keeps no process alive.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => {
    watch.close();
    clearInterval(alive);
  });
  watch.track(() => ({ files }));
  return { watch, told: () => count, next: () => once(events, 'told') };
}

/** Long enough for a spurious event. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 150));

function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

t.test('FileWatcher reports a file that is written, replaced, removed and restored', async (t) => {
  const file = join(t.testdir({ 'a.yaml': 'one' }), 'a.yaml');
  const { next, told } = watched(t, [file]);
  for (const change of [
    () => writeFileSync(file, 'two'),
    () => replace(file, 'three'),
    () => rmSync(file),
    () => writeFileSync(file, 'four'),
  ]) {
    const telling = next();
    change();
    await telling;
  }
  t.equal(told(), 4, 'each change is reported once');
});

t.test('FileWatcher does not report a touch or a link to the same content', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'one', 'other.txt': 'x' });
  const file = join(folder, 'a.yaml');
  const { told } = watched(t, [file]);
  utimesSync(file, new Date(), new Date());
  replace(file, 'one');
  writeFileSync(join(folder, 'other.txt'), 'y');
  await quiet();
  t.equal(told(), 0);
});

t.test('FileWatcher is not delayed by constant writes in the same folder', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'one', 'audit.jsonl': '' });
  const { next, told } = watched(t, [join(folder, 'a.yaml')], { settleMs: 100, pollIntervalMs: 3_600_000 });
  const writing = setInterval(() => appendFileSync(join(folder, 'audit.jsonl'), '{}\n'), 10);
  replace(join(folder, 'a.yaml'), 'two');
  await next();
  clearInterval(writing);
  t.equal(told(), 1);
});

t.test('FileWatcher waits until a file is written completely', async (t) => {
  const file = join(t.testdir({ 'a.yaml': 'one' }), 'a.yaml');
  const { next, told } = watched(t, [file], { settleMs: 200 });
  const stable = next();
  for (const text of ['t', 'tw', 'two']) {
    writeFileSync(file, text);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  t.equal(told(), 0, 'not while it changes');
  await stable;
  t.equal(told(), 1);
});

t.test('FileWatcher reports the symbolic link swap of a Kubernetes volume', async (t) => {
  const folder = t.testdir({
    '..v1': { 'a.yaml': 'one', secret: 's' },
    '..v2': { 'a.yaml': 'two', secret: 's' },
  });
  symlinkSync('..v1', join(folder, '..data'));
  for (const name of ['a.yaml', 'secret']) symlinkSync(join('..data', name), join(folder, name));
  const { next, told } = watched(t, [join(folder, 'a.yaml'), join(folder, 'secret')]);
  const swap = (version: string) => {
    symlinkSync(version, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  let change = next();
  swap('..v2');
  await change;
  rmSync(join(folder, '..v1'), { recursive: true });
  mkdirSync(join(folder, '..v3'));
  writeFileSync(join(folder, '..v3', 'a.yaml'), 'two');
  writeFileSync(join(folder, '..v3', 'secret'), 'rotated');
  change = next();
  swap('..v3');
  await change;
  t.equal(told(), 2);
});

t.test('FileWatcher watches the folder that a symbolic link leads to', async (t) => {
  const folder = t.testdir({ here: {}, there: { 'a.yaml': 'one' } });
  symlinkSync(join('..', 'there', 'a.yaml'), join(folder, 'here', 'a.yaml'));
  const { next, told } = watched(t, [join(folder, 'here', 'a.yaml')], { pollIntervalMs: 3_600_000 });
  const change = next();
  replace(join(folder, 'there', 'a.yaml'), 'two');
  await change;
  t.equal(told(), 1);
});

t.test('FileWatcher polls without file system events, and checks twice', async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'not-yet', 'a.yaml');
  const { next, told } = watched(t, [file], { pollIntervalMs: 20, settleMs: 300 });
  const change = next();
  mkdirSync(join(folder, 'not-yet'));
  writeFileSync(file, 'on');
  await new Promise((resolve) => setTimeout(resolve, 100));
  writeFileSync(file, 'one');
  await change;
  await quiet();
  t.equal(told(), 1);
});

t.test('FileWatcher reports a change during the read', async (t) => {
  const file = join(t.testdir({ 'a.yaml': 'one' }), 'a.yaml');
  const { watch, next, told } = watched(t, [file]);
  const change = next();
  watch.track(() => {
    writeFileSync(file, 'two');
    return { files: [file] };
  });
  await change;
  t.equal(told(), 1);
});

t.test(
  'FileWatcher stops watching removed files, watches new files, and reports nothing after close',
  async (t) => {
    const folder = t.testdir({ a: { f: '1' }, b: { f: '1' } });
    const [a, b] = [join(folder, 'a', 'f'), join(folder, 'b', 'f')] as const;
    const { watch, next, told } = watched(t, [a]);
    watch.track(() => ({ files: [b] }));
    writeFileSync(a, '2');
    await quiet();
    t.equal(told(), 0);
    const change = next();
    writeFileSync(b, '2');
    await change;
    watch.close();
    writeFileSync(b, '3');
    await quiet();
    t.equal(told(), 1);
  },
);
