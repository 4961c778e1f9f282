// The sign-ins that a browser has open: one cookie for each request, so that several can go on at once. The answer comes
// from the IdP's site, so the cookies must be sent along from there (SameSite=None), which takes https.
import { SallyportError } from '../core/errors.js';
import type { LoginRequest } from '../core/types.js';
import { type PendingSignIn, type Seal, SIGN_IN_SECONDS } from './seal.js';

/** The headers of a request must hold them all. */
const MAX_OPEN = 5;
/** Bytes that browsers keep of a cookie, attributes included (RFC 6265 section 6.1). */
const MAX_BYTES = 4096;

export interface SignInCookies {
  /** The requests of these cookies that still are open. */
  open(header: string | undefined, now: Date): Promise<readonly LoginRequest[]>;
  /**
   * Values of Set-Cookie that keep one more, and drop the oldest where there would be too many, and what is no good.
   * @throws SallyportError `parameter_invalid` if what is asked does not fit into a cookie.
   */
  add(header: string | undefined, begun: PendingSignIn, now: Date): Promise<string[]>;
  /** The value of Set-Cookie that drops this one. */
  drop(id: string): string;
}

export function createSignInCookies(seal: Seal, serverUrl: string): SignInCookies {
  const https = serverUrl.startsWith('https:');
  // The prefix keeps sites of the same domain from setting them (RFC 6265bis section 4.1.3.2).
  const prefix = `${https ? '__Host-' : ''}sallyport-sign-in`;
  // Over http, which is for this machine only, IdP and broker are of one site.
  const attributes = `Path=/; HttpOnly; ${https ? 'Secure; SameSite=None' : 'SameSite=Lax'}`;
  const expired = (name: string) => `${name}=; Max-Age=0; ${attributes}`;

  const read = async (header: string | undefined, now: Date) => {
    const cookies = pairsOf(header).filter(([name]) => name.startsWith(prefix));
    return Promise.all(
      cookies.map(async ([name, value]) => {
        const request = await seal.open(value, now);
        // A name is not sealed: under another one it would not be dropped when it is answered.
        return { name, ...(request && name === `${prefix}${request.id}` && { request }) };
      }),
    );
  };

  return {
    open: async (header, now) => (await read(header, now)).flatMap(({ request }) => request ?? []),
    add: async (header, begun, now) => {
      const cookie = `${prefix}${begun.id}=${await seal.seal(begun, now)}; Max-Age=${SIGN_IN_SECONDS}; ${attributes}`;
      if (cookie.length > MAX_BYTES) {
        throw new SallyportError('parameter_invalid', {
          reason: 'sign_in.size',
          detail:
            'What is asked is too long for a browser to keep. Send a shorter Policy, or fewer PolicyArns.',
        });
      }
      const newestFirst = (await read(header, now)).sort(
        (a, b) => (b.request?.issuedAt ?? 0) - (a.request?.issuedAt ?? 0),
      );
      const dropped = newestFirst.filter(({ request }, index) => !request || index >= MAX_OPEN - 1);
      return [cookie, ...dropped.map(({ name }) => expired(name))];
    },
    drop: (id) => expired(`${prefix}${id}`),
  };
}

/** RFC 6265 section 4.2.1. */
function pairsOf(header = ''): readonly (readonly [name: string, value: string])[] {
  return header.split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const];
  });
}
