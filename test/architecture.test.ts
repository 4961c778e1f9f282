import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { fromRoot } from './support/paths.js';

const ROOT = fromRoot('src');

/** Lower may be imported by higher, never the other way, and never from one folder of a rank into another. */
const RANKS = [
  ['core'],
  // What speaks to a broker from outside: it shares the words with the server, and nothing else.
  ['client'],
  ['sidecar'],
  ['config'],
  ['authn', 'authz', 'issuance', 'audit', 'stores', 'telemetry'],
  ['broker'],
  ['http'],
  ['compose.ts'],
  ['cli'],
  ['main.ts'],
];

interface Import {
  readonly from: string;
  /** A file below src, or the name of a package or of a module of Node. */
  readonly to: string;
  readonly local: boolean;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const topOf = (file: string) => file.split('/')[0] ?? '';

function importsOf(file: string): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, dynamic: boolean) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) {
      if (dynamic) throw new Error(`${file} imports what only running it could tell`);
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

const imports = files.flatMap(importsOf);
const arrow = ({ from, to }: Import) => `${from} -> ${to}`;

/** What is loaded with the entries. A command imports what it needs when it runs: of `serve` that counts too. */
const closure = (...entries: string[]) => {
  const seen = new Set(entries);
  for (const file of seen) {
    for (const { to, local, typeOnly, dynamic } of importsOf(file))
      if (local && !typeOnly && (!dynamic || file === 'cli/serve.ts') && files.includes(to)) seen.add(to);
  }
  return [...seen];
};

t.test('the reader of imports sees every kind there is', (t) => {
  const kinds = (to: string) => imports.filter((each) => each.to === to);
  t.ok(kinds('compose.ts').some(({ from, typeOnly }) => from === 'cli/start-broker.ts' && !typeOnly));
  t.ok(kinds('core/types.ts').some(({ from, typeOnly }) => from === 'authz/decide.ts' && typeOnly));
  t.ok(
    imports.some(({ dynamic }) => dynamic),
    'dynamic ones too',
  );
  t.same(
    imports.filter(({ local, to }) => local && !/\.json$/.test(to) && !files.includes(to)).map(arrow),
    [],
    'every local import leads to a file',
  );
  t.end();
});

t.test('imports point down only, and siblings do not know each other', (t) => {
  const rank = (file: string) => RANKS.findIndex((folders) => folders.includes(topOf(file)));
  t.same(
    files.filter((file) => topOf(file) !== 'sandbox' && rank(file) < 0),
    [],
    'every file has a rank',
  );
  const wrong = imports.filter(
    ({ from, to, local }) =>
      local &&
      topOf(from) !== 'sandbox' &&
      topOf(to) !== 'sandbox' &&
      topOf(from) !== topOf(to) &&
      rank(to) >= rank(from),
  );
  t.same(wrong.map(arrow), []);
  t.end();
});

t.test('the sandbox knows core and itself only; only the command line knows the sandbox', (t) => {
  const out = imports.filter(
    ({ from, to, local }) => local && topOf(from) === 'sandbox' && !['sandbox', 'core'].includes(topOf(to)),
  );
  t.same(out.map(arrow), []);
  const into = imports.filter(
    ({ from, to, local, typeOnly, dynamic }) =>
      local &&
      topOf(to) === 'sandbox' &&
      topOf(from) !== 'sandbox' &&
      from !== 'cli/sandboxed-broker.ts' &&
      !(topOf(from) === 'cli' && (typeOnly || dynamic)),
  );
  t.same(into.map(arrow), []);
  t.end();
});

t.test('the server loads nothing of the sandbox', (t) => {
  const loaded = closure('cli/serve.ts', 'main.ts');
  t.ok(
    loaded.includes('compose.ts') && loaded.includes('core/secret.ts'),
    'the closure is that of the server',
  );
  t.same(
    loaded.filter((file) => topOf(file) === 'sandbox'),
    [],
  );
  const packages = imports.filter(
    ({ from, local, typeOnly }) => !local && !typeOnly && loaded.includes(from),
  );
  t.same(
    packages.filter(({ to }) => ['oidc-provider', '@fastify/formbody'].includes(to)).map(arrow),
    [],
    'nor a package that is optional',
  );
  t.ok(closure('cli/sandboxed-broker.ts').some((file) => topOf(file) === 'sandbox'));
  t.end();
});

t.test('what runs where callers do brings nothing of the server, and the library no package either', (t) => {
  const outside = imports.filter(({ from }) => ['client', 'sidecar'].includes(topOf(from)));
  t.same(
    outside.filter(({ to, local }) => local && !['core', 'client', 'sidecar'].includes(topOf(to))).map(arrow),
    [],
  );
  const packages = outside.filter(
    ({ from, to, local }) => topOf(from) === 'client' && !local && !to.startsWith('node:'),
  );
  t.same(packages.map(arrow), []);
  t.same(
    closure('client/index.ts')
      .filter((file) => topOf(file) !== 'client')
      .sort(),
    ['core/address.ts', 'core/secret.ts', 'core/within.ts'],
    'of core it loads what sends a proof safely',
  );
  t.end();
});

t.test('the AWS SDK has one place, and the demo', (t) => {
  const importers = new Set(imports.filter(({ to }) => to.startsWith('@aws-sdk/')).map(({ from }) => from));
  t.ok(importers.delete('issuance/sts/client.ts'));
  t.ok(importers.delete('issuance/sts/region.ts'));
  t.same(
    [...importers].filter((file) => !file.startsWith('sandbox/demo/')),
    [],
  );
  t.end();
});

t.test('core needs Node alone; the policy is pure', (t) => {
  const core = imports.filter(
    ({ from, to, local }) => !local && topOf(from) === 'core' && !to.startsWith('node:'),
  );
  t.same(core.map(arrow), []);
  // Hashes, comparison, expressions, patterns: no I/O.
  const allowed = ['node:crypto', 'node:util', '@marcbachmann/cel-js', 're2js'];
  const authz = imports.filter(
    ({ from, to, local }) => !local && topOf(from) === 'authz' && !allowed.includes(to),
  );
  t.same(authz.map(arrow), [], 'no I/O');
  const clocks = files.filter(
    (file) => topOf(file) === 'authz' && /Date\.now|new Date\(\)|Math\.random/.test(text(file)),
  );
  t.same(clocks, [], 'no clock, no chance');
  t.end();
});

t.test('files say what they are for, are short, and are named in kebab-case', (t) => {
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
    files.filter((file) => /utils?|helpers?|manager/.test(file)),
    [],
  );
  t.same(
    files.filter((file) => /\bexport default\b/.test(text(file)) && !file.endsWith('.d.ts')),
    [],
    'named exports',
  );
  t.end();
});
