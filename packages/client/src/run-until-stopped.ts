// The life of a command that serves until it is stopped.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts a server, reports that it is ready, waits for SIGINT (Ctrl-C), SIGTERM or SIGHUP, and closes it. A signal that
 * arrives during the start closes the server as soon as it has started.
 */
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
