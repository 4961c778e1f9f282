// Whether the identity provider says that the caller used more than one factor. What it does not say is not assumed.
import type { Config } from '../config/schema/config.js';
import type { Claims } from '../core/types.js';
import { claimValues, textOf } from './matcher.js';

/** Where each type of issuer says it, and what counts where the config names nothing. */
const SOURCES = {
  oidc: {
    // OpenID Connect Core 1.0 section 2; amr values of RFC 8176 section 2.
    acr: {
      claim: 'acr',
      values: [
        'https://refeds.org/profile/mfa',
        'http://schemas.openid.net/pape/policies/2007/06/multi-factor',
      ],
    },
    amr: { claim: 'amr', values: ['mfa'] },
  },
  saml: {
    // SAML 2.0 Authentication Context, section 3.4.
    acr: {
      claim: 'AuthnContextClassRef',
      values: [
        'https://refeds.org/profile/mfa',
        'http://schemas.microsoft.com/claims/multipleauthn',
        'urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract',
        'urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered',
      ],
    },
    amr: {
      claim: 'http://schemas.microsoft.com/claims/authnmethodsreferences',
      values: ['http://schemas.microsoft.com/claims/multipleauthn'],
    },
  },
} as const;

/** A test of the claims of one issuer. Naming one list in the config leaves the other at its default. */
export function compileStrength({ type, mfa }: Config['issuers'][string]): (claims: Claims) => boolean {
  const sources = (['acr', 'amr'] as const).map((key) => {
    const { claim, values } = SOURCES[type][key];
    return { claim, accepted: new Set<string | undefined>(mfa?.[key] ?? values) };
  });
  return (claims) =>
    sources.some(
      ({ claim, accepted }) =>
        claimValues(claims, claim)?.some((value) => accepted.has(textOf(value))) ?? false,
    );
}
