// Programs other than Node, npm, git, tar, sh and coreutils that tests run: as clients, as servers, or as independent
// checkers. This table is the only place that knows where they are. A test whose peer is missing is skipped with a
// line that says how to get it; with CI=true it fails, unless the peer is optional.
import { spawnSync } from 'node:child_process';
import { accessSync, appendFileSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Test } from 'tap';

interface Peer {
  /** The first one found is used: a name on the PATH, or a path where only the Debian package will do. */
  readonly commands: readonly string[];
  /** Arguments with which the command succeeds if it has what the tests need. */
  readonly probe?: readonly string[];
  /** The probe prints the path to use in place of the command. */
  readonly printsPath?: boolean;
  /** One of these must exist too. */
  readonly oneOf?: readonly string[];
  readonly install: string;
  /** Debian has no package of it, so CI does without. */
  readonly optional?: boolean;
}

/** Where Terraform's AWS provider may be without a network. */
export const TERRAFORM_PLUGINS = [
  '/usr/share/terraform/plugins',
  '/usr/local/share/terraform/plugins',
  '/opt/tf-plugins',
];

const PEERS = {
  'AWS CLI': { commands: ['/usr/bin/aws'], install: 'apt-get install awscli' },
  boto3: {
    commands: ['/usr/bin/python3'],
    probe: ['-c', 'import boto3'],
    install: 'apt-get install python3-boto3',
  },
  'newer boto3': {
    commands: ['python3'],
    probe: [
      '-c',
      'import boto3, sys; assert [*map(int, boto3.__version__.split("."))] >= [1, 40]; print(sys.executable)',
    ],
    printsPath: true,
    install: 'pip install "boto3>=1.40"',
    optional: true,
  },
  Chromium: { commands: ['/usr/bin/chromium', 'chromium'], install: 'apt-get install chromium' },
  curl: { commands: ['curl'], install: 'apt-get install curl' },
  'docker-compose': { commands: ['docker-compose'], install: 'apt-get install docker-compose' },
  'Go and its AWS SDK': {
    commands: ['/usr/bin/go'],
    oneOf: ['/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2'],
    install: 'apt-get install golang-go golang-github-aws-aws-sdk-go-v2-dev',
  },
  jq: { commands: ['jq'], install: 'apt-get install jq' },
  OpenSSL: { commands: ['openssl'], install: 'apt-get install openssl' },
  Redis: { commands: ['redis-server'], install: 'apt-get install redis-server' },
  script: { commands: ['script'], install: 'apt-get install bsdutils' },
  shellcheck: { commands: ['shellcheck'], install: 'apt-get install shellcheck' },
  slapd: {
    commands: ['/usr/sbin/slapd'],
    oneOf: ['/etc/ldap/schema/core.schema'],
    install: 'apt-get install slapd',
  },
  'systemd-analyze': { commands: ['systemd-analyze'], install: 'apt-get install systemd' },
  Terraform: {
    commands: ['terraform'],
    oneOf: TERRAFORM_PLUGINS.map((folder) => `${folder}/registry.terraform.io/hashicorp/aws`),
    install: `https://developer.hashicorp.com/terraform/install, with its AWS provider mirrored to ${TERRAFORM_PLUGINS[0]}`,
    optional: true,
  },
  yamllint: { commands: ['yamllint'], install: 'apt-get install yamllint' },
} satisfies Record<string, Peer>;

export type PeerName = keyof typeof PEERS;

const isExecutable = (path: string) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const findCommand = (command: string) =>
  command.startsWith('/')
    ? [command].find(isExecutable)
    : (process.env['PATH'] ?? '')
        .split(delimiter)
        .map((folder) => join(folder, command))
        .find(isExecutable);

function find({ commands, probe, printsPath, oneOf }: Peer): string | undefined {
  // `.ci/without-peers` proves that the tests need none.
  if (process.env['SALLYPORT_TEST_HIDE_PEERS'] === 'all') return undefined;
  if (oneOf !== undefined && !oneOf.some((path) => existsSync(path))) return undefined;
  for (const command of commands) {
    const path = findCommand(command);
    if (path === undefined) continue;
    if (probe === undefined) return path;
    const { status, stdout } = spawnSync(path, probe, { encoding: 'utf8' });
    if (status === 0) return printsPath ? stdout.trim() : path;
  }
  return undefined;
}

const found = new Map<PeerName, string | undefined>();

/** The path of the peer's command. Undefined where it is missing: return from the test then; it is skipped or failed. */
export function requirePeer(t: Test, name: PeerName): string | undefined {
  const peer: Peer = PEERS[name];
  if (!found.has(name)) found.set(name, find(peer));
  const path = found.get(name);
  if (path !== undefined) return path;
  const reason = `not installed. Get it: ${peer.install}`;
  if (process.env['CI'] === 'true' && !peer.optional) {
    t.fail(`${name}: ${reason}`);
    return undefined;
  }
  const log = process.env['SALLYPORT_TEST_SKIP_LOG'];
  if (log !== undefined) appendFileSync(log, `${name}\n`);
  t.pass(name, { skip: reason });
  return undefined;
}
