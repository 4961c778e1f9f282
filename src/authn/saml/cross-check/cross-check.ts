// Cross-check of verified Responses: saml2-js reads the same document in a worker thread and must find the same subject
// and attributes. Start at `CrossCheck.readSubject` and `requireAgreement`. The worker reads one Response at a time, each
// within a time limit. A worker that crashes, stalls or exceeds its heap is replaced; only the Response it was reading
// is refused.
import { Worker } from 'node:worker_threads';
import type { Log } from '../../../core/ports.js';
import type { VerifiedAssertion } from '../assertion/assertion.js';
import { rejectAssertion } from '../reject-assertion.js';
import type { CrossCheckRequest, CrossCheckResult, SubjectReading } from './worker.js';

export interface CrossCheckOptions {
  readonly log: Log;
  /** The module of the worker. Tests pass a broken one. */
  readonly workerUrl?: URL;
  /** Milliseconds to read one Response. Default 2000. */
  readonly timeoutMs?: number;
  /** Milliseconds for the worker to start. Default 15000. */
  readonly startTimeoutMs?: number;
  /** Responses that may wait. Default 100. */
  readonly maxQueued?: number;
}

/** `failed`: the worker broke while it read this Response. `unavailable`: the worker never got to it. */
type Outcome = CrossCheckResult | 'failed' | 'unavailable';

interface Job {
  readonly request: CrossCheckRequest;
  readonly settle: (outcome: Outcome) => void;
}

interface WorkerState {
  readonly worker: Worker;
  ready: boolean;
  timer?: NodeJS.Timeout;
}

export class CrossCheck {
  readonly #log: Log;
  readonly #workerUrl: URL;
  readonly #timeoutMs: number;
  readonly #startTimeoutMs: number;
  readonly #maxQueued: number;
  readonly #queue: Job[] = [];
  #lastId = 0;
  #current: Job | undefined;
  #closed = false;
  #state: WorkerState | undefined;

  /** Starts the worker immediately, so that the first Response does not wait for it. */
  constructor(options: CrossCheckOptions) {
    this.#log = options.log;
    this.#workerUrl = options.workerUrl ?? new URL('./worker.js', import.meta.url);
    this.#timeoutMs = options.timeoutMs ?? 2_000;
    this.#startTimeoutMs = options.startTimeoutMs ?? 15_000;
    this.#maxQueued = options.maxQueued ?? 100;
    this.#state = this.#startWorker();
  }

  /**
   * Has saml2-js read a Response.
   * @throws SallyportError `overloaded` if the queue is full or no worker starts, `proof_invalid` (`saml.reader.*`) if
   * saml2-js refuses the Response or fails.
   */
  async readSubject(request: Omit<CrossCheckRequest, 'id'>): Promise<SubjectReading> {
    if (this.#closed || this.#queue.length >= this.#maxQueued)
      return rejectAssertion('reader.queue', 'overloaded');
    const outcome = await new Promise<Outcome>((settle) => {
      this.#lastId += 1;
      this.#queue.push({ request: { ...request, id: this.#lastId }, settle });
      this.#runNext();
    });
    if (outcome === 'unavailable') return rejectAssertion('reader.unavailable', 'overloaded');
    if (outcome === 'failed') return rejectAssertion('reader.failed');
    return outcome.subject ?? rejectAssertion('reader.refused');
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#dropQueue();
    this.#settleCurrent('failed');
    clearTimeout(this.#state?.timer);
    await this.#state?.worker.terminate();
  }

  #startWorker(): WorkerState {
    const worker = new Worker(this.#workerUrl, {
      // DEBUG=saml2 would print assertions.
      env: { ...process.env, DEBUG: '' },
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    });
    const started: WorkerState = { worker, ready: false };
    worker.on('message', (message: 'ready' | CrossCheckResult) => {
      if (message === 'ready') started.ready = true;
      else if (message.id === this.#current?.request.id) this.#settleCurrent(message);
      this.#runNext();
    });
    worker.on('error', () => this.#discardWorker(started, 'crashed'));
    worker.on('exit', () => this.#discardWorker(started, 'exited'));
    // An idle worker must not keep the process alive. Adding a listener refs the worker, so this comes last.
    worker.unref();
    return started;
  }

  /** Terminates a worker. The next Response gets a new one. */
  #discardWorker(broken: WorkerState, why: string): void {
    if (this.#closed || this.#state !== broken) return;
    this.#log.error({ why }, 'saml2-js worker terminated');
    clearTimeout(broken.timer);
    void broken.worker.terminate();
    this.#state = undefined;
    // A worker that never became ready must not be started again for every Response in the queue.
    if (!broken.ready) this.#dropQueue();
    this.#settleCurrent('failed');
    this.#runNext();
  }

  #settleCurrent(outcome: CrossCheckResult | 'failed'): void {
    const job = this.#current;
    this.#current = undefined;
    job?.settle(outcome);
  }

  #dropQueue(): void {
    for (const job of this.#queue.splice(0)) job.settle('unavailable');
  }

  /** Sends the next Response to an idle worker, or waits for a new worker to start. */
  #runNext(): void {
    if (this.#current || this.#closed) return;
    if (this.#queue.length === 0) {
      clearTimeout(this.#state?.timer);
      this.#state?.worker.unref();
      return;
    }
    this.#state ??= this.#startWorker();
    const state = this.#state;
    state.worker.ref();
    if (!state.ready) {
      state.timer ??= setTimeout(
        () => this.#discardWorker(state, 'did not start in time'),
        this.#startTimeoutMs,
      );
      return;
    }
    clearTimeout(state.timer);
    state.timer = setTimeout(() => this.#discardWorker(state, 'timed out'), this.#timeoutMs);
    this.#current = this.#queue.shift();
    state.worker.postMessage(this.#current?.request);
  }
}

/**
 * Both readers must find the same subject in one document. saml2-js keeps only the last of several Attributes with one
 * Name, so only that one is compared; of an Attribute with a NameID, only its presence. saml2-js reads carriage returns
 * as line feeds.
 * @throws SallyportError `proof_invalid`, reason `saml.reader.disagrees`.
 */
export function requireAgreement(assertion: VerifiedAssertion, reading: SubjectReading): void {
  const expected = new Map(assertion.attributes.map((attribute) => [attribute.name, attribute]));
  const found = new Map(Object.entries(reading.attributes));
  const same =
    reading.nameId === assertion.nameId.value &&
    found.size === expected.size &&
    [...expected].every(([name, { hasNameId, values }]) =>
      hasNameId ? found.has(name) : isSameList(values.map(normalizeLineEnds), found.get(name)),
    );
  if (!same) rejectAssertion('reader.disagrees');
}

const normalizeLineEnds = (text: string) => text.replace(/\r\n?/g, '\n');

function isSameList(a: readonly string[], b: readonly string[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((value, index) => value === b[index]);
}
