// Runs each snippet of docs/clients.md unchanged, except for the addresses,
// and must end as the page says.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import t, { type Test } from 'tap';
import { startTestBroker } from '../support/broker.js';
import { ROOT } from '../support/paths.js';
import { requirePeer, TERRAFORM_PLUGINS } from '../support/peers.js';

const page = await readFile(`${ROOT}/docs/clients.md`, 'utf8');
const ALICE = /arn:aws:sts::111122223333:assumed-role\/deploy\/deploy-alice/;
const REFUSAL = /The role does not exist.*role_not_permitted/s;

const broker = await startTestBroker(t);
const sts = broker.sandbox.sts.url;
const folder = t.testdir({
  token: `${await broker.token()}\n`,
  refused: await broker.token('mallory'),
  bin: {
    sallyport: `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/dist/main.js' "$@"\n`,
    // Old versions take the STS address from an argument only.
    aws: `#!/bin/sh\nexec /usr/bin/aws "$@" --endpoint-url '${sts}'\n`,
  },
});
await Promise.all(['sallyport', 'aws'].map((name) => chmod(`${folder}/bin/${name}`, 0o755)));

/** Snippets by the name in the comment before them. */
const snippets = new Map(
  [...page.matchAll(/<!-- run: (.+?) -->\n```\w+\n(.*?)```/gs)].map(([, name = '', code = '']) => [
    name,
    code,
  ]),
);
const tested = new Set<string>();

/** Call it first in a test, so that a snippet counts as tested where the program it needs is missing. */
function declareSnippets(...names: readonly string[]): void {
  for (const name of names) tested.add(name);
}

/** A snippet with the sandbox's addresses, and a role name that every test knows. */
function snippet(name: string, tokenFile = 'token'): string {
  const code = snippets.get(name);
  if (code === undefined) throw new Error(`docs/clients.md has no snippet "${name}"`);
  if (!tested.has(name)) throw new Error(`the snippet "${name}" is used but not declared`);
  return code
    .replaceAll('https://sallyport.corp.example', broker.url)
    .replaceAll('/var/run/token', `${folder}/${tokenFile}`)
    .replaceAll(/(?<=--role |Role=|role: '|"Role": "|\/)reader\b/g, 'deploy');
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd = folder,
): Promise<Ended> {
  const received = {
    PATH: `${folder}/bin:${process.env['PATH']}`,
    HOME: folder,
    AWS_ENDPOINT_URL_STS: sts,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...env,
  };
  return new Promise((resolve) => {
    execFile(command, args, { env: received, cwd }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

const shell = (name: string, env?: NodeJS.ProcessEnv, tokenFile?: string) =>
  run('/bin/sh', ['-c', snippet(name, tokenFile)], env);

/** Debian's, whose boto3 is old, and a newer one. */
const findPythons = (t: Test) =>
  (['boto3', 'newer boto3'] as const)
    .map((name) => requirePeer(t, name))
    .filter((python) => python !== undefined);

t.test('exec', async (t) => {
  declareSnippets('exec', 'exec --serve');
  if (!requirePeer(t, 'AWS CLI')) return;
  const [plain, served, refused] = await Promise.all([
    shell('exec'),
    shell('exec --serve'),
    shell('exec', {}, 'refused'),
  ]);
  t.match(plain, { code: 0, stdout: ALICE }, plain.stderr);
  t.match(served, { code: 0, stdout: ALICE }, served.stderr);
  t.match(refused, { code: 1, stdout: '', stderr: REFUSAL });
});

t.test('javascript', async (t) => {
  declareSnippets('javascript');
  const modules = `${folder}/node_modules`;
  await mkdir(modules, { recursive: true });
  await symlink(`${ROOT}/node_modules/@sallyport`, `${modules}/@sallyport`);
  await symlink(`${ROOT}/node_modules/@aws-sdk`, `${modules}/@aws-sdk`);
  for (const [tokenFile, expected] of [
    ['token', { code: 0, stdout: ALICE }],
    ['refused', { code: 1, stderr: REFUSAL }],
  ] as const) {
    await writeFile(`${folder}/program.mjs`, snippet('javascript', tokenFile));
    const ended = await run(process.execPath, ['program.mjs']);
    t.match(ended, expected, ended.stderr);
  }
});

t.test('shell', async (t) => {
  declareSnippets('shell', 'shell without jq');
  if (!requirePeer(t, 'AWS CLI') || !requirePeer(t, 'curl')) return;
  const requested: (string | undefined)[] = [];
  const github = createServer(async (request, response) => {
    requested.push(request.url, request.headers.authorization);
    response.end(JSON.stringify({ value: await broker.token() }));
  }).listen(0, '127.0.0.1');
  await once(github, 'listening');
  t.teardown(() => github.close());
  const { port } = github.address() as AddressInfo;
  const runner = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-runner',
  };
  const [plain, refused] = await Promise.all([
    shell('shell without jq'),
    shell('shell without jq', {}, 'refused'),
  ]);
  t.match(plain, { code: 0, stdout: ALICE }, plain.stderr);
  t.match(refused, { code: 1, stdout: '', stderr: REFUSAL });
  if (!requirePeer(t, 'jq')) return;
  const job = await shell('shell', runner);
  t.match(job, { code: 0, stdout: ALICE }, job.stderr);
  t.same(requested, ['/token?api-version=2.0&audience=sallyport', 'Bearer of-the-runner']);
});

t.test('profile', async (t) => {
  declareSnippets('profile', 'profile, used');
  const pythons = findPythons(t);
  const aws = requirePeer(t, 'AWS CLI');
  await mkdir(`${folder}/.aws`);
  await writeFile(`${folder}/.aws/config`, snippet('profile'));
  const boto = (python: string) =>
    run(python, [
      '-c',
      `import boto3\nprint(boto3.Session(profile_name="reader").client("sts", endpoint_url="${sts}").get_caller_identity()["Arn"])`,
    ]);
  const all = [...pythons.map(boto), ...(aws ? [shell('profile, used')] : [])];
  for (const { code, stdout, stderr } of await Promise.all(all))
    t.match({ code, stdout }, { code: 0, stdout: ALICE }, stderr);
});

t.test('terraform', async (t) => {
  declareSnippets('terraform');
  const command = requirePeer(t, 'Terraform');
  if (!command) return;
  const plugins = TERRAFORM_PLUGINS.find((each) => existsSync(`${each}/registry.terraform.io/hashicorp/aws`));
  const configuration = `${snippet('terraform')}
data "aws_caller_identity" "me" {}
output "arn" { value = data.aws_caller_identity.me.arn }`;
  await mkdir(`${folder}/terraform`);
  await writeFile(`${folder}/terraform/main.tf`, configuration);
  const terraform = async (...args: string[]) => {
    const env = { CHECKPOINT_DISABLE: '1', TF_CLI_CONFIG_FILE: '/dev/null' };
    const ended = await run(command, args, env, `${folder}/terraform`);
    t.match(ended, { code: 0 }, ended.stderr);
    return ended.stdout;
  };
  await terraform('init', '-input=false', `-plugin-dir=${plugins}`);
  t.match(await terraform('apply', '-input=false', '-auto-approve', '-no-color'), ALICE);
});

t.test('python', async (t) => {
  declareSnippets('python');
  const pythons = findPythons(t);
  const use = `print(session.client("sts", region_name="eu-west-1", endpoint_url="${sts}").get_caller_identity()["Arn"])`;
  await Promise.all(
    pythons.flatMap((python) =>
      ['token', 'refused'].map(async (tokenFile) => {
        const { code, stdout, stderr } = await run(python, ['-c', `${snippet('python', tokenFile)}\n${use}`]);
        if (tokenFile === 'token')
          t.match({ code, stdout }, { code: 0, stdout: ALICE }, `${python}: ${stderr}`);
        else t.match({ code, stderr }, { code: 1, stderr: REFUSAL }, python);
      }),
    ),
  );
});

t.test('go', async (t) => {
  declareSnippets('go');
  const env = {
    GOPATH: '/usr/share/gocode',
    GO111MODULE: 'off',
    GOCACHE: `${folder}/go-cache`,
    GOFLAGS: '-p=2',
  };
  const go = requirePeer(t, 'Go and its AWS SDK');
  if (!go) return;
  const main = `package main
import ("context"; "encoding/json"; "fmt"; "os")
func main() {
	keys, err := Sallyport("${broker.url}", "deploy", os.Args[1]).Retrieve(context.Background())
	if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
	json.NewEncoder(os.Stdout).Encode(keys)
}`;
  await mkdir(`${folder}/go`);
  await writeFile(`${folder}/go/sallyport.go`, snippet('go'));
  await writeFile(`${folder}/go/main.go`, main);
  const built = await run(go, ['build', '-o', 'program', '.'], env, `${folder}/go`);
  t.match(built, { code: 0 }, built.stderr);
  const [ended, refused] = await Promise.all(
    ['token', 'refused'].map((tokenFile) => run(`${folder}/go/program`, [`${folder}/${tokenFile}`])),
  );
  const { AccessKeyID, SecretAccessKey, SessionToken, CanExpire } = JSON.parse(ended?.stdout ?? '');
  t.equal(CanExpire, true);
  const credentials = {
    accessKeyId: AccessKeyID,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  };
  const client = new STSClient({ region: 'eu-west-1', endpoint: sts, credentials });
  t.teardown(() => client.destroy());
  t.match(await client.send(new GetCallerIdentityCommand()), { Arn: ALICE });
  t.match(refused, { code: 1, stderr: REFUSAL });
});

t.test('call the broker as an SDK does', async (t) => {
  declareSnippets('call the broker as an SDK does');
  if (!requirePeer(t, 'curl')) return;
  const { stdout } = await shell('call the broker as an SDK does');
  t.match(JSON.parse(stdout), { AccessKeyId: /^ASIA/, Token: String });
  const refused = await shell('call the broker as an SDK does', {}, 'refused');
  t.match(refused.stdout, REFUSAL);
});

t.test('no snippet is left out', (t) => {
  t.same(
    [...snippets.keys()].filter((name) => !tested.has(name)),
    [],
  );
  const own = page.slice(page.indexOf('\n## exec\n'));
  const unmarked = [...own.matchAll(/(.*)\n```\w+\n/g)].filter(
    ([, before = '']) => !/^<!-- (?:run: .+|not run) -->$/.test(before),
  );
  t.same(unmarked, []);
  t.end();
});
