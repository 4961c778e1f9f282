// The broker as an OIDC issuer (keyless mode), built from the section `webIdentity` of the config: the signer of its
// tokens (token-signer.ts) and the documents it publishes (discovery-documents.ts). Applies the section's defaults.
import { readSigningKeys } from '../../config/key-folder.js';
import type { WebIdentityConfig } from '../../config/schema/web-identity.js';
import type { ConfigError } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { type IssuerDocuments, issuerDocuments } from './discovery-documents.js';
import { TokenSigner, type TokenSignerOptions } from './token-signer.js';

const DEFAULT_AUDIENCE = 'sts.amazonaws.com';
const DEFAULT_LIFETIME = '5m';

export interface WebIdentityIssuer {
  readonly documents: IssuerDocuments;
  createSigner(options: Pick<TokenSignerOptions, 'isMfaAuthenticated' | 'now'>): TokenSigner;
}

/** Reads the signing keys. */
export async function openWebIdentityIssuer(
  config: WebIdentityConfig,
  serverUrl: string,
): Promise<{ ok: true; issuer: WebIdentityIssuer } | { ok: false; errors: readonly ConfigError[] }> {
  const read = await readSigningKeys(config.keys);
  if (!read.ok) return read;
  const { issuer = serverUrl, audience = DEFAULT_AUDIENCE, lifetime = DEFAULT_LIFETIME } = config;
  const { signing } = read.keys;
  const own = { issuer, audience, lifetimeSeconds: seconds(lifetime), signing };
  return {
    ok: true,
    issuer: {
      documents: issuerDocuments(issuer, read.keys),
      createSigner: (options) => new TokenSigner({ ...own, ...options }),
    },
  };
}
