// `sallyport configure`: writes a profile into ~/.aws/config with which AWS SDKs and tools run `credential-process`. It
// shows the change as a diff before it writes, and changes nothing else in the file.
import { realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { awsConfigFile, awsCredentialsFile, credentialKeys, setProfile } from '../configure/aws-profile.js';
import { readText, replaceText } from '../configure/replace-file.js';
import { unifiedDiff } from '../configure/unified-diff.js';
import {
  addCredentialProcessOptions,
  type CredentialProcessOptions,
  credentialProcessArgs,
  quoteCommand,
} from '../options/credential-process-options.js';
import { resolveBrokerUrl } from '../options/session-options.js';
import type { Terminal } from '../terminal.js';

interface Options extends CredentialProcessOptions {
  readonly profile: string;
  readonly region?: string;
  readonly replace?: true;
  readonly dryRun?: true;
  readonly yes?: true;
}

export function registerConfigure(program: Command, terminal: Terminal): void {
  const command = program
    .command('configure')
    .description(
      'write a profile into ~/.aws/config (or $AWS_CONFIG_FILE) with which AWS SDKs and tools run credential-process',
    )
    .requiredOption('--profile <name>', 'name of the profile', parseName)
    .option('--region <region>', 'AWS region of the profile', parseName)
    .option('--replace', 'remove other credential settings from the profile')
    .option('--dry-run', 'show the change without writing it')
    .option('--yes', 'write without asking for confirmation')
    .addHelpText(
      'after',
      '\nExample: sallyport configure --profile work --role deploy --token-command get-token --dry-run',
    );
  addCredentialProcessOptions(command, terminal).action((options: Options) =>
    configure(options, command, terminal),
  );
}

async function configure(options: Options, command: Command, terminal: Terminal): Promise<void> {
  const { profile, region, dryRun = false, yes = false } = options;
  const path = awsConfigFile(terminal);
  const before = await readText(path);
  const broker = await resolveBrokerUrl(options.broker, terminal);
  const settings = new Map([
    [
      'credential_process',
      quoteCommand([...ownCommand(terminal), ...credentialProcessArgs(options, broker, terminal)]),
    ],
    ...(region === undefined ? [] : [['region', region] as const]),
  ]);
  const { text, removed } = setProfile(before, profile, settings);
  if (removed.length > 0 && !options.replace)
    throw new Error(
      `The profile ${profile} contains other credential settings (${removed.join(', ')}). Choose another name, or remove them with --replace.`,
    );
  await warnAboutCredentialsFile(profile, terminal);
  const diff = unifiedDiff(path, before, text, redactSecrets);
  if (diff === '') return terminal.printError(`The profile ${profile} in ${path} is already up to date.`);
  terminal.print(diff);
  if (removed.length > 0)
    terminal.printError(`Removed because some SDKs give them precedence: ${removed.join(', ')}.`);
  if (dryRun) return;
  if (!yes && !terminal.stdin.isTTY)
    command.error('error: stdin is not a terminal; use --yes to write without confirmation, or --dry-run');
  if (!yes && !(await confirm('Write this? [y/N] ', terminal)))
    return terminal.printError('Nothing was written.');
  await replaceText(path, before, text);
  terminal.printError(
    `The profile was written. Test it with: aws sts get-caller-identity --profile ${profile}`,
  );
}

/** Settings in the credentials file take precedence, so that the profile would have no effect. */
async function warnAboutCredentialsFile(profile: string, terminal: Terminal): Promise<void> {
  const path = awsCredentialsFile(terminal);
  const keys = credentialKeys(await readText(path), profile, 'credentials');
  if (keys.length > 0)
    terminal.printError(
      `Warning: ${path} contains ${keys.join(', ')} for this profile, which takes precedence in SDKs. Remove it there.`,
    );
}

/** `sallyport` if a shell finds this program under that name; otherwise the paths of Node.js and the script. */
function ownCommand({ script, env }: Terminal): readonly string[] {
  const main = realpathSync(script);
  const candidates = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'sallyport'));
  const first = candidates.map(resolveLink).find((path) => path !== undefined);
  return first === main ? ['sallyport'] : [process.execPath, main];
}

function resolveLink(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

async function confirm(question: string, { stdin, stderr }: Terminal): Promise<boolean> {
  const readline = createInterface({ input: stdin, output: stderr });
  try {
    return /^y(?:es)?$/i.test((await readline.question(question)).trim());
  } finally {
    readline.close();
  }
}

/** Diffs stay in the scrollback of a terminal. */
const redactSecrets = (line: string) =>
  line.replace(/^(\s*aws_(?:secret_access_key|session_token)\s*[=:]\s*).*/i, '$1[redacted]');

function parseName(name: string): string {
  if (!/^[\w.@:/+-]+$/.test(name))
    throw new InvalidArgumentError('Use only letters, digits, and the characters _ . @ : / + -');
  return name;
}
