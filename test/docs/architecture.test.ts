// docs/architecture.md names files, folders and functions in backticks. Each of them exists, and in a table each function is
// declared in the file of its row. The folder tree lists every folder of src and packages.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../support/paths.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/architecture.md');
const lines = page.split('\n');

const pathsIn = (line: string) =>
  [...line.matchAll(/`((?:src|packages|test|docs|schema|bench)\/[\w./@-]*)`/g)].map(([, path = '']) => path);
/** `name()`, `Class.method()` */
const functionsIn = (line: string) =>
  [...line.matchAll(/`(?:([A-Z]\w*)\.)?(#?\w+)\(\)`/g)].map(([, owner, name = '']) => ({ owner, name }));

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);
const sources = [
  ...filesIn('src'),
  ...readdirSync(join(ROOT, 'packages')).flatMap((name) => filesIn(`packages/${name}/src`)),
];

function declares(
  file: string,
  { owner, name }: { readonly owner?: string | undefined; readonly name: string },
) {
  const text = read(file);
  const declaration = new RegExp(
    `(?:function\\*?|const|class) ${name}\\b|^  (?:readonly |async |static |get )*${name}(?:<[^>]*>)?(?: =)? ?\\(`,
    'm',
  );
  const inOwner = owner === undefined || new RegExp(`(?:class|interface) ${owner}\\b`).test(text);
  return inOwner && declaration.test(text);
}

t.test('every file and folder that the page names exists', (t) => {
  const paths = lines.flatMap(pathsIn);
  t.ok(paths.length > 40);
  t.strictSame(
    paths.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
  t.end();
});

t.test('every function that the page names exists, in a table in the file of its row', (t) => {
  let checked = 0;
  for (const line of lines) {
    const [, file, cell = ''] = /^\| `(src\/[\w/.-]+\.ts)` \| ([^|]*) \|/.exec(line) ?? [];
    // A class stands there without parentheses.
    const classes = [...cell.matchAll(/`([A-Z]\w*)`/g)].map(([, name = '']) => ({ owner: undefined, name }));
    const files = file === undefined ? sources : sources.filter((each) => each === file);
    for (const each of [...functionsIn(line), ...classes]) {
      checked++;
      if (!files.some((source) => declares(source, each)))
        t.fail(`${each.owner ?? ''} ${each.name}: ${line}`);
    }
  }
  t.ok(checked > 50, `${checked} functions`);
  t.end();
});

t.test('the folder tree lists every folder and file at the top of src, and every package', (t) => {
  const [, tree = ''] = /^## Folders\n.*?```\n(.*?)```/ms.exec(page) ?? [];
  const entries = (folder: string) =>
    readdirSync(join(ROOT, folder)).map((name) =>
      statSync(join(ROOT, folder, name)).isDirectory() ? `${name}/` : name,
    );
  for (const name of [...entries('src'), ...entries('packages')])
    t.ok(
      tree.split('\n').some((line) => line.trimStart().startsWith(name)),
      name,
    );
  t.end();
});

t.test('the import rules list the ranks that test/architecture.test.ts checks', (t) => {
  const [, ranks = ''] = /const RANKS = \[\n(.*?)\n\];/s.exec(read('test/architecture.test.ts')) ?? [];
  const checked = ranks.split('\n').map((line) => [...line.matchAll(/'([^']+)'/g)].map(([, name]) => name));
  const [, list = ''] = /^## Import rules\n.*?```\n(.*?)```/ms.exec(page) ?? [];
  const listed = list
    .trim()
    .split('\n')
    .map((line) => line.split(', '));
  t.strictSame(listed.reverse(), checked);
  t.end();
});
