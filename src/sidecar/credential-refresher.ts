// Keeps one role's credentials fresh: fetched at once, renewed ahead of need, one request at a time however many wait.
// Those that last are served while the broker is away; those that have ended never.
import { BrokerRefusal, BrokerUnreachable } from '@sallyport/client/internal/call-broker';
import type { BrokerCredentials } from '@sallyport/client/internal/request-credentials';
import type { Log } from '../core/ports.js';
import { toIsoSeconds } from '../core/time.js';
import { onDemandRetryDelay, refreshDelay, retryDelay } from './refresh-delay.js';

export interface RefresherOptions {
  /** Gets new credentials. */
  fetch(): Promise<BrokerCredentials>;
  /** For the log. */
  readonly role?: string | undefined;
  readonly log: Log;
  now(): Date;
  /** From 0 up to 1, evenly. */
  random(): number;
  /** Calls back in so many milliseconds, unless the function it gives is called before. */
  readonly later?: (task: () => void, milliseconds: number) => () => void;
}

export interface CredentialRefresher {
  /** Those that last. If there are none, waits for what is being fetched. Rejects with why there are none. */
  get(): Promise<BrokerCredentials>;
  /** Whether there are some that last. */
  isReady(): boolean;
  /** Fetches no more. */
  close(): void;
}

/** Milliseconds: a timer for more would go off at once. */
const LONGEST = 2 ** 31 - 1;

/** A process is not kept alive by it. */
function startTimer(task: () => void, milliseconds: number): () => void {
  const timer = setTimeout(task, Math.min(milliseconds, LONGEST)).unref();
  return () => clearTimeout(timer);
}

/** What the broker or this library said, for people; errors of others are logged without their text. */
function describe(error: unknown): Readonly<Record<string, string | undefined>> {
  if (error instanceof BrokerUnreachable) return { detail: error.message };
  if (!(error instanceof BrokerRefusal)) return {};
  return { code: error.code, requestId: error.requestId, detail: error.message };
}

/** Begins to fetch at once. */
export function createCredentialRefresher({
  fetch,
  role,
  log,
  now,
  random,
  later = startTimer,
}: RefresherOptions): CredentialRefresher {
  let held: BrokerCredentials | undefined;
  let failure: unknown;
  let failures = 0;
  /** Epoch milliseconds: when to fetch again, and when already if a client finds nothing that lasts. */
  let due = { at: 0, onDemandAt: 0 };
  let fetching: Promise<void> | undefined;
  let cancel = () => {};
  let closed = false;

  const left = ({ credentials }: BrokerCredentials) => credentials.expiration.getTime() - now().getTime();
  const lasting = () => (held && left(held) > 0 ? held : undefined);

  /** Gives how many milliseconds to wait then. */
  async function attempt(): Promise<{ readonly wait: number; readonly onDemand: number }> {
    try {
      const fetched = await fetch();
      if (left(fetched) <= 0)
        throw new Error('The credentials from the broker have ended already. Set the clock of this machine.');
      held = fetched;
      failures = 0;
      log.info({ role, expiration: toIsoSeconds(fetched.credentials.expiration) }, 'credentials fetched');
      const wait = refreshDelay(left(fetched), random());
      return { wait, onDemand: wait };
    } catch (error) {
      failure = error;
      failures++;
      const ready = lasting() !== undefined;
      log.warn({ role, failures, ready, ...describe(error), err: error }, 'credentials not fetched');
      const retryAfter = error instanceof BrokerRefusal ? error.retryAfter : undefined;
      return { wait: retryDelay(failures, random(), retryAfter), onDemand: onDemandRetryDelay(retryAfter) };
    }
  }

  function refresh(): void {
    cancel();
    fetching ??= attempt().then(({ wait, onDemand }) => {
      fetching = undefined;
      const ended = now().getTime();
      due = { at: ended + wait, onDemandAt: ended + onDemand };
      if (!closed) cancel = later(refresh, wait);
    });
  }

  refresh();
  return {
    get: async () => {
      // A machine that slept has missed its timers; and a broker may be back before the next try is due.
      if (!closed && now().getTime() >= (lasting() ? due.at : due.onDemandAt)) refresh();
      if (!lasting()) await fetching;
      const found = lasting();
      if (!found) throw failure;
      return found;
    },
    isReady: () => lasting() !== undefined,
    close: () => {
      closed = true;
      cancel();
    },
  };
}
