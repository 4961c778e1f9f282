// Timeouts for asynchronous work, including work that ignores its abort signal.

/** Settles as `work` does, or rejects with the signal's reason if it aborts first. */
export async function raceWithAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
  });
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Aborts `work` after so many milliseconds, with the error of `timedOut` as reason. For work that reacts to the signal. */
export async function withAbortTimeout<T>(
  milliseconds: number,
  timedOut: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(timedOut()), milliseconds);
  try {
    return await work(abort.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The same for work that may ignore the signal. */
export const withTimeout: typeof withAbortTimeout = (milliseconds, timedOut, work) =>
  withAbortTimeout(milliseconds, timedOut, (signal) => raceWithAbort(signal, work(signal)));
