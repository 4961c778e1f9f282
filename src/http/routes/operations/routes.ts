// For the operator's machinery: liveness, readiness, metrics, the API's own description.
import { Type } from 'typebox';
import { ERRORS } from '../../../core/errors.js';
import type { BrokerIdentity } from '../../../issuance/operations/get-caller-identity.js';
import type { ConfigStatus } from '../../../runtime/config-manager.js';
import type { Metrics } from '../../../telemetry/metrics.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';

/** What the broker needs, by name, and whether it works. Without what is essential, no traffic may come. */
export type Readiness = () => Promise<
  Readonly<Record<string, { readonly works: boolean; readonly essential: boolean }>>
>;

const Health = Type.Object({ status: Type.Literal('ok') });
const Ready = Type.Object({
  status: Type.Enum(['ready', 'degraded', 'unready'], {
    description:
      '`degraded`: traffic may come, but something in `checks` is away. Without the store single-use proofs are refused; without STS in one region the next is asked.',
  }),
  checks: Type.Record(Type.String(), Type.Boolean()),
  identity: Type.Object(
    {
      status: Type.Enum(['known', 'failed', 'pending']),
      arn: Type.Optional(Type.String()),
      account: Type.Optional(Type.String()),
      code: Type.Optional(Type.String({ description: 'With `failed`, and `reason` more exactly.' })),
      reason: Type.Optional(Type.String()),
      detail: Type.Optional(Type.String()),
    },
    {
      description:
        'Who the broker itself is to STS, as asked within the last minutes. It has no say in `status`: a broker whose roles all use the proof of the caller needs no identity.',
    },
  ),
  config: Type.Object(
    {
      epoch: Type.Integer({ description: '1 since the start, one more with each config that was taken.' }),
      loadedAt: Type.String({ format: 'date-time', description: 'When the config in use was taken.' }),
      lastReload: Type.Enum(['ok', 'failed'], {
        description: '`failed`: the file on disk was refused, the config before it stays in use.',
      }),
      faults: Type.Integer({ description: 'Of the config that was read last.' }),
      shadowFaults: Type.Integer({ description: 'Of the shadow config; with any it is not asked.' }),
      restartNeeded: Type.Array(Type.String(), {
        description: 'Settings that were changed, but wait for a restart.',
      }),
    },
    { description: 'The config in use. It has no say in `status`.' },
  ),
});

export function operationsRoutes(
  app: App,
  {
    ready,
    ownIdentity,
    configStatus,
    metrics,
  }: {
    readonly ready: Readiness;
    readonly ownIdentity: BrokerIdentity['get'];
    readonly metrics: Metrics;
    configStatus(): ConfigStatus;
  },
): void {
  const tags = ['operations'];
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the process is alive',
        tags,
        security: [],
        response: {
          200: { description: 'It is.', content: { 'application/json': { schema: Health } } },
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
        summary: 'Whether the broker can issue',
        tags,
        security: [],
        response: { 200: Ready, 400: problemResponses[400], 503: Ready },
      },
    },
    async (_, reply) => {
      const [readiness, identity] = await Promise.all([ready(), ownIdentity()]);
      const checks = Object.entries(readiness);
      const failing = checks.filter(([, { works }]) => !works);
      const unready = failing.some(([, { essential }]) => essential);
      const status = failing.length === 0 ? 'ready' : unready ? 'unready' : 'degraded';
      const { loadedAt, restartNeeded, ...config } = configStatus();
      return reply.code(unready ? 503 : 200).send({
        status,
        checks: Object.fromEntries(checks.map(([name, { works }]) => [name, works])),
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
