// Which proof a request carries: a JWT as Bearer token (RFC 6750 section 2.1), or SAMLResponse in the body.
import { SallyportError } from '../core/errors.js';
import { Secret } from '../core/secret.js';
import type { Proof } from '../core/types.js';

/** @throws SallyportError `proof_missing` or `proof_ambiguous`. */
export function readProof(authorization: string | undefined, samlResponse?: string): Proof {
  if (authorization !== undefined && samlResponse !== undefined) throw new SallyportError('proof_ambiguous');
  if (samlResponse !== undefined) return { type: 'saml', value: new Secret(samlResponse) };
  const token = /^Bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new SallyportError('proof_missing');
  return { type: 'oidc', value: new Secret(token) };
}
