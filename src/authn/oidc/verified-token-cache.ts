// Caches verified tokens, so that a client that sends the same token a thousand times costs one signature verification.
// The key is the SHA-256 of the whole token, which names its issuer. A cache belongs to one loaded config.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_TOKENS = 10_000;
/** Characters of all tokens together; the cached claims take a few times as much memory. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** An LRU cache bounded by entries and size. The caller checks whether a cached value is still valid. */
export class VerifiedTokenCache<Value extends object> {
  readonly #entries = new LRUCache<string, Value>({ max: MAX_TOKENS, maxSize: MAX_CHARACTERS });

  get(token: string): Value | undefined {
    return this.#entries.get(digest(token));
  }

  set(token: string, value: Value): void {
    this.#entries.set(digest(token), value, { size: token.length });
  }

  delete(token: string): void {
    this.#entries.delete(digest(token));
  }
}

const digest = (token: string) => hash('sha256', token, 'base64url');
