// What is known of tokens that were verified, so that a container that asks a thousand times costs one verification.
// Keyed by the SHA-256 of the whole token, which names its issuer; one cache belongs to one loaded config and ends with it.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_TOKENS = 10_000;
/** Characters of all tokens together; the claims kept take a few times as much memory. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** Bounded; the least recently used goes first. It judges nothing: whoever gets a value checks that it still holds. */
export class VerifiedCache<Value extends object> {
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
