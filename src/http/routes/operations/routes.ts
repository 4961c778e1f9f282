// GET /healthz, /readyz, /metrics and /openapi.json: liveness, readiness, Prometheus metrics and the API description.
import { Type } from 'typebox';
import { ERRORS } from '../../../core/errors.js';
import type { AuditLog, ReplayStore } from '../../../core/ports.js';
import type { ConfigManager } from '../../../runtime/config-manager.js';
import type { Metrics } from '../../../telemetry/metrics.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';

export interface OperationsOptions {
  readonly audit: Pick<AuditLog, 'check'>;
  readonly replayStore: Pick<ReplayStore, 'check'>;
  readonly configManager: Pick<ConfigManager, 'current' | 'status'>;
  readonly metrics: Metrics;
}

const Health = Type.Object({ status: Type.Literal('ok') });
const Ready = Type.Object({
  status: Type.Enum(['ready', 'degraded', 'unready'], {
    description:
      '`degraded`: the broker takes traffic, but a dependency in `checks` is unavailable. Without the store, single-use proofs are refused. If STS is unavailable in one region, the broker calls the next region.',
  }),
  checks: Type.Record(Type.String(), Type.Boolean()),
  identity: Type.Object(
    {
      status: Type.Enum(['known', 'failed', 'pending']),
      arn: Type.Optional(Type.String()),
      account: Type.Optional(Type.String()),
      code: Type.Optional(
        Type.String({ description: 'Error code, with `failed`. `reason` has more detail.' }),
      ),
      reason: Type.Optional(Type.String()),
      detail: Type.Optional(Type.String()),
    },
    {
      description:
        "The broker's own AWS identity, as STS returned it within the last minutes. It does not affect `status`: a broker whose roles all use the proof of the caller needs no identity.",
    },
  ),
  config: Type.Object(
    {
      epoch: Type.Integer({
        description: '1 at start, plus one with each config that was activated.',
      }),
      loadedAt: Type.String({
        format: 'date-time',
        description: 'When the config in use was activated.',
      }),
      lastReload: Type.Enum(['ok', 'failed'], {
        description: '`failed`: the config on disk was rejected, and the previous one stays in use.',
      }),
      faults: Type.Integer({ description: 'Number of errors in the config that was read last.' }),
      shadowFaults: Type.Integer({
        description: 'Number of errors in the shadow config. With any, it is not evaluated.',
      }),
      restartNeeded: Type.Array(Type.String(), {
        description: 'Changed settings that take effect at the next restart.',
      }),
    },
    { description: 'The config in use. It does not affect `status`.' },
  ),
});

interface Check {
  readonly passes: boolean;
  /** Without it the broker is unready instead of degraded. */
  readonly essential: boolean;
}

async function runChecks({
  audit,
  replayStore,
  configManager,
}: OperationsOptions): Promise<Readonly<Record<string, Check>>> {
  const regions = Object.entries(configManager.current.sts.regionStates());
  return {
    audit: { passes: await audit.check(), essential: true },
    // All replicas share the store: if it made one unready, it would make all unready. Reusable proofs work without it.
    store: { passes: await replayStore.check(), essential: false },
    ...Object.fromEntries(
      regions.map(([region, state]) => [`sts.${region}`, { passes: state === 'closed', essential: false }]),
    ),
  };
}

export function operationsRoutes(app: App, options: OperationsOptions): void {
  const { configManager, metrics } = options;
  const tags = ['operations'];
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Check that the process is alive',
        tags,
        security: [],
        response: {
          200: {
            description: 'The process is alive.',
            content: { 'application/json': { schema: Health } },
          },
          400: problemResponses[400],
        },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Check that the broker can issue credentials',
        tags,
        security: [],
        response: { 200: Ready, 400: problemResponses[400], 503: Ready },
      },
    },
    async (_, reply) => {
      const [checks, identity] = await Promise.all([
        runChecks(options),
        configManager.current.brokerIdentity.get(),
      ]);
      const failing = Object.values(checks).filter(({ passes }) => !passes);
      const unready = failing.some(({ essential }) => essential);
      const status = failing.length === 0 ? 'ready' : unready ? 'unready' : 'degraded';
      const { loadedAt, restartNeeded, ...config } = configManager.status;
      return reply.code(unready ? 503 : 200).send({
        status,
        checks: Object.fromEntries(Object.entries(checks).map(([name, { passes }]) => [name, passes])),
        identity: {
          ...identity,
          ...(identity.status === 'failed' && { detail: ERRORS[identity.code].text }),
        },
        config: { ...config, loadedAt: loadedAt.toISOString(), restartNeeded: [...restartNeeded] },
      });
    },
  );
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) => {
    const { text, contentType } = await metrics.render();
    return reply.type(contentType).send(text);
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
