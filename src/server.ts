// The only file that picks implementations and wires them: a config in, a broker out.
import { isDeepStrictEqual } from 'node:util';
import { Secret } from '@sallyport/client/internal/secret';
import { createAuditLog } from './audit/log.js';
import { createFindRecord } from './audit/query/find-record.js';
import { openSinks } from './audit/sinks/open-sinks.js';
import { createKeyPool } from './authn/oidc/key-source.js';
import { createCrossCheck } from './authn/saml/cross-check/cross-check.js';
import { ConditionEvaluationError } from './authz/permitted-roles.js';
import type { LoadedConfig, LoadResult } from './config/load.js';
import { customEndpoints, deadlineMs } from './config/schema/aws.js';
import type { Config } from './config/schema/config.js';
import type { LocatedConfigError } from './core/config-error.js';
import { SallyportError } from './core/errors.js';
import type { AuditLog, Log } from './core/ports.js';
import { createPool } from './core/shared-resource.js';
import { createDecodeMessage } from './exchange/decode-message.js';
import { createExchange, type Exchange } from './exchange/exchange.js';
import { createExplain } from './exchange/explain.js';
import { createPreview } from './exchange/preview.js';
import type { ShadowDifference } from './exchange/shadow.js';
import { replaceCertificate } from './http/app.js';
import type { App } from './http/fastify.js';
import { CredentialCache } from './issuance/cache/credential-cache.js';
import { Sts, type StsOptions } from './issuance/sts/sts.js';
import { createSeal } from './portal/seal.js';
import { createConfigManager } from './runtime/config-manager.js';
import { createStores } from './runtime/open-stores.js';
import { buildRuntime, type RuntimeDependencies } from './runtime/runtime.js';
import { createSurfaces } from './surfaces.js';
import { createMetrics, type Metrics } from './telemetry/metrics.js';

export interface Broker {
  readonly app: App;
  /** Starts to listen; gives the URL it can be reached at on this machine. */
  listen(): Promise<string>;
  /** Reads the config again. Resolves when it is in use, or has been refused for its faults. Never rejects. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export type ComposedServer =
  | { readonly ok: true; readonly broker: Broker }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] };

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 8443 };

/** Milliseconds between looks at what of the cache has ended or is to be renewed. */
const CACHE_SWEEP = 30_000;

/** Builds a broker from a config, or gives every fault that only building it could find. `load` reads the config again. */
export async function composeServer(
  loaded: LoadedConfig,
  log: Log,
  load: () => LoadResult,
): Promise<ComposedServer> {
  const { config } = loaded;
  const now = () => new Date();
  const reader = createCrossCheck({ log });
  const cache = new CredentialCache(config.cache);
  const metrics = createMetrics(() => cache.size);
  const parts: RuntimeDependencies = {
    serverUrl: config.server.url,
    keys: createKeyPool({ log }),
    reader,
    sts: createPool((aws) =>
      openConfiguredSts(aws, {
        log,
        observer: { onCall: metrics.stsCalled, onRegionStateChange: metrics.stsRegionChanged },
      }),
    ),
    cache,
    onCacheUse: (use, { role, rolesFrom }) => metrics.cacheUsed(use, rolesFrom ?? role),
    log,
    now,
  };
  const built = await buildRuntime(loaded, parts);
  const sinks = await openSinks(config.audit);
  if (!built.ok || !sinks.ok) {
    if (built.ok) await built.close();
    if (sinks.ok) await closeAll(sinks.sinks);
    await reader.close();
    const ofSinks = sinks.ok ? [] : loaded.locateErrors(sinks.errors);
    return { ok: false, errors: [...(built.ok ? [] : built.errors), ...ofSinks] };
  }

  const audit = createAuditLog(sinks.sinks);
  // After all that can fail: its connections would keep the process alive.
  const stores = await createStores(config, { now, log });
  const first = built.withReplay(stores.replay);
  let { stsRegionStates } = first;
  const live = createConfigManager({
    first,
    build: async (previous) => {
      const result = load();
      if (!result.ok) return result;
      const rebuilt = await buildRuntime(result.loaded, parts, previous);
      return rebuilt.ok ? { ok: true, snapshot: rebuilt.withReplay(stores.replay) } : rebuilt;
    },
    onActivated: ({ tls, shadowFaults, ...taken }, epoch, previous) => {
      stsRegionStates = taken.stsRegionStates;
      if (previous?.tls && tls && !isDeepStrictEqual(tls, previous.tls)) replaceCertificate(app, tls);
      metrics.configTaken(epoch);
      metrics.shadowLoaded(shadowFaults.length);
    },
    onReloaded: metrics.reloaded,
    log,
    now,
  });
  const sweeping = setInterval(() => live.hold(() => live.snapshot().sweepCache()), CACHE_SWEEP).unref();
  const stages = {
    snapshot: live.snapshot,
    limiter: stores.limiter,
    audit,
    reportDifference: (difference: ShadowDifference) => {
      metrics.shadowDiffered(difference.kind);
      log.info({ ...difference }, 'the shadow config would decide otherwise');
    },
    now,
  };
  const exchange = watched(createExchange({ ...stages, audit: counted(audit, metrics) }), metrics);
  const explain = createExplain({ ...stages, findRecord: createFindRecord(auditFiles(config)) });
  const preview = createPreview(stages);
  const decode = createDecodeMessage(stages);
  const { trustProxy, listen, cookieKey } = config.server;
  const app = await createSurfaces({
    exchange: (request) => live.hold(() => exchange(request)),
    preview: (request) => live.hold(() => preview(request)),
    explain: (request) => live.hold(() => explain(request)),
    decode: (request) => live.hold(() => decode(request)),
    serviceProvider: () => live.snapshot().serviceProvider,
    seal: createSeal(cookieKey === undefined ? undefined : new Secret(cookieKey)),
    now,
    ready: async () => ({
      audit: { works: await audit.check(), essential: true },
      // Shared by all replicas: if it made one unready, it would take away all, and reusable proofs go on without it.
      store: { works: await stores.replay.check(), essential: false },
      ...Object.fromEntries(
        Object.entries(stsRegionStates()).map(([region, state]) => [
          `sts.${region}`,
          { works: state === 'closed', essential: false },
        ]),
      ),
    }),
    ownIdentity: () => live.snapshot().brokerIdentity.get(),
    configStatus: live.status,
    documents: () => live.snapshot().documents,
    limiter: stores.limiter,
    metrics,
    log,
    serverUrl: config.server.url,
    ...(first.tls && { tls: first.tls }),
    ...(trustProxy && { trustProxy }),
  });

  return {
    ok: true,
    broker: {
      app,
      listen: () => app.listen({ ...DEFAULT_LISTEN, ...listen }),
      reload: live.reload,
      close: async () => {
        clearInterval(sweeping);
        await app.close();
        await closeAll([live, reader, stores, audit]);
      },
    },
  };
}

/** The STS that the config names, with the broker's own credentials. */
export function openConfiguredSts(aws: Config['aws'], options: Pick<StsOptions, 'log' | 'observer'>): Sts {
  const { region, failoverRegions, fips, dualStack, credentials: keys } = aws;
  return new Sts({
    region,
    endpoints: customEndpoints(aws),
    deadlineMs: deadlineMs(aws),
    ...(failoverRegions && { failoverRegions }),
    ...(fips !== undefined && { fips }),
    ...(dualStack !== undefined && { dualStack }),
    ...(keys && {
      credentials: {
        accessKeyId: keys.accessKeyId,
        secretAccessKey: new Secret(keys.secretAccessKey),
        ...(keys.sessionToken !== undefined && { sessionToken: new Secret(keys.sessionToken) }),
      },
    }),
    ...options,
    now: Date.now,
  });
}

async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.close();
}

/** Counts what came of each exchange, by the record of it. Roles and operations are named once they are decided. */
function counted(audit: AuditLog, metrics: Metrics): AuditLog {
  return {
    ...audit,
    write: async (record) => {
      await audit.write(record);
      if (record.Event === 'intent') return;
      const { Operation: operation = '', Role = '', RolesFrom: role = Role, Error: error, Issued } = record;
      metrics.exchanged({ role: operation && role, operation, outcome: error?.Code ?? 'issued' });
      if (Issued?.PackedPolicySize !== undefined) metrics.packed(role, Issued.PackedPolicySize);
    },
  };
}

/** The audit log's files, which can be read back. */
export function auditFiles(config: Config): readonly string[] {
  return (config.audit?.sinks ?? []).flatMap((sink) => (sink.type === 'file' ? [sink.path] : []));
}

/** Counts the grants whose `when` failed: a mistake in the policy that callers only see as a refusal. */
function watched(exchange: Exchange, metrics: Metrics): Exchange {
  return async (request) => {
    try {
      const exchanged = await exchange(request);
      metrics.conditionsFailed(exchanged.decision.failedConditions ?? []);
      return exchanged;
    } catch (error) {
      if (error instanceof SallyportError && error.cause instanceof ConditionEvaluationError)
        metrics.conditionsFailed(error.cause.grants);
      throw error;
    }
  };
}
