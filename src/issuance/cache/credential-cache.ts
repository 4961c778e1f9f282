// Issued credentials of one process, bounded in number and bytes; the least recently asked for go first. Whatever is
// dropped, for whatever reason, is overwritten. It judges nothing: whoever gets an entry decides if it may be served.
import { LRUCache } from 'lru-cache';
import type { CacheConfig } from '../../config/schema/stores.js';
import type { IssuedCredentials } from '../../core/types.js';
import { deserialize, serialize } from './serialize.js';

const DEFAULTS = { maxEntries: 100_000, maxBytes: 192 * 1024 * 1024 };

/** Bytes that an entry takes besides its credentials: measured. */
const OVERHEAD = 512;

interface Entry {
  /** Of the role it was issued for. */
  readonly epoch: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly bytes: Buffer;
}

export class CredentialCache {
  readonly #entries: LRUCache<string, Entry>;
  /** How many configs in use have the role just so, by its epoch. */
  readonly #holders = new Map<string, number>();

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

  /** When the credentials under this key end, in epoch seconds; undefined: there are none. */
  expiresAt(key: string): number | undefined {
    return this.#entries.peek(key)?.expiresAt;
  }

  read(key: string): IssuedCredentials | undefined {
    const entry = this.#entries.get(key);
    return entry && deserialize(entry.bytes);
  }

  /** Keeps them in place of earlier ones, unless no config in use has the role just so. */
  keep(key: string, epoch: string, issued: IssuedCredentials): void {
    if (!this.#holders.has(epoch)) return;
    const expiresAt = issued.credentials.expiration.getTime() / 1000;
    this.#entries.set(key, { epoch, expiresAt, bytes: serialize(issued) });
  }

  /** To be called for each config, and what it gives once that is out of use: what no other config has is wiped. */
  hold(epochs: readonly string[]): () => void {
    for (const epoch of epochs) this.#holders.set(epoch, (this.#holders.get(epoch) ?? 0) + 1);
    return () => {
      for (const epoch of epochs) {
        const others = (this.#holders.get(epoch) ?? 1) - 1;
        if (others > 0) this.#holders.set(epoch, others);
        else this.#holders.delete(epoch);
      }
      this.#dropWhere(({ epoch }) => !this.#holders.has(epoch));
    };
  }

  /** Drops what has ended. `now` in epoch seconds. */
  purge(now: number): void {
    this.#dropWhere(({ expiresAt }) => expiresAt <= now);
  }

  #dropWhere(isOver: (entry: Entry) => boolean): void {
    const over = [...this.#entries.entries()].filter(([, entry]) => isOver(entry));
    for (const [key] of over) this.#entries.delete(key);
  }
}
