// The only file that picks implementations and wires them: a config in, a broker out.
import { createFindRecord } from './audit/find-record.js';
import { createAuditLog } from './audit/log.js';
import { openSinks } from './audit/open-sinks.js';
import { createAuthenticate } from './authn/authenticate.js';
import { createOidcVerifier } from './authn/oidc/verifier.js';
import { createSamlVerifier } from './authn/saml/verifier.js';
import { ConditionError } from './authz/permission.js';
import { compilePolicy } from './authz/policy.js';
import { createExchange, type Exchange } from './broker/exchange.js';
import { createExplain } from './broker/explain.js';
import { createPreview } from './broker/preview.js';
import type { LoadedConfig } from './config/load.js';
import type { Config } from './config/schema/config.js';
import { SallyportError } from './core/errors.js';
import type { Fault, LocatedFault } from './core/fault.js';
import type { AuditLog, Log } from './core/ports.js';
import { Secret } from './core/secret.js';
import { type App, createApp } from './http/app.js';
import { readTls } from './http/tls.js';
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
  const { policy, faults, warnings } = compilePolicy(config);
  for (const { line, path, message } of loaded.locateFaults(warnings))
    log.warn({ line, path: path.join('.') }, message);
  const oidc = await createOidcVerifier({ issuers: issuersOf(config.issuers, 'oidc'), log });
  const saml = await createSamlVerifier({
    issuers: issuersOf(config.issuers, 'saml'),
    serverUrl: config.server.url,
    log,
  });
  const { trustProxy, listen } = config.server;
  const https = config.server.tls ? await readTls(config.server.tls) : undefined;
  const sinks = await openSinks(config.audit);
  if (!oidc.ok || !saml.ok || !sinks.ok || https?.ok === false || faults.length > 0) {
    const all: Fault[] = [
      ...faults,
      ...(https?.ok === false ? https.faults : []),
      ...(sinks.ok ? [] : sinks.faults),
    ];
    if (sinks.ok) await closeAll(sinks.sinks);
    for (const part of [oidc, saml]) {
      if (part.ok) await part.verifier.close();
      else all.push(...part.faults);
    }
    return { ok: false, faults: loaded.locateFaults(all) };
  }

  const metrics = createMetrics();
  const audit = counted(createAuditLog(sinks.sinks), metrics);
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
  const snapshot = {
    authenticate: createAuthenticate({ oidc: oidc.verifier, saml: saml.verifier }, stores.replay),
    policy,
  };
  const stages = { snapshot: () => snapshot, limiter: stores.limiter, issue: createIssue(sts), audit, now };
  const app = await createApp({
    exchange: watched(createExchange(stages), metrics),
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
    ...(https && { tls: https.tls }),
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

/** Counts what came of each exchange, by the record of it. Roles and operations are named once they are decided. */
function counted(audit: AuditLog, metrics: Metrics): AuditLog {
  return {
    ...audit,
    write: async (record) => {
      await audit.write(record);
      if (record.Event === 'intent') return;
      const { Operation: operation = '', Role = '', RolesFrom: role = Role, Error: error } = record;
      metrics.exchanged({ role: operation && role, operation, outcome: error?.Code ?? 'issued' });
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
      if (error instanceof SallyportError && error.cause instanceof ConditionError)
        metrics.conditionsFailed(error.cause.grants);
      throw error;
    }
  };
}
