// An error in the config, found anywhere between the YAML and the compiled policy. Errors are collected instead of
// thrown, so that the operator sees them all together.

/** Path from the root of the config to the invalid value, e.g. `['roles', 'deploy', 'roleArn']`. */
export type ConfigPath = readonly (string | number)[];

export interface ConfigError {
  readonly path: ConfigPath;
  /** What is wrong and what to write instead, in one or two sentences. */
  readonly message: string;
}

/** With the position in the file: 1-based line and column. */
export interface LocatedConfigError extends ConfigError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}
