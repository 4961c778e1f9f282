// Options that say where the proof for the broker comes from. Exactly one source is used.
import { readProof } from '@sallyport/client/internal/proof-source';
import type { Command, Option } from 'commander';
import type { Proof } from '../../core/types.js';
import type { Terminal } from '../terminal.js';
import { PROOF_SOURCES, type ProofOptions, type ProofSourceDefinition } from './proof-sources.js';

export type { ProofOptions } from './proof-sources.js';

/** Adds the options, and a check that they name exactly one source. */
export function addProofOptions(command: Command, terminal: Terminal): Command {
  for (const { option, requiredOptions, optionalOptions } of PROOF_SOURCES) {
    for (const each of [option, ...requiredOptions, ...optionalOptions]) command.addOption(each);
  }
  return command.hook('preAction', (_, actionCommand) => checkUsage(actionCommand, terminal));
}

/** For commands that read the proof more than once. */
export function rejectStdin(command: Command): void {
  const { tokenFile, assertionFile }: ProofOptions = command.opts();
  if ([tokenFile, assertionFile].includes('-'))
    command.error('error: stdin can be read only once; specify a file or a command instead of -');
}

/** For commands that read the proof repeatedly without a user. */
export function requireUnattended(command: Command, terminal: Terminal): void {
  rejectStdin(command);
  if (selectProofSource(command.opts(), terminal).interactive)
    command.error(
      'error: a refresh cannot wait for a user to sign in; specify a file or a command instead of --issuer',
    );
}

interface ProofSource {
  /** The options of the source with their values, as arguments of a command line. */
  readonly args: readonly string[];
  /** A user signs in each time the proof is read. */
  readonly interactive: boolean;
  read(): Promise<Proof>;
}

/** Returns the source that the options name. It can be read repeatedly. */
export function selectProofSource(options: ProofOptions, terminal: Terminal): ProofSource {
  const { type, option, requiredOptions, optionalOptions, interactive, read } = namedSource(
    options,
    terminal,
  );
  return {
    args: [
      option,
      ...requiredOptions,
      ...optionalOptions.filter((each) => optionValue(each, options) !== each.defaultValue),
    ].flatMap((each) => toArgs(each, options)),
    interactive,
    read: () => readProof(type, read),
  };
}

/** Reads the proof from the source that the options name. */
export const readProofOption = (options: ProofOptions, terminal: Terminal): Promise<Proof> =>
  selectProofSource(options, terminal).read();

function namedSource(
  options: ProofOptions,
  terminal: Terminal,
): ProofSourceDefinition & { readonly read: () => Promise<string> } {
  for (const source of PROOF_SOURCES) {
    const read = source.reader(options, terminal);
    if (read) return { ...source, read };
  }
  throw new Error('No proof source is specified.');
}

function toArgs(option: Option, options: ProofOptions): readonly string[] {
  const value = optionValue(option, options);
  const flag = option.long ?? option.flags;
  return value === true ? [flag] : [flag, String(value)];
}

const optionValue = (option: Option, options: ProofOptions): unknown =>
  new Map<string, unknown>(Object.entries(options)).get(option.attributeName());

function checkUsage(command: Command, { env }: Terminal): void {
  const isSet = (option: Option) => command.getOptionValueSource(option.attributeName()) === 'cli';
  const [first, second] = PROOF_SOURCES.filter(({ option }) => isSet(option));
  if (first && second) command.error(`error: ${first.option.long} cannot be used with ${second.option.long}`);
  const missing = first?.requiredOptions.find((option) => !isSet(option));
  if (missing) command.error(`error: ${first?.option.long} requires ${missing.long}`);
  for (const { option, requiredOptions, optionalOptions } of PROOF_SOURCES) {
    const unused = [...requiredOptions, ...optionalOptions].find((each) => isSet(each) && !isSet(option));
    if (unused) command.error(`error: ${unused.long} can only be used with ${option.long}`);
  }
  const { tokenEnv }: ProofOptions = command.opts();
  if (!first && env[tokenEnv] === undefined) {
    const flags = PROOF_SOURCES.map(({ option }) => option.long).join(', ');
    command.error(`error: specify one of ${flags}, or set ${tokenEnv}`);
  }
}
