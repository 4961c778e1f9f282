// Which credentials a command asks which broker for.
import type { Command } from 'commander';
import type { SessionParameters } from '../core/types.js';
import { parseLifetime } from './proof/proof-command.js';

export interface SessionOptions {
  readonly role?: string;
  readonly broker?: string;
  /** Seconds. */
  readonly duration?: number;
  readonly reason?: string;
}

export const addSessionOptions = (command: Command): Command =>
  command
    .option('--role <role>', 'the role; may be left out if you may have exactly one')
    .option('--broker <url>', "the broker's URL (default: SALLYPORT_URL, or the running `sallyport dev`)")
    .option('--duration <duration>', 'how long the credentials last, e.g. 1h', parseLifetime)
    .option('--reason <text>', 'why, where the role requires it');

export const sessionParametersOf = ({ role, duration, reason }: SessionOptions): SessionParameters => ({
  ...(role !== undefined && { role }),
  ...(duration !== undefined && { durationSeconds: duration }),
  ...(reason !== undefined && { reason }),
});
