// Time bounds for asynchronous work: whoever waits gets an answer in time, whether or not the work heeds the signal.

/** The work's own outcome, or the signal's reason if that comes first. */
export async function raceWithAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let giveUp = () => {};
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason);
  });
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Gives `work` so many milliseconds, then aborts it with what `timedOut` makes. For work that heeds the signal. */
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

/** The same for work that may not heed it. */
export const withTimeout: typeof withAbortTimeout = (milliseconds, timedOut, work) =>
  withAbortTimeout(milliseconds, timedOut, (signal) => raceWithAbort(signal, work(signal)));
