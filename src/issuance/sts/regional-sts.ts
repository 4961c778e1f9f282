// STS in one region: a bulkhead, circuit breakers and metrics around the SDK client. Built once for each region.

import { SallyportError } from '../../core/errors.js';
import type { Log } from '../../core/ports.js';
import { Bulkhead, type BulkheadLimits } from './bulkhead.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { HttpLimits } from './http-handler.js';
import { RegionBreakers } from './region-breakers.js';
import { SdkClient, type SdkClientOptions } from './sdk-client.js';
import type { StsCall, StsInput, StsOperation, StsOutput } from './sts-call.js';

/** `half-open`: one call probes whether the region is available again. */
export type RegionState = CircuitBreaker['state'];

/** For metrics. */
export interface StsObserver {
  /** One call with its retries, in one region. `outcome`: `answered`, or the code of the error. */
  onCall(
    labels: { readonly operation: StsOperation; readonly region: string; readonly outcome: string },
    seconds: number,
  ): void;
  onRegionStateChange(region: string, state: RegionState): void;
}

export interface RegionalStsOptions extends Omit<SdkClientOptions, 'http'> {
  readonly http?: HttpLimits;
  readonly bulkhead?: BulkheadLimits;
  readonly log: Log;
  readonly observer: StsObserver;
  /** Epoch milliseconds. */
  now(): number;
}

const HTTP_LIMITS: HttpLimits = { connections: 64, connectTimeoutMs: 2000, responseTimeoutMs: 5000 };
const BULKHEAD_LIMITS: BulkheadLimits = { concurrent: HTTP_LIMITS.connections, queued: 1000 };

export class RegionalSts {
  readonly #region: string;
  readonly #client: SdkClient;
  readonly #bulkhead: Bulkhead;
  readonly #breakers: RegionBreakers;
  readonly #observer: StsObserver;
  readonly #now: () => number;

  constructor(options: RegionalStsOptions) {
    const { region, http = HTTP_LIMITS, bulkhead = BULKHEAD_LIMITS, log, observer, now } = options;
    this.#region = region;
    this.#client = new SdkClient({ ...options, http });
    this.#bulkhead = new Bulkhead(bulkhead);
    const onStateChange = (state: RegionState) => observer.onRegionStateChange(region, state);
    this.#breakers = new RegionBreakers({ region, log, onStateChange, now });
    this.#observer = observer;
    this.#now = now;
    observer.onRegionStateChange(region, this.state);
  }

  get state(): RegionState {
    return this.#breakers.state;
  }

  /** Rejects with a `SallyportError`; when the signal aborts, immediately with its reason or a more specific error. */
  send<Input extends StsInput, Output extends StsOutput>(
    call: StsCall<Input, Output>,
    signal: AbortSignal,
  ): Promise<Output> {
    return this.#bulkhead.run(signal, () => this.#breakers.run(call, () => this.#sendMeasured(call, signal)));
  }

  hasTemporaryCredentials(): Promise<boolean> {
    return this.#client.hasTemporaryCredentials();
  }

  close(): void {
    this.#client.close();
  }

  async #sendMeasured<Input extends StsInput, Output extends StsOutput>(
    call: StsCall<Input, Output>,
    signal: AbortSignal,
  ): Promise<Output> {
    const started = this.#now();
    let outcome = 'answered';
    try {
      return await this.#client.send(call, signal);
    } catch (error) {
      outcome = error instanceof SallyportError ? error.code : 'internal';
      throw error;
    } finally {
      const labels = { operation: call.operation, region: this.#region, outcome };
      this.#observer.onCall(labels, (this.#now() - started) / 1000);
    }
  }
}
