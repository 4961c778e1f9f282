// The options of a credential process: `credential-process` acts on them, `configure` writes them down.
import type { Command } from 'commander';
import { formatSeconds } from '../core/duration.js';
import { addProofOptions, type ProofOptions, proofSource } from './brought-proof.js';
import { parseLifetime } from './proof-command.js';

export interface ProcessOptions extends ProofOptions {
  readonly role?: string;
  readonly broker?: string;
  /** Seconds. */
  readonly duration?: number;
  readonly reason?: string;
  readonly cache: boolean;
}

/** Adds them. stdin is no place for a proof here: it belongs to the program that runs the process. */
export function addProcessOptions(command: Command): Command {
  command
    .option('--role <role>', 'the role; may be left out if you may have exactly one')
    .option('--broker <url>', "the broker's URL (default: SALLYPORT_URL, or the running `sallyport dev`)")
    .option('--duration <duration>', 'how long the credentials last, e.g. 1h', parseLifetime)
    .option('--reason <text>', 'why, where the role requires it')
    .option('--no-cache', 'keep nothing on disk, and take nothing from there');
  return addProofOptions(command).hook('preAction', (_, acting) => {
    const { tokenFile, assertionFile }: ProcessOptions = acting.opts();
    if ([tokenFile, assertionFile].includes('-'))
      acting.error('error: a credential process cannot take the proof from stdin; name a file');
  });
}

/** As they are written on its command line, with the broker that they mean now. */
export function processArgs(options: ProcessOptions, broker: string): readonly string[] {
  const { role, duration, reason, cache } = options;
  return [
    'credential-process',
    ...['--broker', broker],
    ...(role === undefined ? [] : ['--role', role]),
    ...(duration === undefined ? [] : ['--duration', formatSeconds(duration)]),
    ...(reason === undefined ? [] : ['--reason', reason]),
    ...(cache ? [] : ['--no-cache']),
    ...proofSource(options).args,
  ];
}
