// One config, compiled: who may come in, what they may have, and how it is asked for. A request keeps the snapshot it
// began with. All that can be wrong with a config is found before there is one.
import { type Authenticate, createAuthenticate } from '../authn/authenticate.js';
import type { KeyPool } from '../authn/oidc/key-source.js';
import { createOidcVerifier } from '../authn/oidc/verifier.js';
import type { CrossCheck } from '../authn/saml/cross-check/cross-check.js';
import type { IdpRegistry } from '../authn/saml/metadata/idp-registry.js';
import { createServiceProvider, type ServiceProvider } from '../authn/saml/metadata/service-provider.js';
import { createSamlVerifier } from '../authn/saml/verifier.js';
import { compilePolicy, type Policy } from '../authz/policy.js';
import type { LoadedConfig } from '../config/load.js';
import { deadlineMs } from '../config/schema/aws.js';
import type { Config } from '../config/schema/config.js';
import { readTls, type TlsMaterial } from '../config/tls.js';
import type { ConfigError, LocatedConfigError } from '../core/config-error.js';
import type { Log, ReplayStore } from '../core/ports.js';
import type { Pool } from '../core/shared-resource.js';
import { RoleFingerprints } from '../issuance/cache/role-fingerprints.js';
import { ConsoleSignIn } from '../issuance/console/console-sign-in.js';
import { CredentialIssuer, type CredentialIssuerOptions } from '../issuance/credential-issuer.js';
import type { IssuerDocuments } from '../issuance/oidc-issuer/discovery-documents.js';
import { openWebIdentityIssuer } from '../issuance/oidc-issuer/web-identity-issuer.js';
import { BrokerIdentity } from '../issuance/operations/get-caller-identity.js';
import type { Sts } from '../issuance/sts/sts.js';
import { StsIssuer } from '../issuance/sts-issuer.js';
import { compileShadow } from './shadow-policy.js';

export interface Runtime {
  readonly authenticate: Authenticate;
  readonly policy: Policy;
  readonly issuer: Pick<CredentialIssuer, 'getOrIssue'>;
  /** Milliseconds an exchange may take at most. */
  readonly deadlineMs: number;
  /** What the broker publishes as an OIDC issuer, if it is one. */
  readonly documents?: IssuerDocuments;
  readonly sts: Pick<Sts, 'decodeAuthorizationMessage'>;
  /** The broker's own AWS identity. */
  readonly brokerIdentity: Pick<BrokerIdentity, 'get'>;
  /** How browsers are sent to sign in. */
  readonly serviceProvider: ServiceProvider;
  /** The policy of the candidate, if there is a sound one. */
  readonly shadow?: Policy;
}

/** A snapshot with what only its owner deals with. */
export interface OwnedRuntime extends Runtime {
  readonly config: Config;
  readonly shadowFaults: readonly LocatedConfigError[];
  readonly tls?: TlsMaterial;
  readonly trust: IdpRegistry;
  /** The circuit breakers of STS, by region. */
  readonly stsRegionStates: Sts['regionStates'];
  readonly sweepCache: CredentialIssuer['sweep'];
  /** To be called when no request uses it any more. */
  close(): Promise<void>;
}

/** What outlives a snapshot. */
export interface RuntimeDependencies extends Pick<CredentialIssuerOptions, 'cache' | 'onCacheUse' | 'now'> {
  readonly serverUrl: string;
  readonly keys: KeyPool;
  readonly reader: CrossCheck;
  readonly sts: Pool<Config['aws'], Sts>;
  readonly log: Log;
  now(): Date;
}

export type BuiltRuntime =
  | {
      readonly ok: true;
      /** The store is asked for last: to open one costs connections. */
      withReplay(replay: ReplayStore): OwnedRuntime;
      /** Instead of it. */
      close(): Promise<void>;
    }
  | { readonly ok: false; readonly errors: readonly LocatedConfigError[] };

type Issuers = Config['issuers'];

/** The issuers of one type. */
export function issuersOf<T extends Issuers[string]['type']>(issuers: Issuers, type: T) {
  type Wanted = Extract<Issuers[string], { type: T }>;
  return Object.fromEntries(
    Object.entries(issuers).filter((entry): entry is [string, Wanted] => entry[1].type === type),
  );
}

/** Builds all of a snapshot, or gives every fault that only building it could find. `previous` is what it will replace. */
export async function buildRuntime(
  loaded: LoadedConfig,
  { serverUrl, keys, reader, sts: stsPool, cache, onCacheUse, log, now }: RuntimeDependencies,
  previous?: OwnedRuntime,
): Promise<BuiltRuntime> {
  const { config } = loaded;
  const { policy, errors: policyFaults, warnings } = compilePolicy(config);
  for (const { line, path, message } of loaded.locateErrors(warnings))
    log.warn({ line, path: path.join('.') }, message);
  const https = config.server.tls && (await readTls(config.server.tls));
  const keyless = config.webIdentity && (await openWebIdentityIssuer(config.webIdentity, serverUrl));
  const faults: ConfigError[] = [...policyFaults];
  for (const part of [https, keyless]) if (part?.ok === false) faults.push(...part.errors);
  const oidc = await createOidcVerifier({ issuers: issuersOf(config.issuers, 'oidc'), keys, log });
  const saml = await createSamlVerifier({
    issuers: issuersOf(config.issuers, 'saml'),
    serverUrl,
    reader,
    log,
    ...(previous && { previous: previous.trust }),
  });
  if (!oidc.ok || !saml.ok || faults.length > 0) {
    for (const part of [oidc, saml]) {
      if (part.ok) await part.verifier.close();
      else faults.push(...part.errors);
    }
    return { ok: false, errors: loaded.locateErrors(faults) };
  }

  const sts = stsPool(config.aws);
  const fingerprints = new RoleFingerprints(config);
  const releaseCache = cache.retain(fingerprints.all);
  const tokenSigner = keyless?.ok
    ? keyless.issuer.createSigner({ isMfaAuthenticated: policy.isMfaAuthenticated, now })
    : undefined;
  const consoleSignIn = new ConsoleSignIn({ sts: sts.resource, aws: config.aws, issuer: serverUrl, now });
  const stsIssuer = new StsIssuer({ sts: sts.resource, consoleSignIn, tokenSigner });
  const issuer = new CredentialIssuer({ stsIssuer, cache, fingerprints, onCacheUse, log, now });
  const shadow = compileShadow(loaded.shadow);
  const close = async () => {
    await oidc.verifier.close();
    await saml.verifier.close();
    releaseCache();
    await sts.release();
  };
  return {
    ok: true,
    withReplay: (replay) => ({
      authenticate: createAuthenticate({ oidc: oidc.verifier, saml: saml.verifier }, replay),
      policy,
      deadlineMs: deadlineMs(config.aws),
      issuer,
      sweepCache: () => issuer.sweep(),
      sts: sts.resource,
      brokerIdentity: new BrokerIdentity(sts.resource, now),
      ...(keyless?.ok && { documents: keyless.issuer.documents }),
      serviceProvider: createServiceProvider(saml.trust, serverUrl),
      ...(shadow.policy && { shadow: shadow.policy }),
      config,
      shadowFaults: shadow.errors,
      ...(https?.ok && { tls: https.tls }),
      trust: saml.trust,
      stsRegionStates: () => sts.resource.regionStates(),
      close,
    }),
    close,
  };
}
