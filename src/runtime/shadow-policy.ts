// The policy of the shadow config, compiled.
import { compilePolicy, type Policy } from '../authz/policy.js';
import type { LoadResult } from '../config/load.js';
import type { LocatedConfigError } from '../core/config-error.js';

/** The candidate's policy, or its faults; neither where there is no candidate. */
export function compileShadow(loaded: LoadResult | undefined): {
  readonly policy?: Policy;
  readonly faults: readonly LocatedConfigError[];
} {
  if (!loaded) return { faults: [] };
  if (!loaded.ok) return { faults: loaded.faults };
  const { policy, faults } = compilePolicy(loaded.loaded.config);
  return faults.length > 0 ? { faults: loaded.loaded.locateErrors(faults) } : { policy, faults: [] };
}
