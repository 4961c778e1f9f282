// Reloading the config of a running broker: under load, by signal, by file change, with errors, and with a shadow config.
import { EventEmitter, once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { connect } from 'node:tls';
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { fetchAssertion } from '@sallyport/sandbox/internal/saml/fetch-assertion';
import { type Sandbox, startSandbox } from '@sallyport/sandbox/internal/sandbox';
import t, { type Test } from 'tap';
import { startBroker } from '../../src/cli/start-broker.js';
import { createLog } from '../../src/telemetry/log.js';
import { readResponse } from '../support/broker.js';
import { start } from '../support/command.js';
import { fixturePath } from '../support/paths.js';

const RELOADS = 200;
const ALICE = { user: 'alice', password: 'sandbox-alice' };

const sandbox: Sandbox = await startSandbox();
t.teardown(() => sandbox.close());
const jwt = await fetchToken(sandbox.oidc.issuer, { ...ALICE, audience: 'sallyport' });

interface Parts {
  /** Ends the names of issuers, grants and sessions, so that a mixture of two configs shows. */
  readonly letter?: string;
  readonly roles?: string;
  readonly rest?: string;
  readonly tls?: string;
}

function configText({ letter = 'a', roles = '[deploy]', rest = '', tls = '' }: Parts = {}): string {
  return `
server: { url: "http://127.0.0.1:8443", listen: { port: 0 }${tls} }
aws: { region: eu-west-1, endpoint: "${sandbox.sts.url}" }
issuers:
  corp-${letter}: { type: oidc, issuer: "${sandbox.oidc.issuer}", audience: sallyport }
  idp-${letter}: { type: saml, metadata: ./idp.xml }
roles:
  deploy:
    via: AssumeRoleWithWebIdentity
    roleArn: arn:aws:iam::111122223333:role/deploy
    session: { name: "${letter}-\${claims.sub}", duration: 15m }
  s3-reader:
    via: AssumeRoleWithSAML
    roleArn: arn:aws:iam::111122223333:role/S3Reader
    principalArn: arn:aws:iam::111122223333:saml-provider/SandboxIdp
grants:
  - { id: jwt-${letter}, issuer: corp-${letter}, match: {}, roles: ${roles} }
  - { id: saml-${letter}, issuer: idp-${letter}, match: {}, roles: [s3-reader] }
audit: { sinks: [{ type: file, path: ./audit.jsonl }] }
limits: { perAddress: { requests: 1000000, per: 1m }, perPrincipal: { requests: 1000000, per: 1m } }
${rest}`;
}

/** As editors and deployments do it: a new file in the place of the old. */
function put(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function folderOf(t: Test, text: string): { folder: string; file: string } {
  const folder = t.testdir({ 'idp.xml': sandbox.saml.metadata, 'sallyport.yaml': text });
  return { folder, file: join(folder, 'sallyport.yaml') };
}

/** A separate broker and its log stream. */
async function startOn(t: Test, file: string) {
  const lines: string[] = [];
  const logged = new EventEmitter();
  const destination = new PassThrough().on('data', (chunk: Buffer) => {
    lines.push(String(chunk));
    logged.emit('line');
  });
  const started = await startBroker(file, createLog('info', destination), process.env);
  if (!started.ok) throw new Error(JSON.stringify(started.errors));
  t.teardown(() => started.broker.close());
  const line = async (pattern: RegExp) => {
    while (!lines.some((text) => pattern.test(text))) await once(logged, 'line');
  };
  return { ...clientOf(started.url), broker: started.broker, url: started.url, lines, line };
}

interface Json {
  readonly [name: string]: Json & string & number;
}

const clientOf = (url: string) => ({
  exchange: async (body: object, token?: string) =>
    readResponse(
      await fetch(`${url}/v1/credentials`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      }),
    ),
  roles: async () =>
    readResponse(await fetch(`${url}/v1/roles`, { headers: { authorization: `Bearer ${jwt}` } })),
  readyz: async () => (await (await fetch(`${url}/readyz`)).json()) as Json,
  metric: async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  },
});

t.test(`${RELOADS} reloads under load: every request is decided by one whole config`, async (t) => {
  const { folder, file } = folderOf(t, configText());
  const { broker, exchange, readyz, metric } = await startOn(t, file);
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  let requestCount = 0;
  let changing = true;
  type Request = () => ReturnType<typeof exchange>;
  const lane = async (request: Request) => {
    while (changing) {
      requestCount++;
      const { status, json } = (await request()) as unknown as { status: number; json: Json };
      const arn = json['AssumedRoleUser']?.['Arn'] ?? '';
      const grant = json['Sallyport']?.['Grant'];
      count(`${status} ${json['code'] ?? `${grant} ${arn.split('/').at(-1)}`}`);
    }
  };
  const byJwt = () => exchange({ Role: 'deploy' }, jwt);
  const bySaml = async () => exchange({ SAMLResponse: await fetchAssertion(sandbox.saml.ssoUrl, ALICE) });
  const lanes = Promise.all([...Array<Request>(8).fill(byJwt), bySaml, bySaml].map(lane));
  for (let number = 1; number <= RELOADS; number++) {
    put(file, configText({ letter: number % 2 === 0 ? 'a' : 'b' }));
    await broker.reload();
  }
  changing = false;
  await lanes;

  const saml = [...outcomes.keys()].filter((outcome) => outcome.includes('saml'));
  t.same(
    [...outcomes.keys()].sort(),
    ['200 jwt-a a-alice', '200 jwt-b b-alice', ...saml].sort(),
    'a or b, and no refusal',
  );
  t.ok(saml.length > 0 && saml.every((outcome) => /^200 saml-[ab] alice@corp\.example$/.test(outcome)));
  const records = readFileSync(join(folder, 'audit.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
  t.equal(records.filter(({ Event }) => Event === 'issued').length, requestCount, 'none was lost');
  const lastOf = (value: unknown) => String(value).at(-1);
  const mixed = records.filter(({ Principal, Grant }) => lastOf(Principal?.['Issuer']) !== lastOf(Grant));
  t.same(mixed, [], 'the principal and the credentials belong to one config');
  t.ok(requestCount > RELOADS / 2, `${requestCount} requests`);
  t.ok(Number(await metric('sallyport_config_epoch')) > RELOADS);
  t.equal((await readyz())['config']?.['lastReload'], 'ok');
});

t.test('a config with errors keeps the old one in use and is reported until corrected', async (t) => {
  const { file } = folderOf(t, configText());
  const { broker, exchange, readyz, metric, lines } = await startOn(t, file);
  const rows: [what: string, text: string, logged: RegExp][] = [
    ['a typing error', configText().replace('grants:', 'grant:'), /Unknown key \\"grant\\"/],
    ['not YAML', '{', /Invalid YAML/],
    ['an error of the policy', configText().replace('claims.sub', 'claims.'), /config error/],
    ['metadata that is not there', configText().replace('idp.xml', 'nowhere.xml'), /nowhere\.xml/],
    ['a certificate that is not there', configText({ tls: ', tls: { cert: a, key: b }' }), /server\.tls/],
  ];
  for (const [index, [what, text, logged]] of rows.entries()) {
    put(file, text);
    await broker.reload();
    const ready = await readyz();
    t.match(ready, { status: 'ready', config: { epoch: 1, lastReload: 'failed' } }, what);
    t.ok((ready['config']?.['faults'] ?? 0) > 0);
    t.ok(
      lines.some((line) => logged.test(line)),
      `${what} is logged`,
    );
    t.match((await exchange({}, jwt)).json, { Sallyport: { Grant: 'jwt-a' } });
    t.equal(await metric('sallyport_config_reloads_total{outcome="failed"}'), index + 1);
    t.equal(await metric('sallyport_config_last_reload_success'), 0);
  }
  put(file, configText({ letter: 'b', rest: 'store: { type: memory }\n' }));
  await broker.reload();
  t.match(await readyz(), {
    config: { epoch: 2, lastReload: 'ok', faults: 0, restartNeeded: ['store'] },
  });
  t.match((await exchange({}, jwt)).json, { Sallyport: { Grant: 'jwt-b' } }, 'the rest of it is in use');
  t.equal(await metric('sallyport_config_last_reload_success'), 1);
});

t.test('a change of the config or of a file it references triggers a reload', async (t) => {
  const { folder, file } = folderOf(t, configText());
  writeFileSync(join(folder, 'region'), 'eu-west-1');
  put(file, configText().replace('region: eu-west-1', 'region: "${file:region}"'));
  const { exchange, line } = await startOn(t, file);
  writeFileSync(join(folder, 'region'), 'us-east-1');
  await line(/"epoch":2/);
  put(join(folder, 'idp.xml'), 'no metadata');
  await line(/the old one stays in use/);
  put(join(folder, 'idp.xml'), `${sandbox.saml.metadata}\n`);
  await line(/"epoch":3/);
  put(file, configText({ letter: 'b' }));
  await line(/"epoch":4/);
  t.match((await exchange({}, jwt)).json, { Sallyport: { Grant: 'jwt-b' } });
});

t.test('SIGHUP and a swapped volume reload the config of a running process', async (t) => {
  const volume = t.testdir({
    'idp.xml': sandbox.saml.metadata,
    '..v1': { 'sallyport.yaml': configText() },
    '..v2': { 'sallyport.yaml': configText({ letter: 'b' }) },
  });
  symlinkSync('..v1', join(volume, '..data'));
  symlinkSync(join('..data', 'sallyport.yaml'), join(volume, 'sallyport.yaml'));
  const serve = start(t, ['serve', '--config', join(volume, 'sallyport.yaml')]);
  const listening = JSON.parse(await serve.line('stderr', /"listening"/)) as { url: string };
  const { exchange, readyz } = clientOf(listening.url);
  serve.child.kill('SIGHUP');
  await serve.line('stderr', /"epoch":2,"msg":"the new config is in use"/);
  t.match((await exchange({}, jwt)).json, { Sallyport: { Grant: 'jwt-a' } });
  symlinkSync('..v2', join(volume, '..data_tmp'));
  renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
  await serve.line('stderr', /"epoch":3/);
  t.match((await exchange({}, jwt)).json, { Sallyport: { Grant: 'jwt-b' } });
  t.match(await readyz(), { config: { epoch: 3 } });
  serve.child.kill('SIGTERM');
  t.equal((await serve.finished).code, 0);
});

t.test('new connections use a new certificate', async (t) => {
  const fixture = (name: string) => fixturePath(`saml/${name}`);
  const { folder, file } = folderOf(t, configText({ tls: ', tls: { cert: tls.crt, key: tls.key }' }));
  const install = (name: string) => {
    for (const ending of ['crt', 'key'])
      copyFileSync(fixture(`${name}.${ending}`), join(folder, `tls.${ending}`));
  };
  install('idp');
  const { broker, url } = await startOn(t, file);
  const shown = async () => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const before = await shown();
  install('idp-next');
  await broker.reload();
  const after = await shown();
  t.not(after, before);
  copyFileSync(fixture('idp.key'), join(folder, 'tls.key'));
  await broker.reload();
  t.equal(await shown(), after, 'a key that does not match is an error');
});

t.test('a shadow config is evaluated alongside the live one without effect on callers', async (t) => {
  const { folder, file } = folderOf(t, configText({ rest: 'shadow: ./candidate.yaml\n' }));
  const candidate = join(folder, 'candidate.yaml');
  put(candidate, configText());
  const { broker, exchange, roles, readyz, metric, lines, line } = await startOn(t, file);
  const differences = (kind: string) => metric(`sallyport_shadow_differences_total{kind="${kind}"}`);
  const granted = { status: 200, json: { Sallyport: { Grant: 'jwt-a' } } };
  t.match(await exchange({ Role: 'deploy' }, jwt), granted);

  const candidates: [kind: string, text: string][] = [
    ['session', configText().replace('15m', '20m')],
    ['lost', configText().replace('match: {}', 'match: { team: nobody }')],
  ];
  for (const [kind, text] of candidates) {
    t.equal(await differences(kind), undefined);
    put(candidate, text);
    await broker.reload();
    t.match(await exchange({ Role: 'deploy' }, jwt), granted, kind);
    await line(new RegExp(`"kind":"${kind}"`));
    t.equal(await differences(kind), 1);
  }
  t.match((await roles()).json.Roles, [{ Role: 'deploy' }]);
  await line(/"live":\["deploy"\],"shadow":\[\]/);
  t.equal(await differences('lost'), 2);

  put(candidate, configText().replace('[deploy]', '[deploy, nope]'));
  await broker.reload();
  t.match(await readyz(), { status: 'ready', config: { lastReload: 'ok', shadowFaults: 1 } });
  t.equal(await metric('sallyport_shadow_config_faults'), 1);
  t.match(await exchange({ Role: 'deploy' }, jwt), granted);
  t.equal(await differences('lost'), 2, 'with errors it is not evaluated');
  t.ok(lines.some((text) => /candidate\.yaml/.test(text) && /Unknown role/.test(text)));
  t.notMatch(lines.join(''), jwt);
});
