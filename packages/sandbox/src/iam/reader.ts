// Reads untyped data (YAML or JSON) into typed values. Errors are collected with their paths, and reading continues with
// a placeholder value, so that one pass finds all errors. Check `errors` before you use the result.
import type { ConfigError, ConfigPath } from './config-error.js';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class Reader {
  readonly value: unknown;
  readonly path: ConfigPath;
  readonly errors: ConfigError[];

  constructor(value: unknown, path: ConfigPath = [], errors: ConfigError[] = []) {
    this.value = value;
    this.path = path;
    this.errors = errors;
  }

  addError(message: string): void {
    this.errors.push({ path: this.path, message });
  }

  text(pattern?: RegExp, shape?: string): string {
    if (typeof this.value !== 'string') {
      this.addError('Write a string here.');
      return '';
    }
    if (pattern && !pattern.test(this.value)) this.addError(`Write ${shape}.`);
    return this.value;
  }

  /** A string, number or boolean, as a string: condition values can be written in each of these forms. */
  scalar(): string {
    return typeof this.value === 'number' || typeof this.value === 'boolean'
      ? String(this.value)
      : this.text();
  }

  integer(min: number, max: number): number {
    if (Number.isInteger(this.value) && Number(this.value) >= min && Number(this.value) <= max) {
      return Number(this.value);
    }
    this.addError(`Write a whole number from ${min} to ${max}.`);
    return min;
  }

  oneOf<const T extends readonly [string, ...string[]]>(choices: T): T[number] {
    const found = choices.find((choice) => choice === this.value);
    if (found === undefined) this.addError(`Write ${choices.join(' or ')}.`);
    return found ?? choices[0];
  }

  /** The member `key`. Undefined if it is absent or this is not a mapping. */
  optional(key: string): Reader | undefined {
    const value = isFields(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return value === undefined ? undefined : new Reader(value, [...this.path, key], this.errors);
  }

  required(key: string): Reader {
    const member = this.optional(key);
    if (!member) this.addError(`${key} is missing.`);
    return member ?? new Reader(undefined, [...this.path, key], []);
  }

  entries(): (readonly [string, Reader])[] {
    if (!isFields(this.value)) {
      this.addError('Write a mapping of names to values here.');
      return [];
    }
    return Object.entries(this.value).map(
      ([key, value]) => [key, new Reader(value, [...this.path, key], this.errors)] as const,
    );
  }

  list<T>(read: (item: Reader) => T): T[] {
    if (!Array.isArray(this.value)) {
      this.addError('Write a list here.');
      return [];
    }
    return this.value.map((item, index) => read(new Reader(item, [...this.path, index], this.errors)));
  }

  /** A list with at least one item, or a single value in place of a list. */
  oneOrMore<T>(read: (item: Reader) => T): T[] {
    if (!Array.isArray(this.value)) return [read(this)];
    if (this.value.length === 0) this.addError('This list must not be empty.');
    return this.list(read);
  }

  onlyKeys(keys: readonly string[]): void {
    for (const [key, member] of this.entries()) {
      if (!keys.includes(key)) member.addError(`Unknown key ${key}. Use ${keys.join(', ')}.`);
    }
  }

  exactlyOneOf(...keys: string[]): void {
    if (keys.filter((key) => this.optional(key)).length !== 1) {
      this.addError(`Write exactly one of ${keys.join(' and ')}.`);
    }
  }
}
