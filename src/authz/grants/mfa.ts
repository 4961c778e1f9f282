// Whether the identity provider says that the caller used more than one factor. What it does not say is not assumed.
import type { Config } from '../../config/schema/config.js';
import type { Claims, ClaimValue, IssuerType } from '../../core/types.js';
import { claimValue, claimValues, toText } from './claim-matcher.js';

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

/** What one issuer must say of several factors. */
export interface MfaRule {
  /** The values that count, by claim: one of them is enough. */
  readonly acceptedValues: Readonly<Record<string, readonly string[]>>;
  /** What the claims say, by claim; undefined where they say nothing. */
  claimedValues(claims: Claims): Readonly<Record<string, ClaimValue>> | undefined;
  isSatisfiedBy(claims: Claims): boolean;
}

/** The claims in which issuers of a type say it. */
export const mfaClaims = (type: IssuerType): readonly string[] =>
  Object.values(SOURCES[type]).map(({ claim }) => claim);

/** Naming one list in the config leaves the other at its default. */
export function compileMfaRule({ type, mfa }: Config['issuers'][string]): MfaRule {
  const sources = (['acr', 'amr'] as const).map((key) => {
    const { claim, values } = SOURCES[type][key];
    return { claim, values: mfa?.[key] ?? values };
  });
  const accepted = sources.map(({ claim, values }) => ({
    claim,
    texts: new Set<string | undefined>(values),
  }));
  return {
    acceptedValues: Object.fromEntries(sources.map(({ claim, values }) => [claim, values])),
    claimedValues: (claims) => {
      const said = sources.flatMap(({ claim }) => {
        const value = claimValue(claims, claim);
        return value === undefined ? [] : [[claim, value] as const];
      });
      return said.length === 0 ? undefined : Object.fromEntries(said);
    },
    isSatisfiedBy: (claims) =>
      accepted.some(
        ({ claim, texts }) => claimValues(claims, claim)?.some((value) => texts.has(toText(value))) ?? false,
      ),
  };
}
