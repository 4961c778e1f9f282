// How `sallyport configure` edits an existing file, and how it quotes a command.
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { credentialKeys, setProfile } from '../../src/cli/configure/aws-profile.js';
import { readText, replaceText } from '../../src/cli/configure/replace-file.js';
import { unifiedDiff } from '../../src/cli/configure/unified-diff.js';
import { quoteCommand } from '../../src/cli/options/credential-process-options.js';

const settings = new Map([
  ['credential_process', 'sallyport credential-process'],
  ['region', 'eu-west-1'],
]);
const own = (end = '\n') => `credential_process = sallyport credential-process${end}region = eu-west-1${end}`;

t.test('setProfile appends a new profile', (t) => {
  const rows: [before: string, after: string][] = [
    ['', `[profile x]\n${own()}`],
    ['[default]\nregion=a\n', `[default]\nregion=a\n\n[profile x]\n${own()}`],
    ['# mine\r\n[profile y]\r\n\r\n', `# mine\r\n[profile y]\r\n\r\n[profile x]\r\n${own('\r\n')}`],
    ['[x]\nregion = b', `[x]\nregion = b\n\n[profile x]\n${own()}`],
    ['[sso-session x]\n', `[sso-session x]\n\n[profile x]\n${own()}`],
  ];
  for (const [before, after] of rows) t.equal(setProfile(before, 'x', settings).text, after);
  for (const name of ['x', '"x"', "'x'"])
    t.equal(setProfile(`[profile ${name}]\n`, 'x', settings).text, `[profile ${name}]\n${own()}`, name);
  t.equal(setProfile('', 'default', settings).text, `[default]\n${own()}`);
  t.end();
});

t.test('setProfile keeps indented settings, as parsed by Python', (t) => {
  const before =
    '[profile x]\n  output = json\n  Region=a\n    goes on\n  role_arn = b\n  s3 =\n    max = 1\n';
  t.same(setProfile(before, 'x', settings), {
    text: '[profile x]\n  credential_process = sallyport credential-process\n  output = json\n  region = eu-west-1\n  s3 =\n    max = 1\n',
    removed: ['role_arn'],
  });
  t.same(credentialKeys('[x]\n\taws_access_key_id = a\n', 'x', 'credentials'), ['aws_access_key_id']);
  t.end();
});

t.test('setProfile replaces settings in place and removes other credential settings', (t) => {
  const before = `; kept
[profile "x"]  # kept
output = json
Region=us-east-1
s3 =
  max_concurrent_requests = 20
# kept
role_arn = arn:aws:iam::1:role/a
  that goes on
sso_start_url = https://a
credential_process = old
[profile y]
role_arn = b
region = c`;
  const { text, removed } = setProfile(before, 'x', settings);
  t.equal(
    text,
    `; kept
[profile "x"]  # kept
output = json
region = eu-west-1
s3 =
  max_concurrent_requests = 20
# kept
credential_process = sallyport credential-process
[profile y]
role_arn = b
region = c`,
  );
  t.same(removed, ['role_arn', 'sso_start_url']);
  t.same(setProfile(text, 'x', settings), { text, removed: [] }, 'idempotent');
  const last = setProfile('[default]\ncredential_process = old', 'default', settings);
  t.equal(
    last.text,
    '[default]\nregion = eu-west-1\ncredential_process = sallyport credential-process',
    'without a final newline, as before',
  );
  t.throws(() => setProfile('[default]\n[profile default]\n', 'default', settings), /exists twice/);
  t.same(credentialKeys('[x]\naws_access_key_id=A\nregion=b\n[y]\n', 'x', 'credentials'), [
    'aws_access_key_id',
  ]);
  t.same(credentialKeys('[profile x]\nrole_arn=A\n', 'x', 'credentials'), []);
  t.end();
});

const line = fc.constantFrom(
  ...['[default]', '[profile a]', '[profile b] # x', '[a]', '[plugins]', '# c', '; d', '', ' ', '\t'],
  ...[
    'region = r',
    'REGION=r',
    'credential_process = p',
    'role_arn: q',
    's3 =',
    '  max = 1',
    '=',
    'nonsense',
  ],
  ...['aws_secret_access_key = s', 'ümlaut = ö', ' [profile a]'],
);
const file = fc
  .tuple(fc.array(line, { maxLength: 20 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, end, ended]) => lines.join(end) + (ended ? end : ''));

t.test(
  'setProfile keeps other lines, is idempotent, and unifiedDiff shows the change (random files)',
  (t) => {
    const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    fc.assert(
      fc.property(file, fc.constantFrom('a', 'new', 'default'), (before, name) => {
        let change: ReturnType<typeof setProfile>;
        try {
          change = setProfile(before, name, settings);
        } catch (error) {
          return /exists twice/.test(String(error));
        }
        const { text } = change;
        if (setProfile(text, name, settings).text !== text) return false;
        const ours = /^(?:\[(?:profile )?\w+\]|credential_process|region|role_arn|aws_|\s)/i;
        const others = (lines: readonly string[]) =>
          lines.map((each) => each.trimEnd()).filter((each) => !ours.test(each) && each !== '');
        if (others(linesOf(before)).join('\n') !== others(linesOf(text)).join('\n')) return false;
        const [, , range = '', ...hunk] = unifiedDiff('f', before, text).split('\n');
        const [, from = 0, length = 0, to = 0, width = 0] = (
          /-(\d+),(\d+) \+(\d+),(\d+)/.exec(range) ?? []
        ).map(Number);
        const side = (mark: string) =>
          hunk.filter((each) => each.startsWith(' ') || each.startsWith(mark)).map((each) => each.slice(1));
        const slice = (whole: string, start: number, count: number) =>
          linesOf(whole)
            .slice(Math.max(0, start - 1), Math.max(0, start - 1) + count)
            .map((each) => each.replace(/\r?\n$/, ''));
        return (
          text === before ||
          (JSON.stringify(side('-')) === JSON.stringify(slice(before, from, length)) &&
            JSON.stringify(side('+')) === JSON.stringify(slice(text, to, width)))
        );
      }),
      { numRuns: 500 },
    );
    t.end();
  },
);

t.test(
  'quoteCommand: a shell parses the same arguments, and no SDK finds a comment (random arguments)',
  (t) => {
    const argument = fc.string({ unit: fc.constantFrom(...'ab \'"\\$`#;&|*~%!=é\u00a0'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 6 }), (args) => {
        const text = quoteCommand(args, 'linux');
        const read = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${text}`], { encoding: 'utf8' });
        return read === `${args.join('\n')}\n` && !/(^|\s)[;#]/.test(text);
      }),
      { numRuns: 60 },
    );
    t.throws(() => quoteCommand(['a\nb']), /cannot contain line breaks/);
    t.equal(
      quoteCommand(['C:\\Program Files\\node.exe', '--role', 'a'], 'win32'),
      '"C:\\Program Files\\node.exe" --role a',
    );
    t.throws(() => quoteCommand(['a"b'], 'win32'), /On Windows/);
    t.end();
  },
);

t.test('replaceText keeps the mode, follows links, and rejects a concurrent change', async (t) => {
  const folder = t.testdir({ real: 'old', latin: Buffer.from([0xe9]) });
  const [real, linked] = [join(folder, 'real'), join(folder, 'link')];
  await chmod(real, 0o640);
  await symlink(real, linked);
  await replaceText(linked, 'old', 'new');
  t.equal(await readFile(real, 'utf8'), 'new');
  t.ok((await lstat(linked)).isSymbolicLink());
  t.equal((await stat(real)).mode & 0o777, 0o640);
  await chmod(real, 0o666);
  await replaceText(real, 'new', 'shared');
  t.equal((await stat(real)).mode & 0o777, 0o666, 'independent of the umask');
  await replaceText(real, 'shared', 'new');
  await t.rejects(replaceText(real, 'old', 'newer'), /has been changed/);
  t.equal(await readFile(real, 'utf8'), 'new');

  const fresh = join(folder, 'aws', 'config');
  await replaceText(fresh, '', 'text');
  t.equal((await stat(fresh)).mode & 0o777, 0o600);
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
  await t.rejects(replaceText(join(folder, 'dangling'), '', 'x'), { code: 'ENOENT' });
  await mkdir(join(folder, 'folder'));
  await t.rejects(readText(join(folder, 'folder')), { code: 'EISDIR' });
  t.equal(await readText(join(folder, 'none')), '');
  // Like AWS_CONFIG_FILE=/dev/null, which root could replace.
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')]);
  await t.rejects(
    replaceText(join(folder, 'pipe'), '', 'x'),
    /pipe is not a regular file\. Set AWS_CONFIG_FILE/,
  );
  await writeFile(join(folder, 'latin'), Buffer.from([0xe9]));
  await t.rejects(readText(join(folder, 'latin')), /is not UTF-8/);
});
