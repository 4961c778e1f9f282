// The keys of one issuer, fetched when first needed and kept fresh by the tokens that come. However many tokens come,
// with whatever key ids, the issuer is asked at most once per cooldown, and by one request at a time.
import { SallyportError } from '../../core/errors.js';
import type { Log } from '../../core/ports.js';
import { KeyFetchError } from './fetch-json.js';
import { invalidToken } from './invalid-token.js';
import { candidates, type VerificationKey } from './keys.js';

/** Seconds. */
const KEY_TIMES = {
  /** From this age on keys are refreshed in the background. */
  refresh: 5 * 60,
  /** From this age on a token waits for the refresh, unless the last one failed. */
  expire: 15 * 60,
  /** Up to this age keys go on serving while the issuer cannot be reached; a key it withdraws meanwhile lives on as long. */
  stale: 6 * 60 * 60,
  /** Pause between fetches, so that made-up key ids do not become a storm. */
  cooldown: 30,
  /** The same after a failed fetch, which is remembered as long. */
  failureCooldown: 10,
} as const;

interface Fetched {
  readonly keys: readonly VerificationKey[];
  readonly at: number;
}

export class KeyStore {
  readonly #issuer: string;
  readonly #fetch: () => Promise<readonly VerificationKey[]>;
  readonly #log: Log;
  #fetched: Fetched | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  #failure: KeyFetchError | undefined;
  #refreshing: Promise<void> | undefined;

  /** `fetch` rejects with `KeyFetchError`. */
  constructor(issuer: string, fetch: () => Promise<readonly VerificationKey[]>, log: Log) {
    this.#issuer = issuer;
    this.#fetch = fetch;
    this.#log = log;
  }

  /**
   * The keys that may have signed a token; `now` in seconds. An unknown key id leads to one more fetch.
   * @throws SallyportError `issuer_unavailable`, or `proof_invalid` if the issuer has no such key.
   */
  async find(header: { alg: string; kid?: string }, now: number): Promise<readonly VerificationKey[]> {
    const known = candidates(await this.current(now), header);
    if (known.length > 0) return known;
    if (this.#mayRefresh(now)) await this.#refresh(now);
    const found = candidates(await this.current(now), header);
    if (found.length > 0) return found;
    if (this.#failure) throw this.#unavailable();
    throw invalidToken('proof_invalid', 'kid.unknown');
  }

  /** All keys that count at `now`. @throws SallyportError `issuer_unavailable` if there are none. */
  async current(now: number): Promise<readonly VerificationKey[]> {
    if (this.#age(now) >= KEY_TIMES.refresh && this.#mayRefresh(now)) {
      const refreshed = this.#refresh(now);
      const mayServe = this.#age(now) < (this.#failure ? KEY_TIMES.stale : KEY_TIMES.expire);
      if (!mayServe) await refreshed;
    }
    if (this.#fetched === undefined || this.#age(now) >= KEY_TIMES.stale) throw this.#unavailable();
    return this.#fetched.keys;
  }

  /** A clock that was set back makes keys old, not young. */
  #age(now: number): number {
    return this.#fetched === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - this.#fetched.at);
  }

  #mayRefresh(now: number): boolean {
    const pause = this.#failure ? KEY_TIMES.failureCooldown : KEY_TIMES.cooldown;
    return this.#refreshing !== undefined || Math.abs(now - this.#triedAt) >= pause;
  }

  /** Joins the fetch under way or starts one. Never rejects: a failure is remembered instead. */
  #refresh(now: number): Promise<void> {
    this.#refreshing ??= this.#attempt(now).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #attempt(now: number): Promise<void> {
    this.#triedAt = now;
    try {
      const keys = await this.#fetch();
      this.#fetched = { keys, at: now };
      this.#failure = undefined;
      this.#log.debug({ issuer: this.#issuer, keys: keys.length }, 'keys of the issuer fetched');
    } catch (error) {
      this.#failure = error instanceof KeyFetchError ? error : new KeyFetchError('unexpected', error);
      this.#log.warn(
        { issuer: this.#issuer, reason: this.#failure.reason, err: this.#failure },
        'keys of the issuer cannot be fetched',
      );
    }
  }

  #unavailable(): SallyportError {
    return new SallyportError('issuer_unavailable', {
      reason: `oidc.${this.#failure?.reason ?? 'keys_too_old'}`,
      cause: this.#failure,
    });
  }
}
