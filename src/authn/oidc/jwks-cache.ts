// Caches the keys of one issuer. They are fetched when the first token needs them and refreshed as tokens arrive. At most
// one fetch is in flight, and at most one starts per cooldown, regardless of the key IDs in the tokens.
import { SallyportError } from '../../core/errors.js';
import type { Log } from '../../core/ports.js';
import { KeyFetchError } from './fetch-json.js';
import { invalidToken } from './invalid-token.js';
import { selectKeys, type VerificationKey } from './jwks.js';

/** Seconds. */
const KEY_TIMES = {
  /** Age at which keys are refreshed in the background. */
  refresh: 5 * 60,
  /** Age at which a token waits for the refresh, unless the last fetch failed. */
  expire: 15 * 60,
  /** Age up to which keys are used while the issuer is unavailable. A key withdrawn in that time stays valid as long. */
  stale: 6 * 60 * 60,
  /** Minimum time between fetches, so that made-up key ids do not cause a storm of requests. */
  cooldown: 30,
  /** Minimum time to the next fetch after a failed one. */
  failureCooldown: 10,
} as const;

interface Fetched {
  readonly keys: readonly VerificationKey[];
  readonly at: number;
}

export class JwksCache {
  readonly #issuer: string;
  readonly #fetch: () => Promise<readonly VerificationKey[]>;
  readonly #log: Log;
  #fetched: Fetched | undefined;
  #lastAttempt = Number.NEGATIVE_INFINITY;
  #failure: KeyFetchError | undefined;
  #refreshing: Promise<void> | undefined;

  /** `fetch` rejects with `KeyFetchError`. */
  constructor(issuer: string, fetch: () => Promise<readonly VerificationKey[]>, log: Log) {
    this.#issuer = issuer;
    this.#fetch = fetch;
    this.#log = log;
  }

  /**
   * The keys that may have signed a token; `now` in epoch seconds. An unknown key id causes a fetch after the cooldown.
   * @throws SallyportError `issuer_unavailable`, or `proof_invalid` if the issuer has no such key.
   */
  async find(header: { alg: string; kid?: string }, now: number): Promise<readonly VerificationKey[]> {
    const cached = selectKeys(await this.current(now), header);
    if (cached.length > 0) return cached;
    if (this.#mayRefresh(now)) await this.#refresh(now);
    const found = selectKeys(await this.current(now), header);
    if (found.length > 0) return found;
    if (this.#failure) throw this.#unavailable();
    throw invalidToken('proof_invalid', 'kid.unknown');
  }

  /** All keys that are valid at `now`. @throws SallyportError `issuer_unavailable` if there are none. */
  async current(now: number): Promise<readonly VerificationKey[]> {
    if (this.#age(now) >= KEY_TIMES.refresh && this.#mayRefresh(now)) {
      const refreshed = this.#refresh(now);
      const canUseCached = this.#age(now) < (this.#failure ? KEY_TIMES.stale : KEY_TIMES.expire);
      if (!canUseCached) await refreshed;
    }
    if (this.#fetched === undefined || this.#age(now) >= KEY_TIMES.stale) throw this.#unavailable();
    return this.#fetched.keys;
  }

  /** A clock that was set back makes keys older, not younger. */
  #age(now: number): number {
    return this.#fetched === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - this.#fetched.at);
  }

  #mayRefresh(now: number): boolean {
    const cooldown = this.#failure ? KEY_TIMES.failureCooldown : KEY_TIMES.cooldown;
    return this.#refreshing !== undefined || Math.abs(now - this.#lastAttempt) >= cooldown;
  }

  /** Joins the fetch in flight or starts one. Never rejects: `#failure` keeps the error. */
  #refresh(now: number): Promise<void> {
    this.#refreshing ??= this.#fetchKeys(now).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #fetchKeys(now: number): Promise<void> {
    this.#lastAttempt = now;
    try {
      const keys = await this.#fetch();
      this.#fetched = { keys, at: now };
      this.#failure = undefined;
      this.#log.debug({ issuer: this.#issuer, keys: keys.length }, 'issuer keys fetched');
    } catch (error) {
      this.#failure = error instanceof KeyFetchError ? error : new KeyFetchError('unexpected', error);
      this.#log.warn(
        { issuer: this.#issuer, reason: this.#failure.reason, err: this.#failure },
        'issuer keys cannot be fetched',
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
