// An error in a YAML or JSON document that the sandbox reads.

/** Path from the root of the document to the value, e.g. `['accounts', 0, 'roles']`. */
export type ConfigPath = readonly (string | number)[];

export interface ConfigError {
  readonly path: ConfigPath;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}
