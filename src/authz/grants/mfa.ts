// Whether the identity provider reports multi-factor authentication. Without such a claim it is not assumed.
import type { Config } from '../../config/schema/config.js';
import type { OmittedClaims } from '../../core/omitted-claims.js';
import type { Claims, ClaimValue, IssuerType } from '../../core/types.js';
import { claimValue, claimValues, toText } from './claim-matcher.js';
import { UnknownClaimsError } from './evaluation-context.js';

/** The claims that report it, by type of issuer, and the values that are accepted by default. */
const MFA_CLAIMS = {
  oidc: {
    // OpenID Connect Core 1.0 section 2; amr values: RFC 8176 section 2.
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

/** The claims in which issuers of a type report multi-factor authentication. */
export const mfaClaims = (type: IssuerType): readonly string[] =>
  Object.values(MFA_CLAIMS[type]).map(({ claim }) => claim);

/** Rules by name of the issuer. */
export type MfaRules = ReadonlyMap<string, MfaRule>;

/** The claim values of one issuer that count as multi-factor authentication. One of them is enough. */
export class MfaRule {
  /** By claim. */
  readonly acceptedValues: Readonly<Record<string, readonly string[]>>;

  /** A list that the config does not set keeps its default. */
  constructor({ type, mfa }: Config['issuers'][string]) {
    this.acceptedValues = Object.fromEntries(
      (['acr', 'amr'] as const).map((key) => {
        const { claim, values } = MFA_CLAIMS[type][key];
        return [claim, mfa?.[key] ?? values];
      }),
    );
  }

  /** @throws UnknownClaimsError if it depends on a claim that the proof left out. */
  isSatisfiedBy(claims: Claims, omitted: OmittedClaims): boolean {
    const entries = Object.entries(this.acceptedValues);
    const isSatisfied = entries.some(
      ([claim, accepted]) =>
        !omitted.includesPath(claim) &&
        (claimValues(claims, claim)?.some((value) => {
          const text = toText(value);
          return text !== undefined && accepted.includes(text);
        }) ??
          false),
    );
    if (isSatisfied) return true;
    const unknown = entries.flatMap(([claim, accepted]) =>
      accepted.length > 0 && omitted.includesPath(claim) ? [claim] : [],
    );
    if (unknown.length > 0) throw new UnknownClaimsError(unknown);
    return false;
  }

  /** The values that the claims have, by claim; undefined if there are none. */
  claimedValues(claims: Claims): Readonly<Record<string, ClaimValue>> | undefined {
    const claimed = Object.keys(this.acceptedValues).flatMap((claim) => {
      const value = claimValue(claims, claim);
      return value === undefined ? [] : [[claim, value] as const];
    });
    return claimed.length === 0 ? undefined : Object.fromEntries(claimed);
  }
}
