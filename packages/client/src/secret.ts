// A string that must not be printed. Every conversion to text returns `[redacted]`. Only `reveal()` returns the value,
// so a search for that word finds each use of a secret.
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** A token, assertion, key, or code. `String(s)`, `JSON.stringify(s)`, and `inspect(s)` return `[redacted]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the value. Call it only where the value is used. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
