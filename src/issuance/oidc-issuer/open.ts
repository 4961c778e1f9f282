// The section `webIdentity` of a config -> what signs, and what is published. Defaults are filled in here.
import { readSigningKeys } from '../../config/key-folder.js';
import type { WebIdentityConfig } from '../../config/schema/web-identity.js';
import type { ConfigError } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import type { SignWebIdentity } from '../../core/ports.js';
import { type IssuerDocuments, issuerDocuments } from './discovery-documents.js';
import { createTokenSigner, type SignerOptions } from './sign-token.js';

const DEFAULT_AUDIENCE = 'sts.amazonaws.com';
const DEFAULT_LIFETIME = '5m';

export interface WebIdentityIssuer {
  readonly documents: IssuerDocuments;
  /** With the key that signs when this is read. */
  createSigner(options: Pick<SignerOptions, 'isMfaAuthenticated' | 'now'>): SignWebIdentity;
}

/** Reads the keys; whatever is wrong with them is a fault. */
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
      createSigner: (options) => createTokenSigner({ ...own, ...options }),
    },
  };
}
