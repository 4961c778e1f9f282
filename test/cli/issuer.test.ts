// `sallyport issuer`: its output and errors, and that it prints no private key.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runToEnd } from '../support/command.js';

t.test('issuer generates, rotates, and retires keys, and prints the next steps', async (t) => {
  const folder = join(t.testdir(), 'keys');
  const issuer = async (...args: string[]) => {
    const { code, stdout, stderr } = await runToEnd(t, ['issuer', ...args]);
    for (const name of readdirSync(folder)) {
      const [, body = 'none'] = readFileSync(join(folder, name), 'utf8').split('\n');
      t.notOk(`${stdout}${stderr}`.includes(body), `${args}: the private key in ${name} is not printed`);
    }
    return { code, out: stdout, err: stderr };
  };
  const KID = '[\\w-]{43}';
  const AT = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
  const shows = (...lines: string[]) => new RegExp(`^${lines.join('\n')}\n`);
  const current = `current.pem   ${KID}  signs`;

  t.match(await issuer('generate', folder), {
    code: 0,
    out: shows(
      current,
      '',
      'Next: copy this folder to every broker\\..*',
      'To replace the key: .* issuer generate .*',
    ),
  });
  t.match(await issuer('rotate', folder), { code: 1, out: /^$/, err: /no next key.*issuer generate/ });
  t.match(await issuer('generate', folder), {
    code: 0,
    out: shows(
      ...[current, `next.pem      ${KID}  signs next; published since ${AT}`, '', 'Next: .*'],
      ...[`From ${AT}: sallyport issuer rotate ${folder}`, 'These are the earliest times\\..*'],
    ),
  });
  t.match(await issuer('rotate', folder), { code: 1, err: new RegExp(`Wait until ${AT}, .*--now`) });
  t.match(await issuer('rotate', '--now', folder), {
    code: 0,
    out: shows(
      ...[current, `previous.pem  ${KID}  still published; signed until ${AT}`, '', 'Next: .*'],
      `From ${AT}: sallyport issuer retire ${folder}`,
    ),
  });
  t.match(await issuer('retire', folder), { code: 1, err: /may still be valid/ });
  const { out } = await issuer('status', '--json', folder);
  t.match(JSON.parse(out), { keys: [{ use: 'current' }, { use: 'previous' }], retireFrom: /^\d{4}-/ });
  t.match(await issuer('retire', '--now', folder), { code: 0, out: shows(current, '') });
  t.match(await issuer('status', folder), { code: 0, out: shows(current, '', 'To replace the key: .*') });
});

t.test('issuer reports missing and invalid keys and configs', async (t) => {
  const folder = t.testdir({ 'sallyport.yaml': 'nonsense', bad: { 'current.pem': 'PLANTED' } });
  const config = join(folder, 'sallyport.yaml');
  t.match(await runToEnd(t, ['issuer', 'status', join(folder, 'none')]), {
    code: 1,
    stderr: /Create one with/,
  });
  const bad = await runToEnd(t, ['issuer', 'status', join(folder, 'bad')]);
  t.match(bad, { code: 1, stderr: /current\.pem holds no RSA key/ });
  t.notMatch(bad.stderr, /PLANTED/);
  const exporting = () => runToEnd(t, ['issuer', 'export', join(folder, 'out'), '--config', config]);
  t.match(await exporting(), { code: 1, stdout: '', stderr: /Nothing was exported/ });
  const sound = (rest: string) =>
    `server: { url: "https://sallyport.corp.example" }\naws: { region: eu-west-1 }\nissuers: {}\nroles: {}\ngrants: []\n${rest}`;
  writeFileSync(config, sound(''));
  t.match(await exporting(), { code: 1, stdout: '', stderr: /no webIdentity section/ });
  writeFileSync(config, sound('webIdentity: { keys: ./bad }\n'));
  t.match(await exporting(), {
    code: 1,
    stdout: '',
    stderr: /:6:\d+: webIdentity\.keys: .*current\.pem must contain/,
  });
  const subject = await runToEnd(t, ['issuer', 'subject', 'adfs', 'CORP\\alice']);
  t.match(subject, { code: 0, stdout: 'adfs:CORP%5Calice\n' });
});
