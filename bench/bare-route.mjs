// The baseline for cached responses: a Fastify route that reads the same request and returns the same bytes.
import fastify from 'fastify';

export async function startBareRoute({ body }) {
  const app = fastify();
  app.post('/v1/credentials', async (_, reply) => {
    reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'no-store');
    return body;
  });
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
}
