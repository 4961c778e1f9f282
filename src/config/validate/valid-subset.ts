// What of a config with faults can still be judged: all but the entries at fault, with stand-ins where something is
// required, so that one mistake does not hide the others. It is judged, never used.
import type { ConfigError, ConfigPath } from '../../core/config-error.js';

const STAND_INS = {
  server: { url: 'https://stand-in.invalid' },
  aws: { region: 'us-east-1' },
  issuers: {},
  roles: {},
  grants: [],
} as const;

export interface ValidSubset {
  readonly value: unknown;
  /** A path in the sound part -> the path in the file: positions of grants move when one is dropped. */
  restorePath(fault: ConfigError): ConfigError;
}

/** Drops each setting, issuer, role and grant that has a fault. */
export function validSubset(value: unknown, faults: readonly ConfigError[]): ValidSubset {
  if (!isObject(value) || faults.length === 0) return { value, restorePath: (fault) => fault };
  const copy = structuredClone(value);
  const droppedGrants = new Set<unknown>();
  for (const { path } of faults) {
    const [section, name] = path;
    if (section === 'grants') droppedGrants.add(name);
    else drop(copy, path);
  }
  for (const [section, standIn] of Object.entries(STAND_INS))
    copy[section] = complete(copy[section], standIn);
  const grants = copy['grants'] as readonly unknown[];
  const kept = [...grants.keys()].filter((index) => !droppedGrants.has(index));
  copy['grants'] = kept.map((index) => grants[index]);
  return {
    value: copy,
    restorePath: (fault) => {
      const [section, index, ...rest] = fault.path;
      if (section !== 'grants' || typeof index !== 'number') return fault;
      return { ...fault, path: [section, kept[index] ?? index, ...rest] };
    },
  };
}

/** Names that were written, sound or not, so that a reference to a faulty entry is not a second fault; undefined if there is no telling. */
export function namesIn(
  value: unknown,
  section: 'issuers' | 'roles' | 'rolesFrom' | 'webIdentity',
): readonly string[] | undefined {
  const entries = isObject(value) ? value[section] : undefined;
  return isObject(entries) ? Object.keys(entries) : undefined;
}

/** `aws.region` as it was written: another one in the sound part is a stand-in, and nothing can be held against it. */
export function regionIn(value: unknown): unknown {
  const aws = isObject(value) ? value['aws'] : undefined;
  return isObject(aws) ? aws['region'] : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function drop(root: Record<string, unknown>, [section = '', name]: ConfigPath): void {
  const parent = root[section];
  if (!Object.hasOwn(STAND_INS, section)) delete root[section];
  else if (name !== undefined && isObject(parent)) {
    delete parent[name];
    // Whether listen is safe cannot be judged without them.
    if (section === 'server' && (name === 'tls' || name === 'trustProxy')) delete parent['listen'];
  }
}

function complete(written: unknown, standIn: object): unknown {
  if (Array.isArray(standIn)) return Array.isArray(written) ? written : standIn;
  return isObject(written) ? { ...standIn, ...written } : standIn;
}
