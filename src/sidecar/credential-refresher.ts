// Keeps the credentials of one role fresh: fetches them at startup and before they expire, with one request at a time.
// Unexpired credentials are served while the broker is unavailable. Expired credentials are never served.
import { BrokerRefusal, BrokerUnreachable } from '@sallyport/client/internal/call-broker';
import type { BrokerCredentials } from '@sallyport/client/internal/request-credentials';
import type { Log } from '../core/ports.js';
import { toIsoSeconds } from '../core/time.js';
import { onDemandRetryDelay, refreshDelay, retryDelay } from './refresh-delay.js';

export interface RefresherOptions {
  fetch(): Promise<BrokerCredentials>;
  /** For the log. */
  readonly role?: string | undefined;
  readonly log: Log;
  now(): Date;
  /** Uniform from 0 to 1. */
  random(): number;
  /** Calls `task` after so many milliseconds. Returns a function that cancels it. */
  readonly schedule?: (task: () => void, milliseconds: number) => () => void;
}

/** Milliseconds. `setTimeout` fires immediately for longer delays. */
const MAX_TIMER = 2 ** 31 - 1;

/** The timer does not keep the process running. */
function scheduleTimer(task: () => void, milliseconds: number): () => void {
  const timer = setTimeout(task, Math.min(milliseconds, MAX_TIMER)).unref();
  return () => clearTimeout(timer);
}

export class CredentialRefresher {
  readonly #options: RefresherOptions;
  #current: BrokerCredentials | undefined;
  #error: unknown;
  #failures = 0;
  /** Epoch milliseconds of the next fetch, and of the next fetch if a client waits for credentials. */
  #next = { at: 0, onDemandAt: 0 };
  #pending: Promise<void> | undefined;
  #cancelTimer = () => {};
  #closed = false;

  /** Starts to fetch immediately. */
  constructor(options: RefresherOptions) {
    this.#options = options;
    this.#refresh();
  }

  /** Returns unexpired credentials. If there are none, waits for the pending fetch. Rejects with its error. */
  async get(): Promise<BrokerCredentials> {
    // Timers do not fire while the machine sleeps, and the broker can be available before the next scheduled attempt.
    const dueAt = this.#unexpired() ? this.#next.at : this.#next.onDemandAt;
    if (!this.#closed && this.#now() >= dueAt) this.#refresh();
    if (!this.#unexpired()) await this.#pending;
    const credentials = this.#unexpired();
    if (!credentials) throw this.#error;
    return credentials;
  }

  /** True if there are unexpired credentials. */
  isReady(): boolean {
    return this.#unexpired() !== undefined;
  }

  /** Stops fetching. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
  }

  #now(): number {
    return this.#options.now().getTime();
  }

  #remaining({ credentials }: BrokerCredentials): number {
    return credentials.expiration.getTime() - this.#now();
  }

  #unexpired(): BrokerCredentials | undefined {
    return this.#current && this.#remaining(this.#current) > 0 ? this.#current : undefined;
  }

  #refresh(): void {
    this.#cancelTimer();
    this.#pending ??= this.#fetch().then(({ delay, onDemandDelay }) => {
      this.#pending = undefined;
      const now = this.#now();
      this.#next = { at: now + delay, onDemandAt: now + onDemandDelay };
      const { schedule = scheduleTimer } = this.#options;
      if (!this.#closed) this.#cancelTimer = schedule(() => this.#refresh(), delay);
    });
  }

  /** Returns milliseconds until the next fetch. Never rejects. */
  async #fetch(): Promise<{ readonly delay: number; readonly onDemandDelay: number }> {
    const { fetch, role, log, random } = this.#options;
    try {
      const fetched = await fetch();
      if (this.#remaining(fetched) <= 0)
        throw new Error('The broker returned expired credentials. Set the clock of this machine.');
      this.#current = fetched;
      this.#failures = 0;
      log.info({ role, expiration: toIsoSeconds(fetched.credentials.expiration) }, 'credentials fetched');
      const delay = refreshDelay(this.#remaining(fetched), random());
      return { delay, onDemandDelay: delay };
    } catch (error) {
      this.#error = error;
      this.#failures++;
      log.warn(
        { role, failures: this.#failures, ready: this.isReady(), ...describeError(error), err: error },
        'credentials not fetched',
      );
      const retryAfter = error instanceof BrokerRefusal ? error.retryAfter : undefined;
      return {
        delay: retryDelay(this.#failures, random(), retryAfter),
        onDemandDelay: onDemandRetryDelay(retryAfter),
      };
    }
  }
}

/** The message of errors of the broker and of the client library. The text of other errors is not logged. */
function describeError(error: unknown): Readonly<Record<string, string | undefined>> {
  if (error instanceof BrokerUnreachable) return { detail: error.message };
  if (!(error instanceof BrokerRefusal)) return {};
  return { code: error.code, requestId: error.requestId, detail: error.message };
}
