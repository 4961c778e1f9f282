// What of a config shapes the credentials of a role, as one digest for each: as long as it is the same, what was
// issued may be handed out again. A role that is not to be cached has none.
import { hash } from 'node:crypto';
import type { Config } from '../../config/schema/config.js';
import type { Decision } from '../../core/types.js';

/** Of one config. */
export interface RoleFingerprints {
  readonly all: readonly string[];
  /** Undefined where the role has `cache: off`. */
  of(decision: Pick<Decision, 'role' | 'rolesFrom'>): string | undefined;
}

/**
 * What is common to all roles counts for each: whom an issuer's name means, with which AWS identity STS is asked, how the
 * broker signs tokens of its own. A section that is not known to be without effect is part of it.
 */
export function roleFingerprints({ roles, rolesFrom = {}, ...sections }: Config): RoleFingerprints {
  const { server, grants, audit, store, limits, cache, tests, lint, shadow, ...shaping } = sections;
  const common = digest(shaping);
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
