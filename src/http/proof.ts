// Which proof a request carries: a JWT as Bearer token (RFC 6750 section 2.1), or SAMLResponse in the body.
import type { FastifyRequest } from 'fastify';
import { SallyportError } from '../core/errors.js';
import { Secret } from '../core/secret.js';
import type { Proof } from '../core/types.js';

/** @throws SallyportError `proof_missing` or `proof_ambiguous`. */
export function readProof({ raw }: Pick<FastifyRequest, 'raw'>, samlResponse?: string): Proof {
  // `headers` has only the first of several; a proxy in front may have judged another.
  const authorizations = raw.rawHeaders.filter(
    (_, index) => /^authorization$/i.test(raw.rawHeaders[index - 1] ?? '') && index % 2 === 1,
  );
  if (authorizations.length > 1) {
    throw new SallyportError('proof_ambiguous', {
      detail: 'There are several Authorization headers. Send one.',
    });
  }
  const token = /^Bearer +([^\s]+)$/i.exec(authorizations[0] ?? '')?.[1];
  if (token !== undefined && samlResponse !== undefined) throw new SallyportError('proof_ambiguous');
  if (samlResponse !== undefined) return { type: 'saml', value: new Secret(samlResponse) };
  if (token !== undefined) return { type: 'oidc', value: new Secret(token) };
  throw new SallyportError('proof_missing');
}
