// What a cached answer is measured against: a Fastify route that reads the same request, answers the same bytes, and
// does nothing between.
import fastify from 'fastify';

export async function startBareRoute({ body }) {
  const app = fastify();
  app.post('/v1/credentials', async (_, reply) => {
    reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'no-store');
    return body;
  });
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
}
