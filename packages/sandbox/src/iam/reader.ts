// Reads untyped data (YAML or JSON) into typed values. A mistake is noted with its path and reading goes on with a
// harmless stand-in, so that one pass finds every fault; whoever reads must look at `faults` before using the result.
import type { ConfigError, ConfigPath } from './config-error.js';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class Reader {
  readonly value: unknown;
  readonly path: ConfigPath;
  readonly faults: ConfigError[];

  constructor(value: unknown, path: ConfigPath = [], faults: ConfigError[] = []) {
    this.value = value;
    this.path = path;
    this.faults = faults;
  }

  fault(message: string): void {
    this.faults.push({ path: this.path, message });
  }

  text(pattern?: RegExp, shape?: string): string {
    if (typeof this.value !== 'string') {
      this.fault('Write a text here.');
      return '';
    }
    if (pattern && !pattern.test(this.value)) this.fault(`Write ${shape}.`);
    return this.value;
  }

  /** A text, number or boolean, as text: condition values may be written either way. */
  scalar(): string {
    return typeof this.value === 'number' || typeof this.value === 'boolean'
      ? String(this.value)
      : this.text();
  }

  integer(min: number, max: number): number {
    if (Number.isInteger(this.value) && Number(this.value) >= min && Number(this.value) <= max) {
      return Number(this.value);
    }
    this.fault(`Write a whole number from ${min} to ${max}.`);
    return min;
  }

  oneOf<const T extends readonly [string, ...string[]]>(choices: T): T[number] {
    const found = choices.find((choice) => choice === this.value);
    if (found === undefined) this.fault(`Write ${choices.join(' or ')}.`);
    return found ?? choices[0];
  }

  /** The member `key`, or undefined when it is absent or this is no mapping. */
  optional(key: string): Reader | undefined {
    const value = isFields(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return value === undefined ? undefined : new Reader(value, [...this.path, key], this.faults);
  }

  required(key: string): Reader {
    const member = this.optional(key);
    if (!member) this.fault(`${key} is missing.`);
    return member ?? new Reader(undefined, [...this.path, key], []);
  }

  entries(): (readonly [string, Reader])[] {
    if (!isFields(this.value)) {
      this.fault('Write a mapping of names to values here.');
      return [];
    }
    return Object.entries(this.value).map(
      ([key, value]) => [key, new Reader(value, [...this.path, key], this.faults)] as const,
    );
  }

  list<T>(read: (item: Reader) => T): T[] {
    if (!Array.isArray(this.value)) {
      this.fault('Write a list here.');
      return [];
    }
    return this.value.map((item, index) => read(new Reader(item, [...this.path, index], this.faults)));
  }

  /** A list of at least one, or one value standing for a list of itself. */
  oneOrMore<T>(read: (item: Reader) => T): T[] {
    if (!Array.isArray(this.value)) return [read(this)];
    if (this.value.length === 0) this.fault('This list may not be empty.');
    return this.list(read);
  }

  onlyKeys(keys: readonly string[]): void {
    for (const [key, member] of this.entries()) {
      if (!keys.includes(key)) member.fault(`${key} is not known here; there are ${keys.join(', ')}.`);
    }
  }

  exactlyOneOf(...keys: string[]): void {
    if (keys.filter((key) => this.optional(key)).length !== 1) {
      this.fault(`Write exactly one of ${keys.join(' and ')}.`);
    }
  }
}
