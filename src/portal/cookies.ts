// Cookies for pending sign-ins, one per login request, so that several can be open at the same time. The response is posted from the
// IdP's site, so browsers must send the cookies cross-site (SameSite=None), which requires https.
import { SallyportError } from '../core/errors.js';
import type { LoginRequest } from '../core/types.js';
import { type PendingSignIn, type Seal, SIGN_IN_TIMEOUT_SECONDS } from './seal.js';

/** All of them must fit into the headers of one request. */
const MAX_PENDING = 5;
/** Bytes that browsers store per cookie, attributes included (RFC 6265 section 6.1). */
const MAX_BYTES = 4096;

interface SignInCookie {
  readonly name: string;
  /** Absent if the cookie is invalid or expired. */
  readonly request?: LoginRequest;
}

export class SignInCookies {
  readonly #seal: Pick<Seal, 'seal' | 'open'>;
  readonly #prefix: string;
  readonly #attributes: string;

  constructor(seal: Pick<Seal, 'seal' | 'open'>, serverUrl: string) {
    const https = serverUrl.startsWith('https:');
    this.#seal = seal;
    // The prefix keeps other hosts of the same domain from setting the cookie (RFC 6265bis section 4.1.3.2).
    this.#prefix = `${https ? '__Host-' : ''}sallyport-sign-in`;
    // Over http, which works on loopback only, IdP and broker are the same site.
    this.#attributes = `Path=/; HttpOnly; ${https ? 'Secure; SameSite=None' : 'SameSite=Lax'}`;
  }

  /** The pending login requests in a Cookie header. */
  async open(header: string | undefined, now: Date): Promise<readonly LoginRequest[]> {
    return (await this.#read(header, now)).flatMap(({ request }) => request ?? []);
  }

  /**
   * Set-Cookie values that add a pending sign-in. They also delete invalid cookies, and the oldest beyond the limit.
   * @throws SallyportError `parameter_invalid` if the parameters do not fit into a cookie.
   */
  async add(header: string | undefined, pending: PendingSignIn, now: Date): Promise<string[]> {
    const sealed = await this.#seal.seal(pending, now);
    const cookie = `${this.#prefix}${pending.id}=${sealed}; Max-Age=${SIGN_IN_TIMEOUT_SECONDS}; ${this.#attributes}`;
    if (cookie.length > MAX_BYTES) {
      throw new SallyportError('parameter_invalid', {
        reason: 'sign_in.size',
        detail:
          'The parameters are too long for a browser cookie. Send a shorter Policy or fewer PolicyArns.',
      });
    }
    const newestFirst = (await this.#read(header, now)).sort(
      (a, b) => (b.request?.issuedAt ?? 0) - (a.request?.issuedAt ?? 0),
    );
    const deleted = newestFirst.filter(({ request }, index) => !request || index >= MAX_PENDING - 1);
    return [cookie, ...deleted.map(({ name }) => this.#expired(name))];
  }

  /** The Set-Cookie value that deletes the cookie of a login request. */
  delete(id: string): string {
    return this.#expired(`${this.#prefix}${id}`);
  }

  #expired(name: string): string {
    return `${name}=; Max-Age=0; ${this.#attributes}`;
  }

  #read(header: string | undefined, now: Date): Promise<SignInCookie[]> {
    const cookies = parseCookies(header).filter(([name]) => name.startsWith(this.#prefix));
    return Promise.all(
      cookies.map(async ([name, value]) => {
        const request = await this.#seal.open(value, now);
        // The name is not sealed. Under a different name, the cookie would not be deleted after the sign-in.
        return { name, ...(request && name === `${this.#prefix}${request.id}` && { request }) };
      }),
    );
  }
}

/** RFC 6265 section 4.2.1. */
function parseCookies(header = ''): readonly (readonly [name: string, value: string])[] {
  return header.split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const];
  });
}
