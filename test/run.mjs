// `npm test`: runs the compiled test files, prints a line for each and every failure in full, and ends with one line
// that counts. Each file is a process of plain Node: nothing is loaded into it, or into the commands it spawns, that
// is not there in production.
//
//   npm test                                        all
//   npm test -- test/authz test/flows/reload.test.ts   folders or files
//     --exclude=PATH     leave out a folder or file; repeatable
//     --importing=PATH   only files that import this source file, directly or not; repeatable
//     --affected         only files whose compiled code, or what it imports, changed since the last run
//     --grep=REGEXP      only the tests whose title matches; the others count as skipped
//     --jobs=N           concurrent files; default: one more than cores, since many wait for other processes
//     --timeout=SECONDS  of a test; default 300
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Parser } from 'tap-parser';
import { compiledPath, linkCompiledSources, ROOT, recordRun, selectTestFiles } from './select.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    exclude: { type: 'string', multiple: true, default: [] },
    importing: { type: 'string', multiple: true, default: [] },
    affected: { type: 'boolean', default: false },
    grep: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism() + 1) },
    timeout: { type: 'string', default: '300' },
  },
});

const print = (text) => process.stdout.write(`${text}\n`);
const counts = { passed: 0, failed: 0, skipped: 0, assertions: 0 };
const running = new Set();

/** What a file printed, in the order it finished: subtests at any depth. */
function observe(parser, names, lines) {
  const seen = { passed: 0, failed: 0, skipped: 0, assertions: 0 };
  let subtest;
  parser.on('child', (child) => {
    subtest = observe(child, [...names, child.name], lines);
  });
  // The seed of a property test, with which it can be repeated.
  parser.on('comment', (text) => {
    if (/seed/i.test(text)) lines.push(`  ${names[0]}: ${text.replace(/^#\s*/, '').trim()}`);
  });
  parser.on('assert', ({ ok, name, skip, todo, diag }) => {
    // The result of a subtest follows the subtest itself.
    const within = subtest ?? { passed: 0, failed: 0, skipped: 0, assertions: 1 };
    const isSubtest = subtest !== undefined;
    subtest = undefined;
    if (skip || todo) {
      seen.skipped++;
      lines.push(`  skipped: ${[...names, name].join(' > ')}: ${skip || todo}`);
      return;
    }
    seen.skipped += within.skipped;
    seen.assertions += within.assertions;
    if (!ok) seen.failed++;
    // A test of which nothing but skips is left is skipped, not passed.
    else if (!isSubtest || within.assertions > 0 || within.skipped === 0) seen.passed++;
    if (!ok && diag && !(isSubtest && within.failed > 0)) {
      lines.push(`  FAILED: ${[...names, name].join(' > ')}${position(diag.at)}`);
      lines.push(formatDiagnostics(diag));
    }
  });
  return seen;
}

const position = (at) => (at?.fileName ? ` (${at.fileName}:${at.lineNumber}:${at.columnNumber})` : '');

const indent = (text) => text.trimEnd().replaceAll(/^/gm, '    ');

/** With positions in TypeScript alone, where there are two. */
function formatDiagnostics({ at: _at, ...diag }) {
  const lines = Object.entries(diag).map(([key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
    return text.includes('\n') ? `${key}:\n${indent(text)}` : `${key}: ${text}`;
  });
  return indent(lines.join('\n')).replaceAll(/\(?build\/\S+?:\d+:\d+\)? (?=\()/g, '');
}

async function runFile(file) {
  const started = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', compiledPath(file)], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TAP_TIMEOUT: options.timeout,
      ...(options.grep !== undefined && { TAP_GREP: options.grep }),
    },
  });
  running.add(child);
  // A test reports its own timeout; this is for a process that hangs too hard for that.
  const timer = setTimeout(() => child.kill('SIGKILL'), 2.5 * Number(options.timeout) * 1000);
  const parser = new Parser();
  const lines = [];
  const seen = observe(parser, [file], lines);
  const completed = new Promise((resolve) => parser.once('complete', resolve));
  child.stdout.pipe(parser);
  const [code, signal] = await new Promise((resolve) => {
    child.once('close', (...ended) => resolve(ended));
  });
  const results = await completed;
  clearTimeout(timer);
  running.delete(child);
  if (results.plan.skipAll && code === 0) {
    seen.skipped++;
    lines.push(`  skipped: ${file}: ${results.plan.skipReason}`);
  }
  // A file that breaks outside its assertions fails too.
  if (seen.failed === 0 && (!results.ok || code !== 0)) {
    seen.failed++;
    const reasons = results.failures.flatMap(({ tapError }) => tapError ?? []);
    lines.push(`  FAILED: ${file}: ${[...reasons, `ended with ${signal ?? `code ${code}`}`].join('; ')}`);
  }
  for (const key of Object.keys(counts)) counts[key] += seen[key];
  const { passed, failed, skipped } = seen;
  const parts = [
    `${passed} passed`,
    ...(failed ? [`${failed} failed`] : []),
    ...(skipped ? [`${skipped} skipped`] : []),
    `${Math.round(performance.now() - started)} ms`,
  ];
  print([`${failed === 0 ? 'ok' : 'NOT OK'}  ${file}: ${parts.join(', ')}`, ...lines].join('\n'));
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });

linkCompiledSources();
const { files, unknown } = selectTestFiles({ ...options, include: positionals });
if (unknown.length > 0) {
  process.stderr.write(`No test file matches ${unknown.join(', ')}.\n`);
  process.exit(1);
}
const started = new Date();
const waiting = [...files];
await Promise.all(
  Array.from({ length: Number(options.jobs) }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runFile(file);
  }),
);
recordRun(started);
const { passed, failed, skipped, assertions } = counts;
const seconds = Math.round((Date.now() - started.getTime()) / 1000);
print(`\n${assertions} assertions in ${files.length} files, ${seconds} s`);
print(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
