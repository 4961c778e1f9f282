// What a release is deployed with: the image, Compose, systemd and Kubernetes files. Each is checked by the program it
// is for where that can run here, its configs by Sallyport itself, and the parts that are code by running them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { createOidcVerifier } from '../src/authn/oidc/verifier.js';
import { compilePolicy } from '../src/authz/policy.js';
import { parseConfig } from '../src/config/load.js';
import type { OidcIssuer } from '../src/config/schema/oidc-issuer.js';
import { VERSION } from '../src/core/version.js';
import { createLog } from '../src/telemetry/log.js';
import { startTestBroker } from './support/broker.js';
import { copyThirdPartyPackages, createOutsideFolder } from './support/installed-packages.js';
import { fixturePath, fromRoot, ROOT } from './support/paths.js';
import { requirePeer } from './support/peers.js';

const run = promisify(execFile);
const read = (path: string) => readFileSync(fromRoot(path), 'utf8');
const list = (folder: string, ending: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

/** Arguments of `env` that start a command in a separate environment. */
const alone = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => [
  '-i',
  `PATH=${process.env['PATH']}`,
  ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  command,
  ...args,
];

/** Checks a deployed config as `serve` would, but for files that only the machine it runs on has. */
async function checkConfig(t: Test, text: string, env: Readonly<Record<string, string>> = {}) {
  const { loaded, errors: faults } = parseConfig(text, 'sallyport.yaml', env);
  t.strictSame(faults, []);
  if (!loaded) return;
  t.strictSame(compilePolicy(loaded.config).errors, []);
  const issuers = Object.fromEntries(
    Object.entries(loaded.config.issuers).filter(
      (entry): entry is [string, OidcIssuer] => entry[1].type === 'oidc',
    ),
  );
  const oidc = await createOidcVerifier({ issuers, log: createLog('silent') });
  t.strictSame(oidc.ok ? [] : oidc.errors, []);
  if (oidc.ok) await oidc.verifier.close();
}

/** The command that installs production dependencies. */
const INSTALL = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts[
  'install:production'
] as string;

/** An image reference whose tag says which one it is. */
const PINNED = /^[\w./-]+:(?!latest$)[\w.-]*\d[\w.-]*$/;

t.test('Dockerfile', async (t) => {
  const stages = dockerfileStages();
  const final = stages.at(-1) ?? [];
  const of = (stage: readonly Instruction[], keyword: string) =>
    stage.filter((instruction) => instruction.keyword === keyword).map(({ value }) => value);

  for (const stage of stages) t.match(of(stage, 'FROM')[0]?.split(' ')[0], PINNED);
  t.match(of(final, 'USER'), [/^[1-9]\d*:[1-9]\d*$/], 'a numeric user, not root');
  t.match(of(final, 'RUN').join(), /^rm -rf (?!.*npm ci).*$/, 'nothing is installed in the final stage');
  t.strictSame(
    of(final, 'COPY'),
    [
      '--from=dependencies /app/node_modules ./node_modules',
      '--from=build /src/packages/client/dist ./packages/client/dist',
      '--from=build /src/packages/sts-protocol/dist ./packages/sts-protocol/dist',
      '--from=build /src/dist ./dist',
      'packages/client/package.json ./packages/client/',
      'packages/sts-protocol/package.json ./packages/sts-protocol/',
      'package.json LICENSE ./',
    ],
    'nothing else is in the image',
  );
  const named = (name: string) => stages.find((stage) => of(stage, 'FROM')[0]?.endsWith(` AS ${name}`)) ?? [];
  t.strictSame(of(named('dependencies'), 'RUN'), ['npm run install:production']);
  t.match(INSTALL, /^npm ci --omit=dev --omit=optional --ignore-scripts /);
  t.equal(of(named('build'), 'RUN').at(-1), 'npm run build');
  t.match(of(final, 'CMD').at(-1), /"serve"/);
});

t.test('.dockerignore lets in every file that the Dockerfile copies from the build context', (t) => {
  const rules = read('.dockerignore').split('\n');
  const copied = dockerfileStages()
    .flat()
    .filter(({ keyword, value }) => keyword === 'COPY' && !value.startsWith('--from='))
    .flatMap(({ value }) => value.split(' ').slice(0, -1));
  t.ok(copied.length > 5);
  t.strictSame(
    copied.filter((path) => !rules.includes(`!${path.split('/')[0]}`)),
    [],
  );
  t.end();
});

t.test('the server imports only its production dependencies', (t) => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: object };
  const imported = list('src', '.ts')
    .filter((file) => !file.startsWith('src/cli/demo/'))
    .flatMap((file) =>
      [...read(file).matchAll(PACKAGE_IMPORT)].map(([, specifier = '']) => packageOf(specifier)),
    );
  t.ok(imported.includes('fastify'));
  t.strictSame(
    imported.filter((name) => !(name in dependencies)),
    [],
  );
  t.end();
});

t.test(
  'the production image starts without the sandbox and dev dependencies, and writes no file',
  async (t) => {
    const folder = createOutsideFolder(t);
    cpSync(fixturePath('oidc/issuer-cert.pem'), join(folder, 'tls.crt'));
    cpSync(fixturePath('oidc/issuer-key.pem'), join(folder, 'tls.key'));
    const installed = await buildImage(folder);
    t.ok(installed.includes('node_modules/fastify'));
    for (const name of ['oidc-provider', 'tap', 'playwright-core'])
      t.notOk(installed.includes(`node_modules/${name}`), `${name} is not installed`);

    const config = parse(read('deploy/sallyport.yaml')) as { server: { listen: object } };
    config.server.listen = { host: '127.0.0.1', port: 0 };
    writeFileSync(join(folder, 'sallyport.yaml'), stringify(config));

    const main = join(folder, 'dist/main.js');
    const serve = [...READ_ONLY, main, 'serve', '--config', join(folder, 'sallyport.yaml')];
    const broker = spawn('env', alone(process.execPath, serve, { CREDENTIALS_DIRECTORY: folder }), {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    t.teardown(() => broker.kill('SIGKILL'));
    const url = await listening(broker.stderr);
    const health = () => runHealthcheck(`${url}/healthz`, join(folder, 'tls.crt'));
    t.equal(await health(), 0, 'healthy while it runs');
    const exited = once(broker, 'exit');
    broker.kill('SIGTERM');
    t.strictSame(await exited, [0, null], 'stops on SIGTERM');
    t.equal(await health(), 1, 'unhealthy if it does not respond');

    const environment = { TMPDIR: folder };
    for (const command of ['demo', 'dev', 'sandbox', 'token --user alice', 'assertion --user alice']) {
      const args = alone(process.execPath, [main, ...command.split(' ')], environment);
      await t.rejects(
        run('env', args),
        {
          code: 1,
          stdout: '',
          stderr: /^sallyport: This command needs the package @sallyport\/sandbox\. Run `npm install .*\.\n$/,
        },
        `${command} says what to install`,
      );
    }
  },
);

t.test('compose.yaml', async (t) => {
  const { services } = parse(read('deploy/compose.yaml')) as {
    services: Record<string, Record<string, unknown> & { environment: Record<string, string> }>;
  };
  t.strictSame(Object.keys(services), ['sallyport']);
  t.match(services['sallyport'], {
    image: `sallyport:${VERSION}`,
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    volumes: ['./sallyport.yaml:/etc/sallyport/sallyport.yaml:ro'],
  });
  await checkConfig(t, read('deploy/sallyport.yaml'), services['sallyport']?.environment ?? {});

  const compose = requirePeer(t, 'docker-compose');
  if (compose) await t.resolves(run(compose, ['-f', join(ROOT, 'deploy/compose.yaml'), 'config', '-q']));
});

t.test('sallyport.service', async (t) => {
  const unit = read('deploy/sallyport.service');
  const settings = new Map(unit.split('\n').map((line) => line.split(/=(.*)/s, 2) as [string, string]));
  t.equal(settings.get('DynamicUser'), 'yes');
  t.equal(settings.get('ProtectSystem'), 'strict');
  t.equal(settings.get('NoNewPrivileges'), 'yes');
  t.equal(settings.get('LogRateLimitIntervalSec'), '0', 'the journal drops no audit record');
  await checkConfig(t, read('deploy/sallyport.yaml'), {
    CREDENTIALS_DIRECTORY: '/run/credentials/sallyport',
  });

  const analyze = requirePeer(t, 'systemd-analyze');
  if (!analyze) return;
  // `verify` wants the program to be where the unit says.
  const folder = t.testdir({ 'sallyport.service': unit.replace('/usr/bin/node', process.execPath) });
  const file = join(folder, 'sallyport.service');
  await t.resolves(run(analyze, ['verify', '--man=no', file]));
  await t.resolves(run(analyze, ['security', '--offline=yes', '--threshold=15', '--no-pager', file]));
});

t.test('kubernetes.yaml', async (t) => {
  const objects = kubernetesObjects();
  t.strictSame(
    objects.map(
      ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace}/${metadata.name}`,
    ),
    [
      'v1 ServiceAccount sallyport/sallyport',
      'v1 ConfigMap sallyport/sallyport',
      'apps/v1 Deployment sallyport/sallyport',
      'v1 Service sallyport/sallyport',
      'networking.k8s.io/v1 NetworkPolicy sallyport/sallyport',
      'v1 ServiceAccount reports/nightly',
      'v1 ConfigMap reports/nightly-reports',
      'batch/v1 CronJob reports/nightly-reports',
      'v1 ServiceAccount reports/uploader',
      'apps/v1 Deployment reports/uploader',
    ],
  );
  await checkConfig(t, objects[1]?.data?.['sallyport.yaml'] ?? '');

  const deployment = objects[2]?.spec;
  t.match(deployment, { replicas: 1, strategy: { type: 'Recreate' } }, 'the replay store is in memory');
  t.match(deployment?.template?.spec.containers, [
    {
      image: `sallyport:${VERSION}`,
      readinessProbe: { httpGet: { path: '/readyz', scheme: 'HTTPS' } },
      livenessProbe: { httpGet: { path: '/healthz', scheme: 'HTTPS' } },
    },
  ]);
  const job = objects[7]?.spec?.jobTemplate?.spec.template.spec;
  t.match(job?.volumes, [
    {},
    {},
    { projected: { sources: [{ serviceAccountToken: { audience: 'sallyport' } }] } },
  ]);
  const uploader = objects[9]?.spec?.template?.spec;
  t.match(uploader?.containers, [
    {
      env: [
        { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: /\/v1\/container-credentials\/report-writer$/ },
        { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: '/run/secrets/sallyport/token' },
      ],
    },
  ]);
  for (const pod of [deployment?.template?.spec, job, uploader]) {
    t.match(pod, {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532 },
    });
    t.equal(pod?.containers.length, 1, 'no sidecar');
    for (const { image, ...container } of pod?.containers ?? []) {
      t.match(image, PINNED);
      t.match(container, {
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: { requests: { cpu: String, memory: String }, limits: { memory: String } },
      });
    }
  }
});

t.test("the workload's script gets credentials with its token, and says why if it does not", async (t) => {
  const script = kubernetesObjects()[6]?.data?.['run.sh'] ?? '';
  const shellcheck = requirePeer(t, 'shellcheck');
  const curl = requirePeer(t, 'curl');
  const broker = await startTestBroker(t);
  const folder = t.testdir({
    'run.sh': script,
    token: await broker.token('alice'),
    'stranger-token': await broker.token('mallory'),
    bin: {},
  });
  // In place of the AWS CLI: shows what it would use.
  writeFileSync(
    join(folder, 'bin/aws'),
    '#!/bin/sh\necho "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN"\n',
    {
      mode: 0o755,
    },
  );
  if (shellcheck) await t.resolves(run(shellcheck, ['--shell=sh', join(folder, 'run.sh')]));
  if (!curl) return;
  const work = (token: string) =>
    run('sh', [join(folder, 'run.sh')], {
      env: {
        PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
        ROLE: 'deploy',
        SALLYPORT_URL: broker.url,
        TOKEN_FILE: join(folder, token),
      },
    });
  t.match((await work('token')).stdout, /^ASIA[A-Z0-9]{16} \S{40} \S{100,}\n$/);
  await t.rejects(work('stranger-token'), { code: 1, stderr: /"code":"role_not_permitted"/ });
});

t.test('the YAML is tidy', async (t) => {
  const yamllint = requirePeer(t, 'yamllint');
  if (!yamllint) return;
  const rules =
    '{extends: default, rules: {document-start: disable, line-length: {max: 120}, braces: {max-spaces-inside: 1}, comments: {min-spaces-from-content: 1}, truthy: {check-keys: false}}}';
  // The sandbox's own configs are templates, not YAML yet.
  const files = [...list('deploy', '.yaml'), ...list('examples', '.yaml')].filter(
    (file) => !file.startsWith('packages/sandbox/examples/'),
  );
  await t.resolves(run(yamllint, ['--strict', '-d', rules, ...files], { cwd: ROOT }));
});

/**
 * Builds the content of the image in `folder`, following the Dockerfile: its final COPY instructions, with the built
 * repository as the stage `build`. Returns the locations of the third-party packages in it.
 */
async function buildImage(folder: string): Promise<readonly string[]> {
  const flags = INSTALL.split(' ').filter((flag) =>
    /^--(?:omit|workspace|include-workspace-root)/.test(flag),
  );
  const installed = await copyThirdPartyPackages(folder, flags);
  mkdirSync(join(folder, 'node_modules/@sallyport'));
  for (const flag of flags) {
    const [, name] = /^--workspace=@sallyport\/(.+)$/.exec(flag) ?? [];
    if (name !== undefined)
      symlinkSync(`../../packages/${name}`, join(folder, 'node_modules/@sallyport', name));
  }
  for (const { keyword, value } of dockerfileStages().at(-1) ?? []) {
    if (keyword !== 'COPY' || value.startsWith('--from=dependencies ')) continue;
    const [target = '', ...sources] = value
      .replace(/^--from=build \/src\//, '')
      .split(' ')
      .reverse();
    for (const source of sources) {
      const destination = target.endsWith('/') ? join(target, basename(source)) : target;
      cpSync(join(ROOT, source), join(folder, destination), { recursive: true });
    }
  }
  return installed;
}

/** An import of a package, of more than types. */
const PACKAGE_IMPORT = /^(?:import|export) (?!type )[^;]*?from '(?!node:)([^.'][^']*)'/gm;
/** `@fastify/helmet/x` -> `@fastify/helmet`. */
const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

interface Instruction {
  readonly keyword: string;
  readonly value: string;
}

/** The instructions of the Dockerfile, stage by stage. */
function dockerfileStages(): readonly (readonly Instruction[])[] {
  const lines = read('Dockerfile').replaceAll('\\\n', ' ').split('\n');
  const instructions = lines.flatMap((line): Instruction[] => {
    const [, keyword, value] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return keyword && value ? [{ keyword, value }] : [];
  });
  const stages: Instruction[][] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === 'FROM') stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

/** Runs the HEALTHCHECK of the Dockerfile. Returns its exit code. */
async function runHealthcheck(url: string, ca: string): Promise<number> {
  const [command = ''] = dockerfileStages()
    .flat()
    .flatMap(({ keyword, value }) => (keyword === 'HEALTHCHECK' ? [value] : []));
  const [, ...args] = JSON.parse(command.slice(command.indexOf('['))) as string[];
  const env = { SALLYPORT_HEALTH_URL: url, NODE_EXTRA_CA_CERTS: ca };
  const check = spawn('env', alone(process.execPath, args, env), { stdio: 'ignore' });
  const [code] = (await once(check, 'exit')) as [number];
  return code;
}

/** Node's permission model as a read-only file system; how it is switched on depends on Node's version. */
const knows = (flag: string) => process.allowedNodeEnvironmentFlags.has(flag);
const READ_ONLY = [
  knows('--permission') ? '--permission' : '--experimental-permission',
  '--allow-fs-read=*',
  '--allow-worker',
  ...(knows('--allow-net') ? ['--allow-net'] : []),
];

/** The URL that the log says the broker listens at. */
async function listening(log: NodeJS.ReadableStream): Promise<string> {
  const seen: string[] = [];
  for await (const line of createInterface({ input: log })) {
    seen.push(line);
    const entry: { msg?: string; url?: string } = line.startsWith('{') ? JSON.parse(line) : {};
    if (entry.msg === 'listening' && entry.url !== undefined) return entry.url;
  }
  throw new Error(`The broker did not start:\n${seen.join('\n')}`);
}

interface Pod {
  readonly containers: readonly { readonly image: string }[];
  readonly volumes?: readonly unknown[];
}

/** What the tests look at of a Kubernetes object. */
interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: { readonly spec: Pod };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: Pod } } };
  };
}

function kubernetesObjects(): readonly KubernetesObject[] {
  return parseAllDocuments(read('deploy/kubernetes.yaml')).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as KubernetesObject;
  });
}
