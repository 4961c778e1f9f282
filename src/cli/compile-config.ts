// Loads and compiles a config for commands that only inspect it. Finds every error that `serve` would find at startup,
// without starting anything and without contacting identity providers.
import { createOidcVerifier } from '../authn/oidc/verifier.js';
import { createSamlVerifier } from '../authn/saml/verifier.js';
import { compilePolicy, type Policy } from '../authz/policy.js';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import type { Config } from '../config/schema/config.js';
import type { ConfigError, LocatedConfigError } from '../core/config-error.js';
import { omitUndefined } from '../core/omit-undefined.js';
import { issuersOf } from '../runtime/runtime.js';
import { createLog } from '../telemetry/log.js';
import { sortByLocation } from './output/errors.js';

export type CompiledConfig = {
  /** Path of the shadow config, valid or not. */
  readonly shadow?: string;
} & (
  | {
      readonly ok: true;
      readonly loaded: LoadedConfig;
      readonly config: Config;
      readonly policy: Policy;
      readonly warnings: readonly ConfigError[];
    }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] }
);

/** With `issuers: false`, the files and settings of the identity providers are not validated. */
export async function compileConfig(
  file: string,
  env: NodeJS.ProcessEnv,
  { issuers }: { readonly issuers: boolean },
): Promise<CompiledConfig> {
  const { loaded, errors: loadErrors } = loadConfig(file, env);
  if (!loaded) return { ok: false, errors: loadErrors };
  const { config } = loaded;
  const shadow = omitUndefined({ shadow: config.shadow });
  const compiled = compilePolicy(config);
  const compileErrors = [...compiled.errors, ...(issuers ? await issuerErrors(config) : [])];
  const errors = sortByLocation([...loadErrors, ...loaded.locateErrors(compileErrors)]);
  if (errors.length > 0) return { ...shadow, ok: false, errors };
  return { ...shadow, ok: true, loaded, config, policy: compiled.policy, warnings: compiled.warnings };
}

async function issuerErrors({ issuers, server }: Config): Promise<readonly ConfigError[]> {
  const log = createLog('silent');
  const results = [
    await createOidcVerifier({ issuers: issuersOf(issuers, 'oidc'), log }),
    await createSamlVerifier({ issuers: issuersOf(issuers, 'saml'), serverUrl: server.url, log }),
  ];
  const errors: ConfigError[] = [];
  for (const result of results) {
    if (result.ok) await result.verifier.close();
    else errors.push(...result.errors);
  }
  return errors;
}
