// The issued credentials of one process, bounded in number and bytes; the least recently used are evicted first. Evicted
// credentials are overwritten in memory. Whether an entry may be served is decided in freshness.ts.
import { LRUCache } from 'lru-cache';
import type { CacheConfig } from '../../config/schema/limits.js';
import type { IssuedCredentials } from '../../core/types.js';
import { deserialize, serialize } from './serialize.js';

const DEFAULTS = { maxEntries: 100_000, maxBytes: 192 * 1024 * 1024 };

/** Measured bytes of an entry besides its credentials. */
const OVERHEAD = 512;

interface Entry {
  /** Of the role the credentials were issued for. */
  readonly fingerprint: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly bytes: Buffer;
}

export class CredentialCache {
  readonly #entries: LRUCache<string, Entry>;
  /** Number of configs in use by role fingerprint. */
  readonly #references = new Map<string, number>();

  constructor(limits: CacheConfig = {}) {
    const { maxEntries, maxBytes } = { ...DEFAULTS, ...limits };
    this.#entries = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => bytes.length + OVERHEAD,
      dispose: ({ bytes }) => bytes.fill(0),
    });
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#entries.size, bytes: this.#entries.calculatedSize };
  }

  /** Epoch seconds; undefined where nothing is cached under this key. */
  expiresAt(key: string): number | undefined {
    return this.#entries.peek(key)?.expiresAt;
  }

  get(key: string): IssuedCredentials | undefined {
    const entry = this.#entries.get(key);
    return entry && deserialize(entry.bytes);
  }

  /** Caches the credentials unless no config in use has a role with this fingerprint. */
  set(key: string, fingerprint: string, issued: IssuedCredentials): void {
    if (!this.#references.has(fingerprint)) return;
    const expiresAt = issued.credentials.expiration.getTime() / 1000;
    this.#entries.set(key, { fingerprint, expiresAt, bytes: serialize(issued) });
  }

  /**
   * To be called for each config that comes into use. Call the returned function when it goes out of use: entries of
   * roles that no other config has are then dropped.
   */
  retain(fingerprints: readonly string[]): () => void {
    for (const fingerprint of fingerprints)
      this.#references.set(fingerprint, (this.#references.get(fingerprint) ?? 0) + 1);
    return () => {
      for (const fingerprint of fingerprints) {
        const remaining = (this.#references.get(fingerprint) ?? 1) - 1;
        if (remaining > 0) this.#references.set(fingerprint, remaining);
        else this.#references.delete(fingerprint);
      }
      this.#deleteWhere(({ fingerprint }) => !this.#references.has(fingerprint));
    };
  }

  /** Drops expired entries. `now`: epoch seconds. */
  purge(now: number): void {
    this.#deleteWhere(({ expiresAt }) => expiresAt <= now);
  }

  #deleteWhere(matches: (entry: Entry) => boolean): void {
    const matching = [...this.#entries.entries()].filter(([, entry]) => matches(entry));
    for (const [key] of matching) this.#entries.delete(key);
  }
}
