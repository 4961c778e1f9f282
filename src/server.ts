// Builds a running broker from a config. It is the only file that chooses implementations and connects them.
import { isDeepStrictEqual } from 'node:util';
import { Secret } from '@sallyport/client/internal/secret';
import { JsonLinesAuditLog } from './audit/log.js';
import { AuditLogReader } from './audit/query/audit-log-reader.js';
import { auditFiles, openSinks } from './audit/sinks/open-sinks.js';
import { Authenticator } from './authn/authenticate.js';
import { createKeyPool } from './authn/oidc/key-source.js';
import { CrossCheck } from './authn/saml/cross-check/cross-check.js';
import type { LoadedConfig, LoadResult } from './config/load.js';
import type { LocatedConfigError } from './core/config-error.js';
import type { Log } from './core/ports.js';
import { createPool } from './core/shared-resource.js';
import { DecodeMessage } from './exchange/decode-message.js';
import { Exchange } from './exchange/exchange.js';
import { ExchangeMetrics } from './exchange/exchange-metrics.js';
import { Explain } from './exchange/explain.js';
import { Pipeline } from './exchange/pipeline.js';
import { Preview } from './exchange/preview.js';
import { ShadowEvaluator } from './exchange/shadow.js';
import { replaceCertificate } from './http/app.js';
import type { App } from './http/fastify.js';
import { CredentialCache } from './issuance/cache/credential-cache.js';
import { Seal } from './portal/seal.js';
import { ConfigManager } from './runtime/config-manager.js';
import { openStores } from './runtime/open-stores.js';
import { openSts } from './runtime/open-sts.js';
import { buildRuntime, rebuildRuntime, type SharedResources } from './runtime/runtime.js';
import { createSurfaces } from './surfaces.js';
import { Metrics } from './telemetry/metrics.js';

export interface Broker {
  readonly app: App;
  /** Starts listening. Resolves with the local URL. */
  listen(): Promise<string>;
  /** Reads the config again. Resolves when it is in use or has been rejected. Never rejects. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export type BrokerResult =
  | { readonly ok: true; readonly broker: Broker }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] };

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 8443 };

/** Milliseconds between sweeps of the credential cache: expired entries are removed, others refreshed ahead. */
const CACHE_SWEEP_INTERVAL = 30_000;

/** Builds a broker, or returns every config error that only building it can find. `load` reads the config again. */
export async function createBroker(
  loaded: LoadedConfig,
  log: Log,
  load: () => LoadResult,
): Promise<BrokerResult> {
  const { config } = loaded;
  const now = () => new Date();
  const cache = new CredentialCache(config.cache);
  const metrics = new Metrics(() => cache.size);
  const shared: SharedResources = {
    serverUrl: config.server.url,
    keys: createKeyPool({ log }),
    crossCheck: new CrossCheck({ log }),
    sts: createPool((aws) =>
      openSts(aws, {
        log,
        observer: {
          onCall: (labels, seconds) => metrics.observeStsCall(labels, seconds),
          onRegionStateChange: (region, state) => metrics.setStsRegionState(region, state),
        },
      }),
    ),
    cache,
    onCacheUse: (use, { role, rolesFrom }) => metrics.countCacheUse(use, rolesFrom ?? role),
    log,
    now,
  };
  const built = await buildRuntime(loaded, shared);
  const sinks = await openSinks(config.audit);
  if (!built.ok || !sinks.ok) {
    if (built.ok) await built.runtime.close();
    if (sinks.ok) await closeAll(sinks.sinks);
    await shared.crossCheck.close();
    const sinkErrors = sinks.ok ? [] : loaded.locateErrors(sinks.errors);
    return { ok: false, errors: [...(built.ok ? [] : built.errors), ...sinkErrors] };
  }

  // Opened last: open connections would keep the process alive after a config error.
  const stores = await openStores(config, { now, log });
  const audit = new JsonLinesAuditLog(sinks.sinks);
  const configManager = new ConfigManager({
    initial: built.runtime,
    rebuild: (previous) => rebuildRuntime(load, shared, previous),
    metrics,
    log,
    now,
  });
  const sweeping = setInterval(
    () => configManager.withRuntime(({ issuer }) => issuer.sweep()),
    CACHE_SWEEP_INTERVAL,
  ).unref();

  const authenticator = new Authenticator(stores.replay);
  const pipeline = new Pipeline({ configManager, authenticator, limiter: stores.limiter, audit, now });
  const shadowEvaluator = new ShadowEvaluator({ metrics, log });
  const { url, trustProxy, listen, cookieKey } = config.server;
  const app = await createSurfaces({
    exchange: new Exchange({ pipeline, shadowEvaluator, metrics: new ExchangeMetrics(metrics) }),
    preview: new Preview({ pipeline, shadowEvaluator }),
    explain: new Explain({ pipeline, auditLogReader: new AuditLogReader(auditFiles(config)) }),
    decodeMessage: new DecodeMessage(pipeline),
    configManager,
    audit,
    replayStore: stores.replay,
    limiter: stores.limiter,
    seal: new Seal(cookieKey === undefined ? undefined : new Secret(cookieKey)),
    metrics,
    log,
    now,
    serverUrl: url,
    ...(built.runtime.tls && { tls: built.runtime.tls }),
    ...(trustProxy && { trustProxy }),
  });
  configManager.beforeSwap((next, previous) => {
    if (previous.tls && next.tls && !isDeepStrictEqual(next.tls, previous.tls))
      replaceCertificate(app, next.tls);
  });

  return {
    ok: true,
    broker: {
      app,
      listen: () => app.listen({ ...DEFAULT_LISTEN, ...listen }),
      reload: () => configManager.reload(),
      close: async () => {
        clearInterval(sweeping);
        await app.close();
        await closeAll([configManager, shared.crossCheck, stores, audit]);
      },
    },
  };
}

async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.close();
}
