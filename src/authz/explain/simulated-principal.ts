// A principal as an operator describes one, in a test or a question, instead of by a proof.
import type { Claims, Principal } from '../../core/types.js';
import type { Policy } from '../policy.js';

export interface PrincipalDescription {
  /** The issuer's name in the config. */
  readonly issuer: string;
  readonly subject?: string;
  readonly claims?: Claims;
}

/** The claim that says who the subject is. */
const SUBJECT_CLAIMS = { oidc: 'sub', saml: 'NameID' } as const;

/** Its proof is taken to be issued now, for five minutes. Undefined if there is no such issuer. */
export function simulatePrincipal(
  { issuerTypes }: Policy,
  { issuer, subject, claims = {} }: PrincipalDescription,
  now: Date,
): Principal | undefined {
  const type = issuerTypes.get(issuer);
  if (type === undefined) return undefined;
  const name = SUBJECT_CLAIMS[type];
  const claimed = Object.hasOwn(claims, name) ? [claims[name]].flat()[0] : undefined;
  const at = Math.floor(now.getTime() / 1000);
  return {
    issuer,
    type,
    subject: subject ?? (typeof claimed === 'string' ? claimed : ''),
    claims: subject !== undefined && claimed === undefined ? { ...claims, [name]: subject } : claims,
    issuedAt: at,
    expiresAt: at + 300,
  };
}
