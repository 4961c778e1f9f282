// The only file that picks implementations and wires them: a config in, a broker out.
import { readFile } from 'node:fs/promises';
import { createFindRecord } from './audit/find-record.js';
import { type LineSink, openFileSink, streamSink } from './audit/line-sink.js';
import { createAuditLog } from './audit/log.js';
import { createAuthenticate } from './authn/authenticate.js';
import { createOidcVerifier } from './authn/oidc/verifier.js';
import { createSamlVerifier } from './authn/saml/verifier.js';
import { compilePolicy } from './authz/policy.js';
import { createExchange, type Exchange } from './broker/exchange.js';
import { createExplain } from './broker/explain.js';
import { createPreview } from './broker/preview.js';
import type { LoadedConfig } from './config/load.js';
import type { Config } from './config/schema/config.js';
import { SallyportError } from './core/errors.js';
import type { Fault, LocatedFault } from './core/fault.js';
import type { Log } from './core/ports.js';
import { Secret } from './core/secret.js';
import { type App, createApp } from './http/app.js';
import { createIssue } from './issuance/issue.js';
import { createStsClient } from './issuance/sts-client.js';
import { createStores } from './stores/create-stores.js';
import { createMetrics, type Metrics } from './telemetry/metrics.js';

export interface Broker {
  readonly app: App;
  /** Starts to listen; gives the URL it can be reached at on this machine. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export type Composed =
  | { readonly ok: true; readonly broker: Broker }
  | { readonly ok: false; readonly faults: readonly LocatedFault[] };

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 8443 };

type Issuers = Config['issuers'];

/** The issuers of one type. */
export function issuersOf<T extends Issuers[string]['type']>(issuers: Issuers, type: T) {
  type Wanted = Extract<Issuers[string], { type: T }>;
  return Object.fromEntries(
    Object.entries(issuers).filter((entry): entry is [string, Wanted] => entry[1].type === type),
  );
}

/** Builds a broker from a config, or gives every fault that only building it could find. */
export async function compose(loaded: LoadedConfig, log: Log): Promise<Composed> {
  const { config } = loaded;
  const now = () => new Date();
  const { policy, faults } = compilePolicy(config);
  const oidc = await createOidcVerifier({ issuers: issuersOf(config.issuers, 'oidc'), log });
  const saml = await createSamlVerifier({
    issuers: issuersOf(config.issuers, 'saml'),
    serverUrl: config.server.url,
    log,
  });
  if (!oidc.ok || !saml.ok || faults.length > 0) {
    const all: Fault[] = [...faults];
    for (const part of [oidc, saml]) {
      if (part.ok) await part.verifier.close();
      else all.push(...part.faults);
    }
    return { ok: false, faults: loaded.locateFaults(all) };
  }

  const { tls, trustProxy, listen } = config.server;
  const https = tls && (await readTls(tls));
  const audit = createAuditLog(await openSinks(config));
  // After all that can fail: its connections would keep the process alive.
  const stores = await createStores(config, { now, log });
  const { region, endpoint, credentials } = config.aws;
  const sts = createStsClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && {
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: new Secret(credentials.secretAccessKey),
      },
    }),
  });
  const metrics = createMetrics();
  const snapshot = {
    authenticate: createAuthenticate({ oidc: oidc.verifier, saml: saml.verifier }, stores.replay),
    policy,
  };
  const stages = { snapshot: () => snapshot, limiter: stores.limiter, issue: createIssue(sts), audit, now };
  const app = await createApp({
    exchange: measured(createExchange(stages), metrics),
    preview: createPreview(stages),
    explain: createExplain({ ...stages, findRecord: createFindRecord(auditFiles(config)) }),
    ready: async () => ({
      audit: { works: await audit.check(), essential: true },
      // Shared by all replicas: if it made one unready, it would take away all, and reusable proofs go on without it.
      store: { works: await stores.replay.check(), essential: false },
    }),
    limiter: stores.limiter,
    metrics,
    log,
    serverUrl: config.server.url,
    ...(https && { tls: https }),
    ...(trustProxy && { trustProxy }),
  });

  return {
    ok: true,
    broker: {
      app,
      listen: () => app.listen({ ...DEFAULT_LISTEN, ...listen }),
      close: async () => {
        await app.close();
        await closeAll([oidc.verifier, saml.verifier, stores, audit]);
        sts.close();
      },
    },
  };
}

async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.close();
}

async function openSinks(config: Config): Promise<readonly LineSink[]> {
  const sinks = config.audit?.sinks ?? [{ type: 'stdout' as const }];
  return Promise.all(
    sinks.map((sink) => (sink.type === 'file' ? openFileSink(sink.path) : streamSink(process.stdout))),
  );
}

/** The audit log's files, which can be read back. */
export function auditFiles(config: Config): readonly string[] {
  return (config.audit?.sinks ?? []).flatMap((sink) => (sink.type === 'file' ? [sink.path] : []));
}

async function readTls({ cert, key }: { cert: string; key: string }) {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}

/** Counts what came of each exchange. */
function measured(exchange: Exchange, metrics: Metrics): Exchange {
  return async (request) => {
    try {
      const exchanged = await exchange(request);
      const { role, target } = exchanged.decision;
      metrics.exchanged({ role, operation: target.operation, outcome: 'issued' });
      return exchanged;
    } catch (error) {
      const outcome = error instanceof SallyportError ? error.code : 'internal';
      metrics.exchanged({ role: '', operation: '', outcome });
      throw error;
    }
  };
}
