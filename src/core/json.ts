// Strict JSON: one text, one meaning. What two parsers could read differently (duplicate names, lone surrogates,
// numbers out of range, `__proto__`) is refused: RFC 8259 sections 4 and 8.2, RFC 7493 (I-JSON) section 2.
import type { ClaimValue } from './types.js';

/** Why a text was refused. */
export type JsonFault =
  | 'syntax'
  | 'too_deep'
  | 'duplicate_key'
  | 'forbidden_key'
  | 'lone_surrogate'
  | 'number_out_of_range';

/** A text that is not strict JSON. `path` leads to the value or key at fault and holds names from the text. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly reason: JsonFault;
  readonly path: readonly (string | number)[];

  constructor(reason: JsonFault, path: readonly (string | number)[] = []) {
    super(`The JSON text is refused: ${reason}.`);
    this.reason = reason;
    this.path = path;
  }
}

export interface JsonLimits {
  /** How deep objects and arrays may be nested; a scalar has depth 0. Default 32. */
  readonly maxDepth?: number;
}

/**
 * Reads a JSON text in one pass, in time linear in its length. Objects have no prototype.
 * Throws `JsonError` for anything that is not strict JSON.
 */
export function parseJson(text: string, limits: JsonLimits = {}): ClaimValue {
  try {
    JSON.parse(text); // The engine judges the grammar, so that the reader below may take it as given.
  } catch {
    throw new JsonError('syntax');
  }
  return new Reader(text, limits.maxDepth ?? 32).value();
}

/** The claim value if it is a JSON object. */
export function isJsonObject(value: ClaimValue): value is { readonly [name: string]: ClaimValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TOKEN = /[\t\n\r ]*([{}[\]:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\t\n\r ,\]}]+)/y;
const SURROGATE = /\p{Surrogate}/u;

/** Builds the value of a text whose grammar is known to be right. */
class Reader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  value(token = this.#next()): ClaimValue {
    if (token === '{' || token === '[') {
      if (this.#path.length >= this.#maxDepth) throw this.#error('too_deep');
      return token === '{' ? this.#object() : this.#array();
    }
    const scalar: string | number | boolean | null = JSON.parse(token);
    if (typeof scalar === 'string' && SURROGATE.test(scalar)) throw this.#error('lone_surrogate');
    // Beyond this, neighbouring integers are one value: RFC 7493 section 2.2.
    if (typeof scalar === 'number' && Math.abs(scalar) > Number.MAX_SAFE_INTEGER) {
      throw this.#error('number_out_of_range');
    }
    return scalar;
  }

  #object(): ClaimValue {
    const object: Record<string, ClaimValue> = Object.create(null);
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      if (token === ',') continue;
      const name: string = JSON.parse(token);
      this.#path.push(name);
      if (SURROGATE.test(name)) throw this.#error('lone_surrogate');
      if (name === '__proto__') throw this.#error('forbidden_key');
      if (name in object) throw this.#error('duplicate_key');
      this.#next(); // the colon
      object[name] = this.value();
      this.#path.pop();
    }
    return object;
  }

  #array(): ClaimValue {
    const array: ClaimValue[] = [];
    for (let token = this.#next(); token !== ']'; token = this.#next()) {
      if (token === ',') continue;
      this.#path.push(array.length);
      array.push(this.value(token));
      this.#path.pop();
    }
    return array;
  }

  #next(): string {
    TOKEN.lastIndex = this.#at;
    const token = TOKEN.exec(this.#text)?.[1];
    if (token === undefined) throw this.#error('syntax');
    this.#at = TOKEN.lastIndex;
    return token;
  }

  #error(reason: JsonFault): JsonError {
    return new JsonError(reason, [...this.#path]);
  }
}
