// What of a config shapes the credentials of a role, as one digest for each: as long as it is the same, what was
// issued may be handed out again. A role that is not to be cached has none.
import { hash } from 'node:crypto';
import type { Config } from '../config/schema/config.js';
import type { Decision } from '../core/types.js';

/** Of one config. */
export interface RoleEpochs {
  readonly all: readonly string[];
  /** Undefined where the role has `cache: off`. */
  of(decision: Pick<Decision, 'role' | 'rolesFrom'>): string | undefined;
}

/** An issuer's name means the issuer as it is configured, and every call the broker's own identity for AWS: both count for each role. */
export function roleEpochs({ aws, webIdentity, issuers, roles, rolesFrom = {} }: Config): RoleEpochs {
  const common = digest([aws, webIdentity, issuers]);
  const epochs = <Role extends { readonly cache?: string }>(
    section: string,
    entries: Readonly<Record<string, Role>>,
  ) =>
    new Map(
      Object.entries(entries)
        .filter(([, role]) => role.cache !== 'off')
        .map(([name, role]) => [name, digest([common, section, name, role])]),
    );
  const ofRoles = epochs('roles', roles);
  const ofFamilies = epochs('rolesFrom', rolesFrom);
  return {
    all: [...ofRoles.values(), ...ofFamilies.values()],
    of: ({ role, rolesFrom: family }) => (family === undefined ? ofRoles.get(role) : ofFamilies.get(family)),
  };
}

/** Secrets go in and cannot be found from what comes out. */
const digest = (value: unknown) => hash('sha256', JSON.stringify(value), 'base64url');
