// The packages as npm installs them from their tarballs: into an empty folder, with the ordinary client, offline. Their
// third-party dependencies are copied from the repository's node_modules first, so that npm has nothing to download.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import t from 'tap';
import { startTestBroker } from '../support/broker.js';
import { copyThirdPartyPackages, createOutsideFolder } from '../support/installed-packages.js';
import { ROOT } from '../support/paths.js';

const PACKAGES = ['sallyport', '@sallyport/client', '@sallyport/sandbox', '@sallyport/sts-protocol'] as const;
type PackageName = (typeof PACKAGES)[number];

/** The home folder of npm and of the commands: npm finds no cache there. */
const HOME = createOutsideFolder(t);

/** A process with its own environment, without the loaders of tap. */
const run = (command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}) =>
  promisify(execFile)(command, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME, ...env },
    maxBuffer: 10 * 1024 * 1024,
  });

const tarballs = createOutsideFolder(t);
const { stdout } = await run(
  'npm',
  [
    'pack',
    '--json',
    '--workspaces',
    '--include-workspace-root',
    '--ignore-scripts',
    `--pack-destination=${tarballs}`,
  ],
  ROOT,
);
interface Packed {
  readonly name: PackageName;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}
const packed: readonly Packed[] = Object.values(JSON.parse(stdout));

const everything = createOutsideFolder(t);
await copyThirdPartyPackages(everything, [
  '--omit=dev',
  '--omit=optional',
  '--workspaces',
  '--include-workspace-root',
]);
await install(everything, ...PACKAGES);

const clientOnly = createOutsideFolder(t);
await install(clientOnly, '@sallyport/client');

async function install(folder: string, ...names: readonly PackageName[]): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const files = names.map((name) => {
    const { filename } = packed.find((each) => each.name === name) as Packed;
    return join(tarballs, basename(filename));
  });
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];
  await run('npm', ['install', ...flags, ...files], folder);
}

/** Type-checks a program in the folder, with types from the repository's node_modules. Returns the errors. */
async function typeErrors(folder: string, program: string): Promise<string> {
  const links = ['@types', '@aws-sdk'].map((name) => join(folder, 'node_modules', name));
  const added = links.filter((link) => !existsSync(link));
  for (const link of added) symlinkSync(join(ROOT, 'node_modules', basename(link)), link);
  writeFileSync(join(folder, 'program.ts'), program);
  const tsc = join(ROOT, 'node_modules/@typescript/native/bin/tsc');
  const options = '--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --module nodenext';
  const args = [tsc, ...options.split(' '), '--target', 'es2023', '--types', 'node', 'program.ts'];
  const { stdout, stderr } = await run(process.execPath, args, folder).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  for (const link of added) rmSync(link);
  return stdout + stderr;
}

t.test('the tarballs hold compiled code, its types and the documents, and nothing else', (t) => {
  t.same(packed.map(({ name }) => name).sort(), [...PACKAGES].sort());
  const entry: Readonly<Record<PackageName, readonly string[]>> = {
    sallyport: ['dist/main.js', 'openapi.yaml', 'schema/sallyport.schema.json', 'examples/on-prem.yaml'],
    '@sallyport/client': ['dist/index.js', 'dist/index.d.ts'],
    '@sallyport/sandbox': ['dist/index.js', 'dist/index.d.ts', 'dist/main.js', 'examples/iam.yaml'],
    '@sallyport/sts-protocol': ['dist/validate.js', 'dist/validate.d.ts'],
  };
  for (const { name, files } of packed) {
    const paths = files.map(({ path }) => path);
    for (const path of [...entry[name], 'README.md', 'LICENSE', 'package.json'])
      t.ok(paths.includes(path), `${name} has ${path}`);
    t.same(
      paths.filter((path) => /\.map$|\.tsbuildinfo$|(?<!\.d)\.ts$|^(?:src|test|packages)\//.test(path)),
      [],
      `${name} has no sources, source maps or build info`,
    );
  }
  t.end();
});

t.test(
  'sallyport, installed with the other packages, prints its version and checks an example',
  async (t) => {
    const sallyport = join(everything, 'node_modules/.bin/sallyport');
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    t.equal((await run(sallyport, ['--version'], everything)).stdout, `${version}\n`);
    const config = 'node_modules/sallyport/examples/portal.yaml';
    const { stdout, stderr } = await run(sallyport, ['check', '--json', config], everything, {
      SALLYPORT_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      SALLYPORT_SECRET_ACCESS_KEY: 'an-example-secret',
    });
    t.match(JSON.parse(stdout), { faults: [] });
    t.equal(stderr, '');
  },
);

t.test('sallyport-sandbox --json starts, and its STS responds to GetCallerIdentity', async (t) => {
  const command = join(everything, 'node_modules/.bin/sallyport-sandbox');
  const sandbox = spawn(command, ['--json'], {
    cwd: everything,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(sandbox, 'exit');
  t.teardown(() => sandbox.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: sandbox.stdout }), 'line');
  const { sts } = JSON.parse(line);
  const program = `
    import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
    const credentials = { accessKeyId: 'AKIASANDBOXSALLYPORT', secretAccessKey: 'sandboxSecretSandboxSecretSandboxSecret0' };
    const client = new STSClient({ region: 'eu-west-1', endpoint: process.env.STS, credentials });
    console.log((await client.send(new GetCallerIdentityCommand({}))).Arn);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], everything, {
    STS: sts,
  });
  t.equal(stdout, 'arn:aws:iam::111122223333:user/sallyport\n');
  sandbox.kill('SIGTERM');
  t.same(await exited, [0, null], 'SIGTERM stops it with exit code 0');
});

t.test('@sallyport/sandbox has types for its exports', async (t) => {
  const errors = await typeErrors(
    everything,
    `import { fetchAssertion, fetchToken, type Sandbox, startSandbox } from '@sallyport/sandbox';
const sandbox: Sandbox = await startSandbox({ ports: { sts: 8445 } });
const jwt: string = await fetchToken(sandbox.oidc.issuer, { user: 'alice', password: 'sandbox-alice' });
const response: string = await fetchAssertion(sandbox.saml.ssoUrl, { user: 'alice', password: 'sandbox-alice' });
// @ts-expect-error: a token needs a password
await fetchToken(sandbox.oidc.issuer, { user: 'alice' });
console.log(jwt, response);
await sandbox.close();
`,
  );
  t.equal(errors, '');
});

t.test('@sallyport/client installs nothing else', (t) => {
  const modules = join(clientOnly, 'node_modules');
  t.same(
    readdirSync(modules).filter((name) => !name.startsWith('.')),
    ['@sallyport'],
  );
  t.same(readdirSync(join(modules, '@sallyport')), ['client']);
  t.end();
});

t.test('@sallyport/client has types and credentials that the AWS SDK accepts', async (t) => {
  const errors = await typeErrors(
    clientOnly,
    `import { STSClient } from '@aws-sdk/client-sts';
import { fromSallyport } from '@sallyport/client';
const credentials = fromSallyport({ url: process.argv[2] ?? '', role: 'deploy', token: async () => process.env['TOKEN'] ?? '' });
new STSClient({ region: 'eu-west-1', credentials });
// @ts-expect-error: one proof, not two
fromSallyport({ url: '', token: 'a', samlResponse: 'b' });
// @ts-expect-error: at least one proof
fromSallyport({ url: '', role: 'deploy' });
`,
  );
  t.equal(errors, '');
});

t.test('@sallyport/client gets credentials in a JavaScript program', async (t) => {
  const broker = await startTestBroker(t);
  const program = `
    import { fromSallyport } from '@sallyport/client';
    const { expiration, ...identity } = await fromSallyport({ url: process.env.URL, role: 'deploy', token: process.env.TOKEN })();
    console.log(JSON.stringify({ ...identity, left: expiration - Date.now() }));`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], clientOnly, {
    URL: broker.url,
    TOKEN: await broker.token('alice'),
  });
  t.equal(stderr, '');
  t.match(JSON.parse(stdout), { accessKeyId: /^ASIA/, accountId: '111122223333', left: Number });
});
