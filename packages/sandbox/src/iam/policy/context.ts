// The condition keys of one request with their values: key names compare case-insensitively, an absent key is
// different from an empty one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html

export type ConditionValue = string | readonly string[] | undefined;

export class ConditionContext {
  readonly #values = new Map<string, readonly string[]>();

  /** Entries whose value is undefined are left out; a later entry replaces an earlier one of the same key. */
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
