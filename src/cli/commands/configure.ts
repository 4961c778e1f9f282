// `sallyport configure`: a profile in ~/.aws/config by which every SDK gets its credentials from the broker. What would
// change is shown first, and nothing else in the file changes.
import { realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { brokerUrl } from '../broker-url.js';
import { commandLine } from '../configure/command-line.js';
import { credentialKeys, setProfile } from '../configure/profile.js';
import { configFile, credentialsFile } from '../configure/profile-files.js';
import { readText, replaceText } from '../configure/replace-file.js';
import { unifiedDiff } from '../configure/unified-diff.js';
import { err, out } from '../output/print.js';
import { addProcessOptions, type ProcessOptions, processArgs } from '../process-options.js';

interface Options extends ProcessOptions {
  readonly profile: string;
  readonly region?: string;
  readonly replace?: true;
  readonly dryRun?: true;
  readonly yes?: true;
}

export function registerConfigure(program: Command): void {
  const command = program
    .command('configure')
    .description(
      'write a profile into ~/.aws/config (AWS_CONFIG_FILE), so that AWS SDKs and tools run credential-process',
    )
    .requiredOption('--profile <name>', 'the profile', plainName)
    .option('--region <region>', 'its AWS region', plainName)
    .option('--replace', 'take other credentials out of the profile')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--yes', 'do not ask');
  addProcessOptions(command).action(configure);
}

async function configure(options: Options, command: Command): Promise<void> {
  const { profile, region, dryRun = false, yes = false } = options;
  const path = configFile();
  const before = await readText(path);
  const line = commandLine([...ownCommand(), ...processArgs(options, await brokerUrl(options.broker))]);
  const settings = new Map([
    ['credential_process', line],
    ...(region === undefined ? [] : [['region', region] as const]),
  ]);
  const { text, removed } = setProfile(before, profile, settings);
  if (removed.length > 0 && !options.replace)
    throw new Error(
      `The profile ${profile} has other credentials (${removed.join(', ')}). Choose another name, or take them out with --replace.`,
    );
  await warnOfWinners(profile);
  const diff = unifiedDiff(path, before, text, withoutSecret);
  if (diff === '') return err(`The profile ${profile} is in ${path} already, just so.`);
  out(diff);
  if (removed.length > 0) err(`Some SDKs would take these first, so they go: ${removed.join(', ')}.`);
  if (dryRun) return;
  if (!yes && !process.stdin.isTTY) command.error('error: there is nobody to ask; write --yes, or --dry-run');
  if (!yes && !(await isConfirmed('Write this? [y/N] '))) return err('Nothing was written.');
  await replaceText(path, before, text);
  err(`Written. Try it: aws sts get-caller-identity --profile ${profile}`);
}

/** In the credentials file other settings of a profile win, so that the new ones would do nothing. */
async function warnOfWinners(profile: string): Promise<void> {
  const path = credentialsFile();
  const keys = credentialKeys(await readText(path), profile, 'credentials');
  if (keys.length > 0)
    err(
      `Warning: ${path} has ${keys.join(', ')} for this profile, which SDKs take first. Remove them there.`,
    );
}

/** The name by which a shell finds this very program; else its files. */
function ownCommand(): readonly string[] {
  const main = realpathSync(process.argv[1] ?? '');
  const places = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'sallyport'));
  const first = places.map((place) => realpathOf(place)).find((place) => place !== undefined);
  return first === main ? ['sallyport'] : [process.execPath, main];
}

function realpathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

async function isConfirmed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

/** A diff is seen by others, and stays in the terminal. */
const withoutSecret = (line: string) =>
  line.replace(/^(\s*aws_(?:secret_access_key|session_token)\s*[=:]\s*).*/i, '$1[redacted]');

function plainName(name: string): string {
  if (!/^[\w.@:/+-]+$/.test(name))
    throw new InvalidArgumentError('Write letters, digits and _ . @ : / + - only.');
  return name;
}
