// The option for a TCP port.
import { InvalidArgumentError, Option } from 'commander';

/** A TCP port option; 0, the default, takes a free one. */
export function portOption(flag: string, what: string): Option {
  return new Option(`${flag} <port>`, `port of ${what}; 0 takes a free one`).default(0).argParser((text) => {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
      throw new InvalidArgumentError('Write a port, 0 to 65535.');
    return Number(text);
  });
}
