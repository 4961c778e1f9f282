// What a cached answer is measured against, in a process of its own: a Fastify route that reads the same request and
// answers the same bytes, and does nothing between.
import fastify from 'fastify';

const body = process.argv[2];
const app = fastify();
app.post('/v1/credentials', async (_, reply) => {
  reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'no-store');
  return body;
});
process.send({ url: await app.listen({ host: '127.0.0.1', port: 0 }) });
process.on('disconnect', () => process.exit());
