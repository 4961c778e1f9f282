// The structure of the code base: which folder may import which, that there are no import cycles, and how files are
// named. The ranks are those of docs/architecture.md.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { ROOT } from './support/paths.js';

/** Lower ranks first. A folder imports only from lower ranks, and never from another folder of its own rank. */
const RANKS = [
  ['core'],
  ['config', 'sidecar'],
  ['redis'],
  ['authn', 'authz', 'issuance', 'audit', 'replay', 'rate-limit', 'telemetry'],
  ['runtime'],
  ['exchange'],
  ['http'],
  ['portal'],
  ['surfaces.ts'],
  ['server.ts'],
  ['cli'],
  ['main.ts'],
];

/** The workspace packages, and which of them each one imports. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@sallyport/client': [],
  '@sallyport/sts-protocol': [],
  '@sallyport/sandbox': ['@sallyport/client', '@sallyport/sts-protocol'],
};

interface Import {
  readonly from: string;
  /** A file of the repository, or the specifier of a package or of a Node module. */
  readonly to: string;
  readonly local: boolean;
  /** Erased by the compiler. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

const filesIn = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);
const folderOf = (name: string) => `packages/${name.replace('@sallyport/', '')}/src`;
const files = [...filesIn('src'), ...Object.keys(PACKAGES).flatMap((name) => filesIn(folderOf(name)))];
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** `src/authz/decide.ts` -> `authz`; undefined for a file of a package. */
const topOf = (file: string) => (file.startsWith('src/') ? file.split('/')[1] : undefined);
/** `packages/client/src/index.ts` -> `@sallyport/client`; undefined for a file of the server. */
const packageOf = (file: string) =>
  file.startsWith('packages/') ? `@sallyport/${file.split('/')[1]}` : undefined;
/** `@sallyport/client/internal/secret` -> `@sallyport/client`, `node:fs` -> `node:fs`. */
const dependencyOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const isWorkspace = (specifier: string) => dependencyOf(specifier) in PACKAGES;

function importsOf(file: string): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, dynamic: boolean) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) {
      if (dynamic) throw new Error(`${file} has a dynamic import whose specifier is not a literal`);
      return;
    }
    const local = specifier.text.startsWith('.');
    const to = local
      ? normalize(join(dirname(file), specifier.text)).replace(/\.js$/, '.ts')
      : specifier.text;
    found.push({ from: file, to, local, typeOnly, dynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const named = node.importClause?.namedBindings;
      const allTypes =
        node.importClause?.isTypeOnly === true ||
        (node.importClause?.name === undefined &&
          named !== undefined &&
          ts.isNamedImports(named) &&
          named.elements.length > 0 &&
          named.elements.every((element) => element.isTypeOnly));
      add(node.moduleSpecifier, allTypes, false);
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly, false);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false, true);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true, false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text(file), ts.ScriptTarget.Latest));
  return found;
}

/** Commands import the sandbox dynamically, when they run. */
const isCommand = (file: string) => file.startsWith('src/cli/') && file !== 'src/cli/commands/serve.ts';

const imports = files.flatMap(importsOf);
const arrow = ({ from, to }: Import) => `${from} -> ${to}`;

/** Every file that is loaded with the entries. Commands import their modules when they run; `serve` is followed there. */
const closure = (...entries: string[]) => {
  const seen = new Set(entries);
  for (const file of seen) {
    for (const { to, local, typeOnly, dynamic } of importsOf(file))
      if (local && !typeOnly && (!dynamic || file === 'src/cli/commands/serve.ts') && files.includes(to))
        seen.add(to);
  }
  return [...seen];
};

/** Import cycles, each as the list of its files. */
function cycles(): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const targets = new Map(
    files.map((file) => [file, imports.filter(({ from, local }) => from === file && local)]),
  );
  const visit = (file: string): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    path.push(file);
    for (const { to } of targets.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of files) visit(file);
  return found;
}

t.test('the import parser recognizes static, type-only and dynamic imports', (t) => {
  const to = (target: string) => imports.filter((each) => each.to === target);
  t.ok(to('src/server.ts').some(({ from, typeOnly }) => from === 'src/cli/start-broker.ts' && !typeOnly));
  t.ok(to('src/core/types.ts').some(({ from, typeOnly }) => from === 'src/authz/decide.ts' && typeOnly));
  t.ok(imports.some(({ dynamic }) => dynamic));
  t.same(
    imports.filter(({ local, to }) => local && !/\.json$/.test(to) && !files.includes(to)).map(arrow),
    [],
    'every local import leads to a file',
  );
  t.end();
});

t.test('imports point down, and folders of one rank do not import each other', (t) => {
  const rank = (file: string) => RANKS.findIndex((folders) => folders.includes(topOf(file) ?? ''));
  const ours = files.filter((file) => file.startsWith('src/'));
  t.same(
    ours.filter((file) => rank(file) < 0),
    [],
    'every file has a rank',
  );
  const wrong = imports.filter(
    ({ from, to, local }) =>
      local && from.startsWith('src/') && topOf(from) !== topOf(to) && rank(to) >= rank(from),
  );
  t.same(wrong.map(arrow), []);
  t.end();
});

t.test('there are no import cycles, type-only imports included', (t) => {
  t.same(cycles(), []);
  t.end();
});

t.test('packages import nothing of the server, and only the packages they declare', (t) => {
  const leaving = imports.filter(({ from, to, local }) => {
    const name = packageOf(from);
    if (name === undefined) return false;
    if (local) return packageOf(to) !== name;
    return isWorkspace(to) && !PACKAGES[name]?.includes(dependencyOf(to));
  });
  t.same(leaving.map(arrow), []);
  for (const name of Object.keys(PACKAGES)) {
    const manifest = JSON.parse(readFileSync(join(ROOT, folderOf(name), '../package.json'), 'utf8'));
    const used = imports
      .filter(({ from, to, local }) => packageOf(from) === name && !local && !to.startsWith('node:'))
      .map(({ to }) => dependencyOf(to));
    t.same(
      [...new Set(used)].sort(),
      Object.keys(manifest.dependencies ?? {}).sort(),
      `${name} package.json`,
    );
  }
  t.end();
});

t.test('the client library has no runtime dependency and loads nothing but what it exports', (t) => {
  const packages = imports.filter(
    ({ from, to, local }) => packageOf(from) === '@sallyport/client' && !local && !to.startsWith('node:'),
  );
  t.same(packages.map(arrow), []);
  t.end();
});

t.test('only cli imports the sandbox, and `serve` loads nothing of it', (t) => {
  const ofSandbox = imports.filter(({ to }) => dependencyOf(to) === '@sallyport/sandbox');
  t.same(
    ofSandbox
      .filter(
        ({ from, typeOnly, dynamic }) =>
          packageOf(from) !== '@sallyport/sandbox' &&
          !from.startsWith('src/cli/demo/') &&
          !(topOf(from) === 'cli' && (typeOnly || dynamic)),
      )
      .map(arrow),
    [],
  );
  const loaded = closure('src/cli/commands/serve.ts', 'src/main.ts');
  t.ok(loaded.includes('src/server.ts'), 'the closure includes the server');
  t.same(
    ofSandbox
      .filter(({ from, typeOnly }) => !typeOnly && loaded.includes(from) && !isCommand(from))
      .map(arrow),
    [],
  );
  t.end();
});

t.test('the AWS SDK is imported by issuance/sts, and by the demo as a caller', (t) => {
  const importers = new Set(imports.filter(({ to }) => to.startsWith('@aws-sdk/')).map(({ from }) => from));
  for (const file of ['sts', 'sts-call', 'sdk-client'])
    t.ok(importers.delete(`src/issuance/sts/${file}.ts`), file);
  t.same(
    [...importers].filter((file) => !file.startsWith('src/cli/demo/')),
    [],
  );
  t.end();
});

t.test('core needs Node alone, and authz is pure', (t) => {
  const core = imports.filter(
    ({ from, to, local }) =>
      !local && topOf(from) === 'core' && !to.startsWith('node:') && dependencyOf(to) !== '@sallyport/client',
  );
  t.same(core.map(arrow), []);
  // Hashes, comparison, expressions and patterns: no I/O.
  const allowed = ['node:crypto', 'node:util', '@marcbachmann/cel-js', 're2js'];
  const authz = imports.filter(
    ({ from, to, local }) => !local && topOf(from) === 'authz' && !allowed.includes(to) && !isWorkspace(to),
  );
  t.same(authz.map(arrow), [], 'authz does no I/O');
  const clocks = files.filter(
    (file) => topOf(file) === 'authz' && /Date\.now|new Date\(\)|Math\.random/.test(text(file)),
  );
  t.same(clocks, [], 'authz reads no clock and no random numbers');
  t.end();
});

t.test('files open with a comment, are under 250 lines, and are named in kebab-case', (t) => {
  const opening = (file: string) => text(file).replace(/^#!.*\n/, '');
  t.same(
    files.filter((file) => !/^\/\/ \S/.test(opening(file))),
    [],
    'a comment first',
  );
  t.same(
    files.filter((file) => text(file).split('\n').length > 250),
    [],
    'under 250 lines',
  );
  t.same(
    files.filter(
      (file) => !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.d)?\.ts$/.test(file),
    ),
    [],
  );
  t.same(
    files.filter((file) => /utils?|helpers?|common/.test(file)),
    [],
  );
  t.same(
    files.filter((file) => /\bexport default\b/.test(text(file)) && !file.endsWith('.d.ts')),
    [],
    'named exports',
  );
  t.end();
});
