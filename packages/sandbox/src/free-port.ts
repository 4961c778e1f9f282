// Ports for servers whose address must be known before they start.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port nobody listens on just now. Below those that systems give to outgoing connections, which would take it before
 * the server has started; cluster nodes take port + 10000 too, so that one is below them as well.
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
