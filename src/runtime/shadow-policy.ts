// The policy of the shadow config, compiled.
import { compilePolicy, type Policy } from '../authz/policy.js';
import type { LoadResult } from '../config/load.js';
import type { LocatedConfigError } from '../core/config-error.js';

/** The candidate's policy, or its faults; neither where there is no candidate. */
export function compileShadow(loaded: LoadResult | undefined): {
  readonly policy?: Policy;
  readonly errors: readonly LocatedConfigError[];
} {
  if (!loaded) return { errors: [] };
  if (!loaded.ok) return { errors: loaded.errors };
  const { policy, errors: faults } = compilePolicy(loaded.loaded.config);
  return faults.length > 0 ? { errors: loaded.loaded.locateErrors(faults) } : { policy, errors: [] };
}
