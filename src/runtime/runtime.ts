// Everything that one config determines, compiled: issuers, policy, STS clients, TLS. A request keeps the runtime it started
// with. Building it finds every error in the config that loading could not. config-manager.ts replaces it on reload.
import type { ProofVerifiers } from '../authn/authenticate.js';
import type { KeyPool } from '../authn/oidc/key-source.js';
import { createOidcVerifier } from '../authn/oidc/verifier.js';
import type { CrossCheck } from '../authn/saml/cross-check/cross-check.js';
import type { IdpRegistry } from '../authn/saml/metadata/idp-registry.js';
import { ServiceProvider } from '../authn/saml/metadata/service-provider.js';
import { createSamlVerifier } from '../authn/saml/verifier.js';
import { compilePolicy, type Policy } from '../authz/policy.js';
import type { LoadedConfig, LoadResult } from '../config/load.js';
import { deadlineMs } from '../config/schema/aws.js';
import type { Config } from '../config/schema/config.js';
import { readTls, type TlsMaterial } from '../config/tls.js';
import type { ConfigError, LocatedConfigError } from '../core/config-error.js';
import type { Log } from '../core/ports.js';
import type { Pool } from '../core/shared-resource.js';
import { RoleFingerprints } from '../issuance/cache/role-fingerprints.js';
import { ConsoleSignIn } from '../issuance/console/console-sign-in.js';
import { CredentialIssuer, type CredentialIssuerOptions } from '../issuance/credential-issuer.js';
import { LifetimeCheck } from '../issuance/lifetime-check.js';
import type { IssuerDocuments } from '../issuance/oidc-issuer/discovery-documents.js';
import { openWebIdentityIssuer } from '../issuance/oidc-issuer/web-identity-issuer.js';
import { BrokerIdentity } from '../issuance/operations/get-caller-identity.js';
import type { Sts } from '../issuance/sts/sts.js';
import { StsIssuer } from '../issuance/sts-issuer.js';

export interface Runtime {
  readonly config: Config;
  readonly verifiers: ProofVerifiers;
  readonly policy: Policy;
  /** The policy of the shadow config, if there is one without errors. */
  readonly shadow?: Policy;
  readonly shadowErrors: readonly LocatedConfigError[];
  readonly issuer: Pick<CredentialIssuer, 'getOrIssue' | 'sweep'>;
  readonly sts: Pick<Sts, 'decodeAuthorizationMessage' | 'regionStates'>;
  /** The broker's own AWS identity. */
  readonly brokerIdentity: Pick<BrokerIdentity, 'get'>;
  /** Upper limit for an exchange, in milliseconds. */
  readonly deadlineMs: number;
  /** The documents of the OIDC issuer, in keyless mode. */
  readonly documents?: IssuerDocuments;
  readonly serviceProvider: Pick<ServiceProvider, 'metadata' | 'request'>;
  readonly idpRegistry: IdpRegistry;
  readonly tls?: TlsMaterial;
  /** Call it when no request uses the runtime any more. */
  close(): Promise<void>;
}

/** What outlives one config. */
export interface SharedResources extends Pick<CredentialIssuerOptions, 'cache' | 'onCacheUse' | 'now'> {
  readonly serverUrl: string;
  readonly keys: KeyPool;
  readonly crossCheck: CrossCheck;
  readonly sts: Pool<Config['aws'], Sts>;
  readonly log: Log;
  now(): Date;
}

export type RuntimeResult =
  | { readonly ok: true; readonly runtime: Runtime }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] };

type Issuers = Config['issuers'];

/** The issuers of one type. */
export function issuersOf<T extends Issuers[string]['type']>(issuers: Issuers, type: T) {
  type OfType = Extract<Issuers[string], { type: T }>;
  return Object.fromEntries(
    Object.entries(issuers).filter((entry): entry is [string, OfType] => entry[1].type === type),
  );
}

/** Reads the config again and builds the runtime that is to replace `previous`. */
export async function rebuildRuntime(
  load: () => LoadResult,
  shared: SharedResources,
  previous: Runtime,
): Promise<RuntimeResult> {
  const result = load();
  return result.ok ? buildRuntime(result.loaded, shared, previous) : result;
}

/** Returns all config errors together. The new runtime reuses SAML metadata of `previous` that has not changed. */
export async function buildRuntime(
  loaded: LoadedConfig,
  { serverUrl, keys, crossCheck, sts: stsPool, cache, onCacheUse, log, now }: SharedResources,
  previous?: Runtime,
): Promise<RuntimeResult> {
  const { config } = loaded;
  const { policy, errors: policyErrors, warnings } = compilePolicy(config);
  for (const { line, path, message } of loaded.locateErrors(warnings))
    log.warn({ line, path: path.join('.') }, message);
  const https = config.server.tls && (await readTls(config.server.tls));
  const keyless = config.webIdentity && (await openWebIdentityIssuer(config.webIdentity, serverUrl));
  const errors: ConfigError[] = [...policyErrors];
  for (const part of [https, keyless]) if (part?.ok === false) errors.push(...part.errors);
  const oidc = await createOidcVerifier({ issuers: issuersOf(config.issuers, 'oidc'), keys, log });
  const saml = await createSamlVerifier({
    issuers: issuersOf(config.issuers, 'saml'),
    serverUrl,
    crossCheck,
    log,
    ...(previous && { previousRegistry: previous.idpRegistry }),
  });
  if (!oidc.ok || !saml.ok || errors.length > 0) {
    for (const part of [oidc, saml]) {
      if (part.ok) await part.verifier.close();
      else errors.push(...part.errors);
    }
    return { ok: false, errors: loaded.locateErrors(errors) };
  }

  const sts = stsPool(config.aws);
  const fingerprints = new RoleFingerprints(config);
  const releaseCache = cache.retain(fingerprints.all);
  const tokenSigner = keyless?.ok
    ? keyless.issuer.createSigner({
        isMfaAuthenticated: (principal) => policy.isMfaAuthenticated(principal),
        now,
      })
    : undefined;
  const consoleSignIn = new ConsoleSignIn({ sts: sts.resource, aws: config.aws, issuer: serverUrl, now });
  const stsIssuer = new StsIssuer({ sts: sts.resource, consoleSignIn, tokenSigner });
  const lifetimeCheck = new LifetimeCheck({
    stsIssuer,
    strict: config.aws.strictDuration ?? true,
    log,
    now,
  });
  const issuer = new CredentialIssuer({
    stsIssuer: lifetimeCheck,
    cache,
    fingerprints,
    onCacheUse,
    log,
    now,
  });
  const shadow = compileShadow(loaded.shadow);
  return {
    ok: true,
    runtime: {
      config,
      verifiers: { oidc: oidc.verifier, saml: saml.verifier },
      policy,
      ...(shadow.policy && { shadow: shadow.policy }),
      shadowErrors: shadow.errors,
      issuer,
      sts: sts.resource,
      brokerIdentity: new BrokerIdentity(sts.resource, now),
      deadlineMs: deadlineMs(config.aws),
      ...(keyless?.ok && { documents: keyless.issuer.documents }),
      serviceProvider: new ServiceProvider(saml.idpRegistry, serverUrl),
      idpRegistry: saml.idpRegistry,
      ...(https?.ok && { tls: https.tls }),
      close: async () => {
        await oidc.verifier.close();
        await saml.verifier.close();
        releaseCache();
        await sts.release();
      },
    },
  };
}

/** The policy of the shadow config, or its errors; neither if there is no shadow config. */
function compileShadow(loaded: LoadResult | undefined): {
  readonly policy?: Policy;
  readonly errors: readonly LocatedConfigError[];
} {
  if (!loaded) return { errors: [] };
  if (!loaded.ok) return { errors: loaded.errors };
  const { policy, errors } = compilePolicy(loaded.loaded.config);
  return errors.length > 0 ? { errors: loaded.loaded.locateErrors(errors) } : { policy, errors: [] };
}
