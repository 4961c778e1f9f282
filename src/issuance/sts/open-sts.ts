// STS with all that surrounds a call, put together in one place. From the outside in: regions in turn until the
// deadline, slots, what is known to fail, measures, and the SDK with its own retries.

import { withTimeout } from '@sallyport/client/internal/with-timeout';
import { SallyportError } from '../../core/errors.js';
import type { Log } from '../../core/ports.js';
import { type BulkheadLimits, withBulkhead } from './bulkhead.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { clientOver, type SendToSts, type StsClient, type StsOperation } from './client.js';
import { deadlineExceeded, failover } from './failover.js';
import type { HttpLimits } from './http-handler.js';
import { openRegion, type RegionClient, type RegionOptions } from './region.js';
import { withRegionBreakers } from './region-breakers.js';

/** `half-open`: one call probes whether the region is back. */
type RegionState = CircuitBreaker['state'];

/** What happens between the broker and STS, for metrics. */
interface StsObserver {
  /** One call with its retries, in one region: `outcome` is `answered` or the error's code. */
  called(
    labels: { readonly operation: StsOperation; readonly region: string; readonly outcome: string },
    seconds: number,
  ): void;
  regionChanged(region: string, state: RegionState): void;
}

export interface StsOptions extends Omit<RegionOptions, 'endpoint' | 'http'> {
  /** Asked in turn after `region`, where it is away. */
  readonly failoverRegions?: readonly string[];
  /** By region, instead of the regional endpoint. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Milliseconds from an order to its end, where it does not say how long. */
  readonly deadlineMs: number;
  readonly http?: HttpLimits;
  readonly slots?: BulkheadLimits;
  readonly log: Log;
  readonly observe: StsObserver;
  /** Epoch milliseconds. */
  now(): number;
}

export interface Sts {
  /** STS for one order, done by `deadline` (epoch milliseconds). With a `region` it is asked there alone. */
  client(order: { readonly region?: string; readonly deadline?: number }): StsClient;
  /** The regions of the config, and those of roles that were asked for. */
  regions(): Readonly<Record<string, RegionState>>;
  close(): void;
}

const HTTP: HttpLimits = { connections: 64, connectMs: 2000, answerMs: 5000 };
const SLOTS: BulkheadLimits = { running: HTTP.connections, waiting: 1000 };

export function openSts(options: StsOptions): Sts {
  const { region: first, failoverRegions = [], deadlineMs, now } = options;
  const opened = new Map<string, OpenedRegion>();
  const inRegion = (name: string): OpenedRegion => {
    const region = opened.get(name) ?? openGuarded(name, options);
    opened.set(name, region);
    return region;
  };
  const permitted = [first, ...failoverRegions].map(inRegion);
  return {
    client: ({ region, deadline = now() + deadlineMs }) => {
      const regions = region === undefined ? permitted : [inRegion(region)];
      const ask = failover(
        regions.map((each) => each.ask),
        now,
      );
      const { hasTemporaryCredentials } = inRegion(region ?? first);
      return clientOver(
        (call) => ask(call, deadline),
        () => withTimeout(deadline - now(), () => deadlineExceeded(false), hasTemporaryCredentials),
      );
    },
    regions: () => Object.fromEntries([...opened].map(([name, { state }]) => [name, state()])),
    close: () => {
      for (const region of opened.values()) region.close();
    },
  };
}

interface OpenedRegion extends RegionClient {
  state(): RegionState;
}

function openGuarded(region: string, options: StsOptions): OpenedRegion {
  const { endpoints = {}, http = HTTP, slots = SLOTS, log, observe, now } = options;
  const endpoint = endpoints[region];
  const client = openRegion({ ...options, region, http, ...(endpoint !== undefined && { endpoint }) });
  let state: RegionState = 'closed';
  const onRegionChange = (changed: RegionState) => {
    state = changed;
    observe.regionChanged(region, state);
  };
  observe.regionChanged(region, state);
  const ask = withRegionBreakers(measured(client.ask, region, options), { region, log, onRegionChange, now });
  return { ...client, ask: withBulkhead(ask, slots), state: () => state };
}

function measured(ask: SendToSts, region: string, { observe, now }: StsOptions): SendToSts {
  return async (call, signal) => {
    const started = now();
    const tell = (outcome: string) =>
      observe.called({ operation: call.operation, region, outcome }, (now() - started) / 1000);
    try {
      const answer = await ask(call, signal);
      tell('answered');
      return answer;
    } catch (error) {
      tell(error instanceof SallyportError ? error.code : 'internal');
      throw error;
    }
  };
}
