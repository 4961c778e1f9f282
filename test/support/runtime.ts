// Runtimes for tests of what runs on top of one: the parts that a test does not set throw when they are used.
import type { ConfigManager } from '../../src/runtime/config-manager.js';
import type { Runtime } from '../../src/runtime/runtime.js';
import { configOf, policyOf } from './policy.js';

const unused = async () => {
  throw new Error('this part of the runtime must not be used');
};
const unusedVerifier = { verify: unused, close: unused };

export function runtimeOf(parts: Partial<Runtime> = {}): Runtime {
  return {
    config: configOf({}, []),
    verifiers: { oidc: unusedVerifier, saml: unusedVerifier },
    policy: policyOf({}, []),
    shadowErrors: [],
    issuer: { getOrIssue: unused, sweep: async () => {} },
    sts: { decodeAuthorizationMessage: unused, regionStates: () => ({}) },
    brokerIdentity: { get: async () => ({ status: 'pending' }) },
    deadlineMs: 10_000,
    serviceProvider: { metadata: '', request: unused },
    idpRegistry: { issuers: [], close: () => {} },
    close: async () => {},
    ...parts,
  };
}

/** A config manager whose runtime does not change. */
export function managerOf(
  runtime: Runtime = runtimeOf(),
): Pick<ConfigManager, 'current' | 'status' | 'withRuntime'> {
  return {
    current: runtime,
    status: {
      epoch: 1,
      loadedAt: new Date(),
      lastReload: 'ok',
      faults: 0,
      shadowFaults: 0,
      restartNeeded: [],
    },
    withRuntime: (task) => task(runtime),
  };
}
