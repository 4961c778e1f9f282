// A strict JSON parser. It rejects what two parsers could read differently (duplicate names, lone surrogates, numbers out
// of range, `__proto__`): RFC 8259 sections 4 and 8.2, RFC 7493 (I-JSON) section 2.
import type { ClaimValue } from './types.js';

/** Why a text was rejected. */
export type JsonErrorReason =
  | 'syntax'
  | 'too_deep'
  | 'duplicate_key'
  | 'forbidden_key'
  | 'lone_surrogate'
  | 'number_out_of_range';

/** The text is not strict JSON. `path` leads to the invalid value or key and contains names from the text. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly reason: JsonErrorReason;
  readonly path: readonly (string | number)[];

  constructor(reason: JsonErrorReason, path: readonly (string | number)[] = []) {
    super(`The text is not strict JSON: ${reason}.`);
    this.reason = reason;
    this.path = path;
  }
}

export interface JsonLimits {
  /** Maximum nesting of objects and arrays; a scalar has depth 0. Default 32. */
  readonly maxDepth?: number;
}

/**
 * Takes time linear in the length of the text. Objects have no prototype.
 * @throws JsonError for anything that is not strict JSON.
 */
export function parseJson(text: string, limits: JsonLimits = {}): ClaimValue {
  try {
    JSON.parse(text); // Checks the grammar, which the reader below relies on.
  } catch {
    throw new JsonError('syntax');
  }
  return new Reader(text, limits.maxDepth ?? 32).value();
}

/** Narrows a claim value to a JSON object. */
export function isJsonObject(value: ClaimValue): value is { readonly [name: string]: ClaimValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TOKEN = /[\t\n\r ]*([{}[\]:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\t\n\r ,\]}]+)/y;
const SURROGATE = /\p{Surrogate}/u;

/** Reads a text whose grammar is valid. */
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
    // Beyond this, different integers become the same number: RFC 7493 section 2.2.
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

  #error(reason: JsonErrorReason): JsonError {
    return new JsonError(reason, [...this.#path]);
  }
}
