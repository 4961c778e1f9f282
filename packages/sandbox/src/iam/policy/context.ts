// The condition keys of a request with their values. Key names are case-insensitive. An absent key differs from an
// empty one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html

export type ConditionValue = string | readonly string[] | undefined;

export class ConditionContext {
  readonly #values = new Map<string, readonly string[]>();

  /** Omits entries whose value is undefined. A later entry replaces an earlier one with the same key. */
  constructor(entries: Iterable<readonly [string, ConditionValue]> = []) {
    for (const [key, value] of entries) {
      if (value === undefined) continue;
      this.#values.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
    }
  }

  get(key: string): readonly string[] | undefined {
    return this.#values.get(key.toLowerCase());
  }

  /** A new context with `entries` added. */
  with(entries: Iterable<readonly [string, ConditionValue]>): ConditionContext {
    return new ConditionContext([...this.#values, ...entries]);
  }
}
