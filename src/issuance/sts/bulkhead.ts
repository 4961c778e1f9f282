// A bulkhead: bounds the calls that run concurrently, and those that wait. Any more are rejected immediately, since they would
// only wait until their deadline.
import { SallyportError } from '../../core/errors.js';

export interface BulkheadLimits {
  readonly concurrent: number;
  readonly queued: number;
}

/** First in, first out. A call that is aborted while it waits leaves the queue. */
export class Bulkhead {
  readonly #maxQueued: number;
  #available: number;
  readonly #queue = new Set<() => void>();

  constructor({ concurrent, queued }: BulkheadLimits) {
    this.#available = concurrent;
    this.#maxQueued = queued;
  }

  /** @throws SallyportError `overloaded`, or the signal's reason if it aborts in the queue. */
  async run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    await this.#acquire(signal);
    try {
      return await call();
    } finally {
      this.#release();
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    if (this.#available > 0) {
      this.#available--;
      return;
    }
    if (this.#queue.size >= this.#maxQueued)
      throw new SallyportError('overloaded', { reason: 'sts.queue_full' });
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#queue.delete(enter);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#queue.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands the slot to the next call in the queue, if any. */
  #release(): void {
    const [next] = this.#queue;
    if (!next) {
      this.#available++;
      return;
    }
    this.#queue.delete(next);
    next();
  }
}
