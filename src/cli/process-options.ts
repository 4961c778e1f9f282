// The options of a credential process: `credential-process` acts on them, `configure` writes them down.
import type { Command } from 'commander';
import { formatSeconds } from '../core/duration.js';
import { addProofOptions, type ProofOptions, proofSource, refuseStdin } from './proof/proof-options.js';
import { addSessionOptions, type SessionOptions } from './session-options.js';

export interface ProcessOptions extends SessionOptions, ProofOptions {
  readonly cache: boolean;
}

/** Adds them. stdin belongs to the program that runs the process, so it is no place for a proof. */
export function addProcessOptions(command: Command): Command {
  addSessionOptions(command).option('--no-cache', 'keep nothing on disk, and take nothing from there');
  return addProofOptions(command).hook('preAction', (_, acting) => refuseStdin(acting));
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
