// Options that select the broker and the credentials to request.
import { parseBrokerUrl } from '@sallyport/client/internal/secure-url';
import type { Command } from 'commander';
import { omitUndefined } from '../../core/omit-undefined.js';
import type { SessionParameters } from '../../core/types.js';
import { readDevState } from '../dev-state.js';
import type { Terminal } from '../terminal.js';
import { brokerOption, parseDuration } from './shared-options.js';

export interface SessionOptions {
  readonly role?: string;
  readonly broker?: string;
  /** Seconds. */
  readonly duration?: number;
  readonly reason?: string;
}

export const addSessionOptions = (command: Command): Command =>
  command
    .option('--role <role>', 'role to request; optional if you are permitted exactly one role')
    .addOption(brokerOption())
    .option(
      '--duration <duration>',
      'lifetime of the credentials, such as 1h (default: set by the role)',
      parseDuration,
    )
    .option('--reason <text>', 'reason for the request, if the role requires one');

export const sessionParametersOf = ({ role, duration, reason }: SessionOptions): SessionParameters =>
  omitUndefined({ role, durationSeconds: duration, reason });

/** Returns the URL in `--broker`, in SALLYPORT_URL, or of the running `dev`. Throws an Error if there is none. */
export async function resolveBrokerUrl(option: string | undefined, { env }: Terminal): Promise<string> {
  const url = option ?? env['SALLYPORT_URL'] ?? (await readDevState())?.broker;
  if (url === undefined)
    throw new Error('No broker is configured. Set --broker or SALLYPORT_URL, or start `npm run dev`.');
  return parseBrokerUrl(url);
}
