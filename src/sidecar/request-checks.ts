// Which requests a sidecar accepts: those of a program on this machine that can read its token. Requests through a
// proxy, from a browser, or with another host name (DNS rebinding) are rejected, even with the token.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Secret } from '@sallyport/client/internal/secret';

export interface SidecarError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

type Request = Pick<IncomingMessage, 'method' | 'rawHeaders'>;

/** All values of a header. `headers` joins some duplicates and drops others. */
const headerValues = ({ rawHeaders }: Request, name: string): readonly string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);

const hasHeader = ({ rawHeaders }: Request, pattern: RegExp): boolean =>
  rawHeaders.some((name, index) => index % 2 === 0 && pattern.test(name));

const PROXY_HEADERS = /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-original-.*)$/i;
/** Without Sec-Fetch-Mode, which the `fetch` of Node.js sends. */
const BROWSER_HEADERS = /^(?:origin|referer|cookie|sec-(?!fetch-mode$).*|access-control-.*)$/i;

/** Checks every request, with or without a token. `hosts`: accepted values of Host. Returns undefined if it passes. */
export function checkHostAndOrigin(request: Request, hosts: readonly string[]): SidecarError | undefined {
  const [host, ...duplicates] = headerValues(request, 'host');
  if (host === undefined || duplicates.length > 0 || !hosts.includes(host.toLowerCase()))
    return {
      status: 403,
      code: 'host_not_accepted',
      message: `Use one of these hosts: ${hosts.join(', ')}.`,
    };
  if (hasHeader(request, PROXY_HEADERS))
    return {
      status: 403,
      code: 'proxy_not_accepted',
      message: 'Requests through a proxy are not accepted. Connect to the sidecar directly.',
    };
  if (hasHeader(request, BROWSER_HEADERS))
    return { status: 403, code: 'browser_not_accepted', message: 'Browser requests are not accepted.' };
  if (request.method !== 'GET')
    return { status: 405, code: 'method_not_allowed', message: 'Use the GET method.' };
  return undefined;
}

/**
 * Checks for exactly one Authorization header with the token, without a scheme, as SDKs send it. Returns undefined if it
 * passes.
 */
export function checkAuthorizationToken(request: Request, token: Secret): SidecarError | undefined {
  const [sent, ...duplicates] = headerValues(request, 'authorization');
  if (sent === undefined)
    return {
      status: 401,
      code: 'authorization_missing',
      message: "No token was sent. Set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the sidecar's token file.",
    };
  if (duplicates.length > 0 || !isEqual(sent, token.reveal()))
    return {
      status: 401,
      code: 'authorization_invalid',
      message:
        'The token is invalid. The sidecar creates a new one at each start: read the token file again.',
    };
  return undefined;
}

/** Compares in constant time. */
const isEqual = (a: string, b: string) => timingSafeEqual(sha256(a), sha256(b));
const sha256 = (text: string) => createHash('sha256').update(text).digest();
