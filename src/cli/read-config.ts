// A config file as the commands that only judge it need it: compiled, or with every fault that starting would find.
// Nothing is started, and no identity provider is waited for.
import { createOidcVerifier } from '../authn/oidc/verifier.js';
import { createSamlVerifier } from '../authn/saml/verifier.js';
import { compilePolicy, type Policy } from '../authz/policy.js';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import type { Config } from '../config/schema/config.js';
import type { ConfigError, LocatedConfigError } from '../core/config-error.js';
import { issuersOf } from '../runtime/runtime.js';
import { createLog } from '../telemetry/log.js';

export type ReadConfig = {
  /** The candidate that the file names, sound or not. */
  readonly shadow?: string;
} & (
  | {
      readonly ok: true;
      readonly loaded: LoadedConfig;
      readonly config: Config;
      readonly policy: Policy;
      /** What may go wrong, and does not keep the policy from being used. */
      readonly warnings: readonly ConfigError[];
    }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] }
);

/** With `issuers: false` the identity providers' own files and settings are not judged. */
export async function readConfig(
  file: string,
  { issuers }: { readonly issuers: boolean },
): Promise<ReadConfig> {
  const { loaded, errors: faults } = loadConfig(file, process.env);
  if (!loaded) return { ok: false, errors: faults };
  const { config } = loaded;
  const candidate = config.shadow === undefined ? {} : { shadow: config.shadow };
  const compiled = compilePolicy(config);
  const later = [...compiled.errors, ...(issuers ? await issuerFaults(config) : [])];
  const all = [...faults, ...loaded.locateErrors(later)];
  if (all.length === 0)
    return { ...candidate, ok: true, loaded, config, policy: compiled.policy, warnings: compiled.warnings };
  return { ...candidate, ok: false, errors: all.sort((a, b) => a.line - b.line || a.column - b.column) };
}

async function issuerFaults({ issuers, server }: Config): Promise<readonly ConfigError[]> {
  const log = createLog('silent');
  const parts = [
    await createOidcVerifier({ issuers: issuersOf(issuers, 'oidc'), log }),
    await createSamlVerifier({ issuers: issuersOf(issuers, 'saml'), serverUrl: server.url, log }),
  ];
  const faults: ConfigError[] = [];
  for (const part of parts) {
    if (part.ok) await part.verifier.close();
    else faults.push(...part.errors);
  }
  return faults;
}
