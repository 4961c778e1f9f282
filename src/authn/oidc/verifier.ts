// The OIDC issuers of a config, compiled into one verifier. Every fault of the config is found here; the identity
// providers themselves are not needed until the first token comes.
import type { OidcIssuer } from '../../config/schema/oidc-issuer.js';
import type { ConfigError } from '../../core/config-error.js';
import type { ProofVerifier } from '../../core/ports.js';
import { compileIssuer, type Issuer } from './issuer.js';
import { createKeyPool, createSource, type KeyPool, type SourceOptions } from './key-source.js';
import { TokenVerifier } from './token-verifier.js';

export interface OidcVerifierOptions extends SourceOptions {
  /** The OIDC issuers of the config, by name. */
  readonly issuers: Readonly<Record<string, OidcIssuer>>;
  /** Shared with other verifiers, so that they need not fetch the same keys. Default: one of its own. */
  readonly keys?: KeyPool;
}

export type OidcVerifierResult =
  | { readonly ok: true; readonly verifier: ProofVerifier }
  | { readonly ok: false; readonly errors: ConfigError[] };

/** Compiles the issuers, reading CA files but no network. Gives the verifier, or all faults together. */
export async function createOidcVerifier(options: OidcVerifierOptions): Promise<OidcVerifierResult> {
  const { keys = createKeyPool(options) } = options;
  const faults: ConfigError[] = [];
  const issuers: Issuer[] = [];
  for (const [name, config] of Object.entries(options.issuers)) {
    const issuer = await compileIssuer(name, config, faults);
    if (issuer) issuers.push(issuer);
  }
  faults.push(...overlaps(issuers));
  if (faults.length > 0) return { ok: false, errors: faults };
  const sources = issuers.map((issuer) => createSource(issuer, keys));
  return { ok: true, verifier: new TokenVerifier(sources) };
}

/** Two entries may share an issuer URL only if no audience fits both: else a token could be either's. */
function overlaps(issuers: readonly Issuer[]): ConfigError[] {
  return issuers.flatMap((issuer, index) => {
    const rival = issuers
      .slice(0, index)
      .find(
        ({ url, audience }) => url === issuer.url && audience.some((one) => issuer.audience.includes(one)),
      );
    if (!rival) return [];
    const message = `Issuer "${rival.name}" has the same URL and audience. Give each its own audience, or join them.`;
    return [{ path: ['issuers', issuer.name, 'audience'], message }];
  });
}
