// The lifecycle of a command that serves until it is stopped.

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts a server, reports that it is ready, waits for SIGINT (Ctrl-C), SIGTERM, or SIGHUP, and closes it. A signal
 * during startup closes the server as soon as it has started.
 */
export async function runUntilStopped<T extends { close(): Promise<void> }>(
  start: () => Promise<T>,
  onReady: (running: T) => Promise<void> | void,
  process: SignalSource = globalThis.process,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of STOP_SIGNALS) process.once(signal, () => resolve());
  });
  const running = await start();
  try {
    await onReady(running);
    await stopped;
  } finally {
    await running.close();
  }
}

/** The part of `process` that is used. */
export interface SignalSource {
  once(signal: (typeof STOP_SIGNALS)[number], listener: () => void): unknown;
}
