// Finds a free port for a server whose address must be known before it starts.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that is free at the moment. It is below the ephemeral ports, which outgoing connections could take before the
 * server starts. Redis cluster nodes also use port + 10000, which is below them too.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + randomInt(11_000);
    const server = createServer().listen(port, '127.0.0.1');
    const taken = await once(server, 'listening').then(
      () => false,
      () => true,
    );
    if (taken) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
