// For the operator's machinery: liveness, readiness, metrics, the API's own description.
import { Type } from 'typebox';
import type { Metrics } from '../../telemetry/metrics.js';
import type { App } from '../app.js';
import { refusals } from '../problem.js';

/** What must work before traffic may come: a name and whether it does. */
export type Readiness = () => Promise<Readonly<Record<string, boolean>>>;

const Health = Type.Object({ status: Type.Literal('ok') });
const Ready = Type.Object({
  status: Type.Enum(['ready', 'unready']),
  checks: Type.Record(Type.String(), Type.Boolean()),
});

export function operationsRoutes(
  app: App,
  { ready, metrics }: { readonly ready: Readiness; readonly metrics: Metrics },
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
          400: refusals[400],
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
        response: { 200: Ready, 400: refusals[400], 503: Ready },
      },
    },
    async (_, reply) => {
      const checks = await ready();
      const ok = Object.values(checks).every(Boolean);
      return reply.code(ok ? 200 : 503).send({ status: ok ? 'ready' : 'unready', checks });
    },
  );
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) => {
    const { text, contentType } = await metrics.render();
    return reply.type(contentType).send(text);
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
