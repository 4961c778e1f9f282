// Where a request came from, as the rest of the broker may rely on it.
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * The caller's IP address: the connection's, or what trusted proxies say in X-Forwarded-For, where some write the
 * port too (RFC 7239 section 6 has that form). Anything that is no address stays as it is, and is in no range.
 */
export function sourceAddress({ ip }: Pick<FastifyRequest, 'ip'>): string {
  if (isIP(ip) !== 0) return ip;
  const host = /^"?(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?"?$/.exec(ip);
  const address = host?.[1] ?? host?.[2] ?? '';
  return isIP(address) === 0 ? ip : address;
}
