// Hands verified Responses to saml2-js in a worker thread, one at a time, each within a time limit. A worker that
// crashes, stalls or outgrows its heap is replaced; the proof it was reading is refused, the server goes on.
import { Worker } from 'node:worker_threads';
import type { Log } from '../../../core/ports.js';
import { rejectAssertion } from '../reject-assertion.js';
import type { CrossCheckRequest, CrossCheckResponse } from './worker.js';

export interface CrossCheck {
  /** @throws SallyportError `overloaded` if the queue is full or no worker starts, `proof_invalid` (`saml.reader.*`) if saml2-js refuses. */
  read(reading: Omit<CrossCheckRequest, 'id'>): Promise<NonNullable<CrossCheckResponse['user']>>;
  close(): Promise<void>;
}

export interface CrossCheckOptions {
  readonly log: Log;
  /** The worker's module; tests put a broken one here. */
  readonly workerUrl?: URL;
  /** Milliseconds for one reading. Default 2000. */
  readonly timeLimit?: number;
  /** Milliseconds for the worker to start. Default 15000. */
  readonly startLimit?: number;
  /** Readings that may wait. Default 100. */
  readonly queueLimit?: number;
}

interface Job {
  readonly reading: CrossCheckRequest;
  /** `failed`: the worker broke over this very reading; `unavailable`: it never came to it. */
  readonly settle: (outcome: CrossCheckResponse | 'failed' | 'unavailable') => void;
}

interface Thread {
  readonly worker: Worker;
  ready: boolean;
  timer?: NodeJS.Timeout;
}

/** Starts the worker at once, so that the first proof need not wait for it. */
export function createCrossCheck(options: CrossCheckOptions): CrossCheck {
  const {
    log,
    workerUrl = new URL('./worker.js', import.meta.url),
    timeLimit = 2_000,
    startLimit = 15_000,
    queueLimit = 100,
  } = options;
  const queue: Job[] = [];
  let lastId = 0;
  let current: Job | undefined;
  let closed = false;
  let thread: Thread | undefined = start();

  function start(): Thread {
    const worker = new Worker(workerUrl, {
      // DEBUG=saml2 would print assertions.
      env: { ...process.env, DEBUG: '' },
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    });
    const started: Thread = { worker, ready: false };
    worker.on('message', (message: 'ready' | CrossCheckResponse) => {
      if (message === 'ready') started.ready = true;
      else if (message.id === current?.reading.id) finish(message);
      advance();
    });
    worker.on('error', () => discard(started, 'crashed'));
    worker.on('exit', () => discard(started, 'ended'));
    // While it has nothing to read it keeps no process alive; a listener would, so this comes last.
    worker.unref();
    return started;
  }

  /** Gives up on a worker; the next reading gets a new one. */
  function discard(broken: Thread, why: string): void {
    if (closed || thread !== broken) return;
    log.error({ why }, 'The worker of saml2-js was given up.');
    clearTimeout(broken.timer);
    void broken.worker.terminate();
    thread = undefined;
    // One that never started must not be tried again for every proof that waits.
    if (!broken.ready) dropWaiting();
    finish('failed');
    advance();
  }

  function finish(outcome: CrossCheckResponse | 'failed'): void {
    const job = current;
    current = undefined;
    job?.settle(outcome);
  }

  function dropWaiting(): void {
    for (const job of queue.splice(0)) job.settle('unavailable');
  }

  /** Gives an idle worker the next reading, or a new one the time to start. */
  function advance(): void {
    if (current || closed) return;
    if (queue.length === 0) {
      clearTimeout(thread?.timer);
      thread?.worker.unref();
      return;
    }
    thread ??= start();
    const busy = thread;
    busy.worker.ref();
    if (!busy.ready) {
      busy.timer ??= setTimeout(() => discard(busy, 'did not start'), startLimit);
      return;
    }
    clearTimeout(busy.timer);
    busy.timer = setTimeout(() => discard(busy, 'took too long'), timeLimit);
    current = queue.shift();
    busy.worker.postMessage(current?.reading);
  }

  return {
    async read(reading) {
      if (closed || queue.length >= queueLimit) return rejectAssertion('reader.queue', 'overloaded');
      const outcome = await new Promise<CrossCheckResponse | 'failed' | 'unavailable'>((settle) => {
        lastId += 1;
        queue.push({ reading: { ...reading, id: lastId }, settle });
        advance();
      });
      if (outcome === 'unavailable') return rejectAssertion('reader.unavailable', 'overloaded');
      if (outcome === 'failed') return rejectAssertion('reader.failed');
      return outcome.user ?? rejectAssertion('reader.refused');
    },
    async close() {
      closed = true;
      dropWaiting();
      finish('failed');
      clearTimeout(thread?.timer);
      await thread?.worker.terminate();
    },
  };
}
