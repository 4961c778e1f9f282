// The part of an invalid config that can still be checked: all entries without errors, with placeholders for required
// settings, so that one mistake does not hide others. It is only checked, never used.
import type { ConfigError, ConfigPath } from '../../core/config-error.js';

const PLACEHOLDERS = {
  server: { url: 'https://stand-in.invalid' },
  aws: { region: 'us-east-1' },
  issuers: {},
  roles: {},
  grants: [],
} as const;

export interface ValidSubset {
  readonly value: unknown;
  /** Maps a path in the subset back to the path in the file. The position of a grant changes if one before it was removed. */
  restorePath(error: ConfigError): ConfigError;
}

/** Removes each setting, issuer, role and grant that has an error. */
export function validSubset(value: unknown, errors: readonly ConfigError[]): ValidSubset {
  if (!isObject(value) || errors.length === 0) return { value, restorePath: (error) => error };
  const copy = structuredClone(value);
  const removedGrants = new Set<unknown>();
  for (const { path } of errors) {
    const [section, name] = path;
    if (section === 'grants') removedGrants.add(name);
    else remove(copy, path);
  }
  for (const [section, placeholder] of Object.entries(PLACEHOLDERS))
    copy[section] = withPlaceholder(copy[section], placeholder);
  const grants = copy['grants'] as readonly unknown[];
  const positions = [...grants.keys()].filter((index) => !removedGrants.has(index));
  copy['grants'] = positions.map((index) => grants[index]);
  return {
    value: copy,
    restorePath: (error) => {
      const [section, index, ...rest] = error.path;
      if (section !== 'grants' || typeof index !== 'number') return error;
      return { ...error, path: [section, positions[index] ?? index, ...rest] };
    },
  };
}

/**
 * The names in a section as written, including invalid entries, so that a reference to an invalid entry is not reported
 * as a second error. Undefined if the section is not a mapping.
 */
export function namesIn(
  value: unknown,
  section: 'issuers' | 'roles' | 'rolesFrom' | 'webIdentity',
): readonly string[] | undefined {
  const entries = isObject(value) ? value[section] : undefined;
  return isObject(entries) ? Object.keys(entries) : undefined;
}

/** `aws.region` as written. If the subset has another one, that is a placeholder, and nothing can be checked against it. */
export function regionIn(value: unknown): unknown {
  const aws = isObject(value) ? value['aws'] : undefined;
  return isObject(aws) ? aws['region'] : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function remove(root: Record<string, unknown>, [section = '', name]: ConfigPath): void {
  const parent = root[section];
  if (!Object.hasOwn(PLACEHOLDERS, section)) delete root[section];
  else if (name !== undefined && isObject(parent)) {
    delete parent[name];
    // Whether `listen` is safe depends on `tls` and `trustProxy`, so it cannot be checked without them.
    if (section === 'server' && (name === 'tls' || name === 'trustProxy')) delete parent['listen'];
  }
}

function withPlaceholder(written: unknown, placeholder: object): unknown {
  if (Array.isArray(placeholder)) return Array.isArray(written) ? written : placeholder;
  return isObject(written) ? { ...placeholder, ...written } : placeholder;
}
