// A principal that an operator describes, in a policy test or a question, instead of proving an identity.
import type { Claims, Principal } from '../../core/types.js';
import type { Policy } from '../policy.js';

export interface PrincipalDescription {
  /** Name of the issuer in the config. */
  readonly issuer: string;
  readonly subject?: string;
  readonly claims?: Claims;
}

const SUBJECT_CLAIMS = { oidc: 'sub', saml: 'NameID' } as const;

/** A principal whose proof was issued now for five minutes. Undefined if the issuer does not exist. */
export function simulatePrincipal(
  { issuerTypes }: Policy,
  { issuer, subject, claims = {} }: PrincipalDescription,
  now: Date,
): Principal | undefined {
  const type = issuerTypes.get(issuer);
  if (type === undefined) return undefined;
  const claimName = SUBJECT_CLAIMS[type];
  const subjectClaim = Object.hasOwn(claims, claimName) ? [claims[claimName]].flat()[0] : undefined;
  const issuedAt = Math.floor(now.getTime() / 1000);
  return {
    issuer,
    type,
    subject: subject ?? (typeof subjectClaim === 'string' ? subjectClaim : ''),
    claims:
      subject !== undefined && subjectClaim === undefined ? { ...claims, [claimName]: subject } : claims,
    issuedAt,
    expiresAt: issuedAt + 300,
  };
}
