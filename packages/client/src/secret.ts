// A string that must never be printed. Every way of turning it into text yields `[redacted]`;
// only an explicit `reveal()` gives the value, so each use of a secret can be found by that word.
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** Holds a token, assertion, key or code. `String(s)`, `JSON.stringify(s)` and `inspect(s)` all give `[redacted]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it only where the value leaves for its one intended use. */
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
