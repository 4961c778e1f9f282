// `npm test`: runs every test with tap, prints a line for each file and every failure in full, and closes with one
// line that counts. Arguments go to tap.
import { spawn } from 'node:child_process';
import { Parser } from 'tap-parser';

const print = (text) => process.stdout.write(`${text}\n`);

const tap = spawn('tap', ['--reporter=tap', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const parser = new Parser();

/** Prints failures (and skips, with their reason) of a test file's subtests, by their full names. */
function report(test, names) {
  test.on('child', (child) => report(child, [...names, child.name]));
  // The seed of a random run, to repeat it with.
  test.on(
    'comment',
    (text) => /seed/i.test(text) && print(`  ${names[0]}: ${text.replace(/^#\s*/, '').trim()}`),
  );
  test.on('assert', ({ ok, name, skip, diag, fullname }) => {
    if (skip) print(`  skipped: ${[...names, name].join(' > ')}: ${skip}`);
    if (ok || !diag) return;
    print(`  FAILED: ${fullname || [...names, name].join(' > ')}`);
    print(`${JSON.stringify(diag, undefined, 2).replaceAll('\\n', '\n')}`.replace(/^/gm, '    '));
  });
}

const counts = { passed: 0, failed: 0, skipped: 0 };
parser.on('child', (file) => {
  report(file, [file.name]);
  file.on('complete', ({ pass, fail, skip, todo, time }) => {
    counts.passed += pass;
    counts.failed += fail;
    counts.skipped += skip + todo;
    print(
      `${fail === 0 ? 'ok' : 'NOT OK'}  ${file.name}: ${pass} passed${fail ? `, ${fail} failed` : ''}${time ? `, ${Math.round(time)} ms` : ''}`,
    );
  });
});

const exited = new Promise((resolve) => {
  tap.once('close', resolve);
});
const complete = new Promise((resolve) => {
  parser.once('complete', resolve);
});
tap.stdout.pipe(parser);
const [code, { ok }] = await Promise.all([exited, complete]);

// A file that broke before its first assertion is a failure too.
if (!ok && counts.failed === 0) counts.failed = 1;
print(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = code === 0 && ok ? 0 : 1;
