// Options and option parsers that several commands share.
import { InvalidArgumentError, Option } from 'commander';
import { DURATION_PATTERN, seconds } from '../../core/duration.js';
import { LOG_LEVELS } from '../../core/ports.js';

export const CONFIG_FLAGS = '-c, --config <file>';
export const CONFIG_DESCRIPTION = 'config file (YAML)';

export const brokerOption = (): Option =>
  new Option('--broker <url>', 'URL of the broker (default: $SALLYPORT_URL, or the running `sallyport dev`)');

/** A TCP port option. The default, 0, selects a free port. */
export const portOption = (flag: string, server: string): Option =>
  new Option(`${flag} <port>`, `port of ${server}; 0 selects a free port`).default(0).argParser(parsePort);

export const logLevelOption = (): Option =>
  new Option('--log-level <level>', 'minimum level of log messages on stderr')
    .choices(LOG_LEVELS)
    .default('info');

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('Specify a port from 0 to 65535.');
  return Number(text);
}

/** Returns seconds. */
export function parseDuration(text: string): number {
  if (!new RegExp(DURATION_PATTERN).test(text))
    throw new InvalidArgumentError('Specify a duration such as 900s, 15m, or 1h.');
  return seconds(text);
}

/** Splits `name=value` at the first `=`. */
export function parseNameValue(text: string): readonly [name: string, value: string] {
  const index = text.indexOf('=');
  if (index < 1) throw new InvalidArgumentError('Specify name=value.');
  return [text.slice(0, index), text.slice(index + 1)];
}
