// Who may ask a sidecar: a program on this machine that can read its token. What comes through a proxy, from a browser
// or under another name (DNS rebinding) is refused, whatever it brings.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Secret } from '@sallyport/client/internal/secret';

export interface SidecarError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

type Request = Pick<IncomingMessage, 'method' | 'rawHeaders'>;

/** All values of a header: `headers` would join some and drop others. */
const valuesOf = ({ rawHeaders }: Request, name: string): readonly string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);

const hasHeader = ({ rawHeaders }: Request, pattern: RegExp): boolean =>
  rawHeaders.some((name, index) => index % 2 === 0 && pattern.test(name));

const FORWARDED = /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-original-.*)$/i;
/** Sec-Fetch-Mode alone does not make a browser: Node's own fetch sends it. */
const OF_BROWSERS = /^(?:origin|referer|cookie|sec-(?!fetch-mode$).*|access-control-.*)$/i;

/** What every request must be, also one without a token. `hosts`: what Host may be. Undefined: it is. */
export function checkHostAndOrigin(request: Request, hosts: readonly string[]): SidecarError | undefined {
  const [host, ...more] = valuesOf(request, 'host');
  if (host === undefined || more.length > 0 || !hosts.includes(host.toLowerCase()))
    return refusal(403, 'host_not_accepted', `Ask by one of these names: ${hosts.join(', ')}.`);
  if (hasHeader(request, FORWARDED))
    return refusal(403, 'proxy_not_accepted', 'Ask directly: no proxy may stand before a sidecar.');
  if (hasHeader(request, OF_BROWSERS))
    return refusal(403, 'browser_not_accepted', 'A browser gets nothing here.');
  if (request.method !== 'GET') return refusal(405, 'method_not_allowed', 'Ask with GET.');
  return undefined;
}

/** Exactly one Authorization header with the token, raw as SDKs send it. Undefined: it is there. */
export function checkAuthorizationToken(request: Request, token: Secret): SidecarError | undefined {
  const [sent, ...more] = valuesOf(request, 'authorization');
  if (sent === undefined)
    return refusal(
      401,
      'authorization_missing',
      "No token was sent. Point AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the sidecar's file.",
    );
  if (more.length > 0 || !isSame(sent, token.reveal()))
    return refusal(
      401,
      'authorization_invalid',
      "The token is not this sidecar's. Each start makes a new one: read its file again.",
    );
  return undefined;
}

/** In a time that tells nothing of where they differ. */
const isSame = (a: string, b: string) => timingSafeEqual(digestOf(a), digestOf(b));
const digestOf = (text: string) => createHash('sha256').update(text).digest();

const refusal = (status: number, code: string, message: string): SidecarError => ({ status, code, message });
