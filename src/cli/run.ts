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

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Starts, says so, waits for Ctrl-C (or SIGTERM, or the terminal's end), and closes; also if that comes while it starts. */
export async function runUntilStopped<T extends { close(): Promise<void> }>(
  start: () => Promise<T>,
  whenReady: (running: T) => Promise<void> | void,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve());
  });
  const running = await start();
  try {
    await whenReady(running);
    await stopped;
  } finally {
    await running.close();
  }
}
