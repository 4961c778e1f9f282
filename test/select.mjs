// Which test files to run: by name, by what they import, or by what was compiled since the last run. Source files
// `test/x.ts` and `src/x.ts` are compiled to `build/test/x.js` and `dist/x.js`.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LAST_RUN = join(ROOT, 'build/.last-run');

/** Folders that are compiled from their own `src` to their own `dist`: those that the tests' project refers to. */
const packages = () => {
  const { references } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.test.json'), 'utf8'));
  return references.map(({ path }) => join(ROOT, path.replace(/[^/]+\.json$/, '')));
};

export const compiledPath = (testFile) => join(ROOT, 'build', testFile.replace(/\.ts$/, '.js'));

/**
 * Lets compiled tests find `../src/x.js` as their source does: `build/src` leads to `dist`. So there is one compiled
 * copy of each source file, and one instance of each module.
 */
export function linkCompiledSources() {
  for (const folder of packages()) {
    const link = join(ROOT, 'build', relative(ROOT, folder), 'src');
    const target = relative(dirname(link), join(folder, 'dist'));
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(target, link);
  }
}

function compiledOf(source) {
  const file = resolve(ROOT, source);
  for (const folder of packages()) {
    const path = relative(join(folder, 'src'), file);
    if (!path.startsWith('..')) return join(folder, 'dist', path.replace(/\.ts$/, '.js'));
  }
  return compiledPath(relative(ROOT, file));
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+\.m?js|@sallyport\/[^'"]+)['"]/g;

/** `@sallyport/client/internal/secret` -> `packages/client/dist/secret.js`, as the package's `exports` say. */
function resolveImport(specifier, folder) {
  if (specifier.startsWith('.')) return resolve(folder, specifier);
  const [, name, ...path] = specifier.split('/');
  return join(
    ROOT,
    'packages',
    name,
    'dist',
    `${path.filter((part) => part !== 'internal').join('/') || 'index'}.js`,
  );
}
const importsByFile = new Map();

function importsOf(file) {
  let imports = importsByFile.get(file);
  if (imports === undefined) {
    const text = readFileSync(file, 'utf8');
    imports = [...text.matchAll(IMPORT)]
      .map(([, specifier]) => resolveImport(specifier, dirname(file)))
      .filter((path) => existsSync(path))
      .map((path) => realpathSync(path));
    importsByFile.set(file, imports);
  }
  return imports;
}

/** The compiled file and all that it loads. */
function closureOf(file) {
  const found = new Set([file]);
  for (const each of found) for (const imported of importsOf(each)) found.add(imported);
  return found;
}

const changedSince = (time) => (file) => statSync(file).mtimeMs > time;

/**
 * Test files by their path from the root, those that load the most files first: they take longest.
 * `unknown`: arguments that name nothing.
 *
 * @param {{ include?: string[], exclude?: string[], importing?: string[], affected?: boolean }} options
 */
export function selectTestFiles({ include = [], exclude = [], importing = [], affected = false }) {
  const all = readdirSync(join(ROOT, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
    .sort();
  const within = (path) => {
    const folderOrFile = relative(ROOT, resolve(ROOT, path));
    return (file) => file === folderOrFile || file.startsWith(`${folderOrFile}/`);
  };
  const unknown = [
    ...[...include, ...exclude].filter((path) => !all.some(within(path))),
    ...importing.filter((path) => !existsSync(compiledOf(path))),
  ];
  let files = all.filter(
    (file) =>
      (include.length === 0 || include.some((path) => within(path)(file))) &&
      !exclude.some((path) => within(path)(file)),
  );
  if (importing.length > 0) {
    const expected = importing.map(compiledOf);
    files = files.filter((file) => {
      const loaded = closureOf(compiledPath(file));
      return expected.some((each) => loaded.has(each));
    });
  }
  // Named files are run in any case.
  if (affected && include.length === 0) {
    const lastRun = existsSync(LAST_RUN) ? statSync(LAST_RUN).mtimeMs : Date.now();
    files = files.filter((file) => [...closureOf(compiledPath(file))].some(changedSince(lastRun)));
  }
  const weight = new Map(files.map((file) => [file, closureOf(compiledPath(file)).size]));
  files.sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0));
  return { files, unknown };
}

/** Call at the end of a run. @param {Date} started */
export function recordRun(started) {
  writeFileSync(LAST_RUN, '');
  utimesSync(LAST_RUN, started, started);
}
