// A digest of everything in the config that shapes the credentials of a role. Cached credentials are served as long as
// it is the same. A role with `cache: off` has none.
import { hash } from 'node:crypto';
import type { Config } from '../../config/schema/config.js';
import type { Decision } from '../../core/types.js';

/** The fingerprints of one config. */
export class RoleFingerprints {
  readonly #roles: ReadonlyMap<string, string>;
  readonly #rolesFrom: ReadonlyMap<string, string>;

  /**
   * Sections that concern all roles count for each: issuers, the AWS identity of the broker, its token signing keys.
   * A section counts unless it is known to have no effect on credentials.
   */
  constructor({ roles, rolesFrom = {}, ...sections }: Config) {
    const { server, grants, audit, store, limits, cache, tests, lint, shadow, ...shaping } = sections;
    const common = digest(shaping);
    this.#roles = fingerprintsOf(common, 'roles', roles);
    this.#rolesFrom = fingerprintsOf(common, 'rolesFrom', rolesFrom);
  }

  get all(): readonly string[] {
    return [...this.#roles.values(), ...this.#rolesFrom.values()];
  }

  /** Undefined where the role has `cache: off`. */
  of({ role, rolesFrom }: Pick<Decision, 'role' | 'rolesFrom'>): string | undefined {
    return rolesFrom === undefined ? this.#roles.get(role) : this.#rolesFrom.get(rolesFrom);
  }
}

const fingerprintsOf = <Role extends { readonly cache?: string }>(
  common: string,
  section: string,
  roles: Readonly<Record<string, Role>>,
): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(roles)
      .filter(([, role]) => role.cache !== 'off')
      .map(([name, role]) => [name, digest([common, section, name, role])]),
  );

/** One-way, since the config holds secrets. */
const digest = (value: unknown) => hash('sha256', JSON.stringify(value), 'base64url');
