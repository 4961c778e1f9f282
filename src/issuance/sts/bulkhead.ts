// How many calls may be under way at once, and how many may wait: beyond that a call is refused at once, since it
// would only wait for its deadline.
import { SallyportError } from '../../core/errors.js';
import type { SendToSts } from './client.js';

export interface BulkheadLimits {
  readonly running: number;
  readonly waiting: number;
}

/** First come, first served. Whoever is aborted while it waits leaves the queue. */
export function withBulkhead(ask: SendToSts, { running, waiting }: BulkheadLimits): SendToSts {
  let free = running;
  const queue = new Set<() => void>();

  async function take(signal: AbortSignal): Promise<void> {
    if (free > 0) {
      free--;
      return;
    }
    if (queue.size >= waiting) throw new SallyportError('overloaded', { reason: 'sts.queue_full' });
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        queue.delete(enter);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      queue.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** The slot goes straight to the next in the queue. */
  function release(): void {
    const [next] = queue;
    if (!next) {
      free++;
      return;
    }
    queue.delete(next);
    next();
  }

  return async (call, signal) => {
    await take(signal);
    try {
      return await ask(call, signal);
    } finally {
      release();
    }
  };
}
