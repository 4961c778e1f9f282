// The proof that a command sends to a broker: one option of the command says where it comes from.

import { readProof } from '@sallyport/client/internal/proof-source';
import type { Command, Option } from 'commander';
import type { Proof } from '../../core/types.js';
import { type ProofOptions, SOURCES, type Source } from './proof-sources.js';

export type { ProofOptions } from './proof-sources.js';

/** Adds the options; one source must be named, and no more. */
export function addProofOptions(command: Command): Command {
  for (const { option, needs, settings } of SOURCES) {
    for (const each of [option, ...needs, ...settings]) command.addOption(each);
  }
  return command.hook('preAction', (_, acting) => checkUsage(acting));
}

/** For what brings the proof more than once. */
export function refuseStdin(command: Command): void {
  const { tokenFile, assertionFile }: ProofOptions = command.opts();
  if ([tokenFile, assertionFile].includes('-'))
    command.error('error: stdin can be read once only: name a file or a command, not stdin');
}

/** For what brings it again and again, also when nobody is there. */
export function requireUnattended(command: Command): void {
  refuseStdin(command);
  if (proofSource(command.opts()).asksPerson)
    command.error('error: nobody may be there to sign in for each renewal: name a file or a command instead');
}

/** Where the options say that the proof comes from. It can be brought as often as it is needed. */
interface ProofSource {
  /** Its options, each with its value, as they could be written on a command line. */
  readonly args: readonly string[];
  /** Bringing it means that a person signs in. */
  readonly asksPerson: boolean;
  /** Rejects if it cannot be had. */
  bring(): Promise<Proof>;
}

export function proofSource(options: ProofOptions): ProofSource {
  const { type, option, needs, settings, asksPerson, read } = namedSource(options);
  return {
    args: [
      option,
      ...needs,
      ...settings.filter((each) => writtenFor(each, options) !== each.defaultValue),
    ].flatMap((each) => argsOf(each, options)),
    asksPerson,
    bring: () => readProof(type, read),
  };
}

/** The proof that the options name. Rejects if it cannot be had. */
export const obtainProof = (options: ProofOptions): Promise<Proof> => proofSource(options).bring();

function namedSource(options: ProofOptions): Source & { read(): Promise<string> } {
  for (const source of SOURCES) {
    const read = source.reader(options);
    if (read) return { ...source, read };
  }
  throw new Error('No proof is named.');
}

function argsOf(option: Option, options: ProofOptions): readonly string[] {
  const value = writtenFor(option, options);
  const flag = option.long ?? option.flags;
  return value === true ? [flag] : [flag, String(value)];
}

const writtenFor = (option: Option, options: ProofOptions): unknown =>
  new Map<string, unknown>(Object.entries(options)).get(option.attributeName());

function checkUsage(command: Command): void {
  const isGiven = (option: Option) => command.getOptionValueSource(option.attributeName()) === 'cli';
  const [first, second] = SOURCES.filter(({ option }) => isGiven(option));
  if (first && second) command.error(`error: ${first.option.long} cannot be used with ${second.option.long}`);
  const missing = first?.needs.find((option) => !isGiven(option));
  if (missing) command.error(`error: ${first?.option.long} needs ${missing.long} with it`);
  for (const { option, needs, settings } of SOURCES) {
    const lone = [...needs, ...settings].find((each) => isGiven(each) && !isGiven(option));
    if (lone) command.error(`error: ${lone.long} goes with ${option.long}`);
  }
  const { tokenEnv }: ProofOptions = command.opts();
  if (!first && process.env[tokenEnv] === undefined) {
    const flags = SOURCES.map(({ option }) => option.long).join(', ');
    command.error(`error: write one of ${flags}, or set ${tokenEnv}`);
  }
}
