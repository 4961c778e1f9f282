// What commands that keep running share: ports from the command line, and stopping cleanly.
import { InvalidArgumentError, Option } from 'commander';

/** A TCP port option; 0, the default, takes a free one. */
export function portOption(flag: string, what: string): Option {
  return new Option(`${flag} <port>`, `port of ${what}; 0 takes a free one`).default(0).argParser((text) => {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
      throw new InvalidArgumentError('Write a port, 0 to 65535.');
    return Number(text);
  });
}

/** Waits for Ctrl-C or SIGTERM, then closes. A second Ctrl-C does not wait. */
export async function untilStopped(close: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await close();
}
